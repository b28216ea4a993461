"""What resources are to each other, where ids are not known yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from policies.aws.keys import STORES
from policies.aws.references import SUBNET, referrers
from policies.catalogue import every_rule
from policies.stack import Resource, Stack
from tests.policies.analyzer import UNKNOWN, Analyzer, Given, urn

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
KEY = "aws:kms/key:Key"
VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NO_KEY = "no key of the account is used; got nothing; expected its ARN or alias"
OWN_KEY = every_rule()["aws-kms-store-require-own-key"]
FROM_KEY = {"kmsKeyId": ["key"], "blockDeviceMappings": ["key"]}


def said(*stack: Given) -> list[str]:
    """What the rule about keys says of the first."""
    return [one.text for one in Analyzer(OWN_KEY).stack(*stack) if one.urn == stack[0].urn]


def volume(kind: str = VOLUME, *, references: Mapping[str, Sequence[str]] = FROM_KEY, **props: Any) -> Given:
    return Given(type=kind, props=props, references=references)


def test_a_key_of_the_stack_is_the_accounts_own_before_it_has_a_name() -> None:
    assert said(volume(kmsKeyId=UNKNOWN), Given(type=KEY, name="key", props={})) == []


def test_an_alias_of_the_stack_stands_for_its_key() -> None:
    alias = Given(type="aws:kms/alias:Alias", name="key", props={})
    assert said(volume(kmsKeyId=UNKNOWN), alias) == []


def test_a_value_from_anything_else_is_not_taken_for_a_key() -> None:
    (text,) = said(volume(kmsKeyId=UNKNOWN), Given(type="aws:iam/role:Role", name="key", props={}))
    assert text.startswith("not evaluated")


def test_every_disk_of_a_template_has_to_name_the_key() -> None:
    disks = [{"ebs": {"kmsKeyId": UNKNOWN}}, {"ebs": {"encrypted": "true"}}]
    found = said(volume(TEMPLATE, blockDeviceMappings=disks), Given(type=KEY, name="key", props={}))
    assert found == [NO_KEY]


@pytest.mark.parametrize("kind", sorted(STORES))
def test_no_store_passes_without_a_key(kind: str) -> None:
    if kind.startswith("aws:s3/"):
        props: dict[str, Any] = {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]}
    else:
        props = {}
    assert said(volume(kind, references={}, **props)) == [NO_KEY]


@pytest.mark.parametrize(("names", "found"), [(["a", "b"], 0), (["a"], 1)])
def test_subnets_of_a_list_that_is_not_known_yet_are_counted_by_where_it_comes_from(
    names: list[str], found: int
) -> None:
    balancer = Given(type="aws:lb/loadBalancer:LoadBalancer", props={"subnets": UNKNOWN}, references={"subnets": names})
    subnets = [Given(type=SUBNET, name=name, props={}) for name in ("a", "b")]
    assert len(Analyzer(every_rule()["aws-elb-balancer-require-zones"]).stack(balancer, *subnets)) == found


def resource(token: str, name: str, references: Mapping[str, str] | None = None, **props: Any) -> Resource:
    linked = {given: frozenset({origin}) for given, origin in (references or {}).items()}
    return Resource(urn=urn(token, name), type=token, name=name, props=props, references=linked)


def test_what_comes_from_a_resource_is_about_it_and_text_is_compared() -> None:
    mine, other = resource(BUCKET, "mine", bucket="chain"), resource(BUCKET, "other", bucket="spare")
    by_reference = resource(VERSIONING, "a", {"bucket": urn(BUCKET, "other")}, bucket="chain")
    by_name = resource(VERSIONING, "b", {"bucket": urn("random:index:Name", "shared")}, bucket="chain")
    stack = Stack([mine, other, by_reference, by_name])
    assert [one.name for one in referrers(mine, stack, (VERSIONING,), "bucket", by="bucket")] == ["b"]
    assert [one.name for one in referrers(other, stack, (VERSIONING,), "bucket", by="bucket")] == ["a"]
