"""The boundary of a site's roles: wide enough for what they do, and no way out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from infra.aws.boundary import boundary
from tests.infra.aws.compliant_site import ANSWERS, compliant, site_context
from tests.infra.clouds import kind

MOST_CHARACTERS = 6144
"""Limit of a policy, without white space."""
NEVER_NEEDED = {"ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ModifyInstanceAttribute"}
BOUNDS: list[dict[str, Any]] = json.loads(boundary(site_context()))["Statement"]


def is_within(action: str) -> bool:
    """True if the boundary permits the action."""
    return any(fnmatchcase(action.lower(), bound.lower()) for resource in BOUNDS for bound in resource["Action"])


def actions_of(statements: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the actions of policy statements."""
    for resource in statements:
        yield from [resource["Action"]] if isinstance(resource["Action"], str) else resource["Action"]


def test_the_boundary_fits_the_size_limit_of_a_policy() -> None:
    assert len("".join(boundary(site_context({"name": "a" * 20})).split())) <= MOST_CHARACTERS


def test_every_role_has_the_boundary() -> None:
    roles = kind(compliant(), "Role")
    assert len(roles) == 9
    assert {resource.inputs["permissionsBoundary"] for resource in roles} == {ANSWERS["aws:iam/policy:Policy"]["arn"]}


def test_nothing_that_the_site_itself_allows_is_cut_off() -> None:
    policies = [json.loads(resource.inputs["policy"])["Statement"] for resource in kind(compliant(), "RolePolicy")]
    expected = {action for statements in policies for action in actions_of(statements)}
    assert expected
    assert {action for action in expected if not is_within(action)} == set()


def test_the_boundary_excludes_only_unneeded_actions_of_aws_policies() -> None:
    managed_policies = json.loads(aws_managed_policies_data)
    attached = {
        resource.inputs["policyArn"].rpartition("/")[2] for resource in kind(compliant(), "RolePolicyAttachment")
    }
    expected = {action for name in attached for action in actions_of(managed_policies[name]["Document"]["Statement"])}
    assert {action for action in expected if not is_within(action)} == NEVER_NEEDED


@pytest.mark.parametrize(
    "action",
    [
        "ec2:CreateNetworkInterfacePermission",
        "ec2:CreateVpcPeeringConnection",
        "ec2:ModifySnapshotAttribute",
        "ec2:RunInstances",
        "iam:AttachRolePolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "organizations:LeaveOrganization",
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:PutBucketPolicy",
        "secretsmanager:GetSecretValue",
        "sts:AssumeRole",
    ],
)
def test_what_would_lead_beyond_the_site_can_be_allowed_to_no_role(action: str) -> None:
    assert not is_within(action)


def test_the_boundary_is_limited_to_the_sites_regions_buckets_and_keys() -> None:
    regions = ["us-east-1", "us-west-2"]
    for resource in BOUNDS:
        services = {action.partition(":")[0] for action in resource["Action"]}
        equal = resource["Condition"].get("StringEquals", {})
        if services == {"kms"}:
            assert resource["Condition"]["ForAnyValue:StringEquals"] == {
                "kms:ResourceAliases": "alias/pouw-production-primary"
            }
            assert resource["Resource"][0].split(":")[3] in regions
        elif services == {"iam"}:
            assert equal == {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}
        else:
            assert equal["aws:RequestedRegion"] == regions
        if "s3" in services:
            assert equal["aws:ResourceAccount"] == "111122223333"
            assert all("pouw-production-primary-backups-" in name for name in resource["Resource"])
