"""The boundary of a site's roles: wide enough for what they do, and no way out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from infra.aws.boundary import boundary
from tests.infra.aws.declared import ANSWERS, compliant, site_context
from tests.infra.clouds import kind

MOST_CHARACTERS = 6144
"""Of a policy, without white space."""
NEVER_NEEDED = {"ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ModifyInstanceAttribute"}
BOUNDS: list[dict[str, Any]] = json.loads(boundary(site_context()))["Statement"]


def is_within(action: str) -> bool:
    """Whether some role of the site could ever be allowed the action."""
    return any(fnmatchcase(action.lower(), bound.lower()) for one in BOUNDS for bound in one["Action"])


def allowed(statements: list[dict[str, Any]]) -> Iterator[str]:
    """Every action that statements allow, each as it is written."""
    for one in statements:
        yield from [one["Action"]] if isinstance(one["Action"], str) else one["Action"]


def test_it_is_no_longer_than_a_policy_may_be() -> None:
    assert len("".join(boundary(site_context({"name": "a" * 20})).split())) <= MOST_CHARACTERS


def test_every_role_is_held_by_it() -> None:
    roles = kind(compliant(), "Role")
    assert len(roles) == 9
    assert {one.inputs["permissionsBoundary"] for one in roles} == {ANSWERS["aws:iam/policy:Policy"]["arn"]}


def test_nothing_that_the_site_itself_allows_is_cut_off() -> None:
    own = [json.loads(one.inputs["policy"])["Statement"] for one in kind(compliant(), "RolePolicy")]
    wanted = {action for statements in own for action in allowed(statements)}
    assert wanted
    assert {action for action in wanted if not is_within(action)} == set()


def test_of_what_policies_of_aws_allow_only_what_is_never_needed_is_cut_off() -> None:
    known = json.loads(aws_managed_policies_data)
    attached = {one.inputs["policyArn"].rpartition("/")[2] for one in kind(compliant(), "RolePolicyAttachment")}
    wanted = {action for name in attached for action in allowed(known[name]["Document"]["Statement"])}
    assert {action for action in wanted if not is_within(action)} == NEVER_NEEDED


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


def test_it_holds_in_the_two_regions_of_the_site_and_for_its_own_buckets_and_keys() -> None:
    regions = ["us-east-1", "us-west-2"]
    for one in BOUNDS:
        services = {action.partition(":")[0] for action in one["Action"]}
        equal = one["Condition"].get("StringEquals", {})
        if services == {"kms"}:
            assert one["Condition"]["ForAnyValue:StringEquals"] == {
                "kms:ResourceAliases": "alias/pouw-production-primary"
            }
            assert one["Resource"][0].split(":")[3] in regions
        elif services == {"iam"}:
            assert equal == {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}
        else:
            assert equal["aws:RequestedRegion"] == regions
        if "s3" in services:
            assert equal["aws:ResourceAccount"] == "111122223333"
            assert all("pouw-production-primary-backups-" in name for name in one["Resource"])
