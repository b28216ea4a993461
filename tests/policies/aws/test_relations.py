"""Tests of relations between AWS resources whose ids are unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from policies.aws.keys import STORES
from policies.aws.references import SUBNET, referrers
from policies.catalogue import every_rule
from policies.stack import Resource, Stack
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration, urn

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
KEY = "aws:kms/key:Key"
VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NO_KEY = "no key of the account is used; got nothing; expected its ARN or alias"
OWN_KEY = every_rule()["aws-kms-store-require-own-key"]
FROM_KEY = {"kmsKeyId": ["key"], "blockDeviceMappings": ["key"]}


def texts(*stack: Declaration) -> list[str]:
    """Return the texts of the key rule's diagnostics of the first resource."""
    return [entry.text for entry in Analyzer(OWN_KEY).stack(*stack) if entry.urn == stack[0].urn]


def volume(kind: str = VOLUME, *, references: Mapping[str, Sequence[str]] = FROM_KEY, **props: Any) -> Declaration:
    return Declaration(type=kind, props=props, references=references)


def test_a_key_of_the_stack_counts_while_its_name_is_unknown() -> None:
    assert texts(volume(kmsKeyId=UNKNOWN), Declaration(type=KEY, name="key", props={})) == []


def test_an_alias_of_the_stack_counts_as_a_key() -> None:
    alias = Declaration(type="aws:kms/alias:Alias", name="key", props={})
    assert texts(volume(kmsKeyId=UNKNOWN), alias) == []


def test_a_value_from_another_resource_does_not_count_as_a_key() -> None:
    (text,) = texts(volume(kmsKeyId=UNKNOWN), Declaration(type="aws:iam/role:Role", name="key", props={}))
    assert text.startswith("not evaluated")


def test_every_disk_of_a_template_must_name_the_key() -> None:
    disks = [{"ebs": {"kmsKeyId": UNKNOWN}}, {"ebs": {"encrypted": "true"}}]
    violations = texts(volume(TEMPLATE, blockDeviceMappings=disks), Declaration(type=KEY, name="key", props={}))
    assert violations == [NO_KEY]


@pytest.mark.parametrize("kind", sorted(STORES))
def test_no_store_passes_without_a_key(kind: str) -> None:
    if kind.startswith("aws:s3/"):
        props: dict[str, Any] = {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]}
    else:
        props = {}
    assert texts(volume(kind, references={}, **props)) == [NO_KEY]


@pytest.mark.parametrize(("names", "violations"), [(["a", "b"], 0), (["a"], 1)])
def test_subnets_of_an_unknown_list_are_counted_by_their_origin(names: list[str], violations: int) -> None:
    balancer = Declaration(
        type="aws:lb/loadBalancer:LoadBalancer", props={"subnets": UNKNOWN}, references={"subnets": names}
    )
    subnets = [Declaration(type=SUBNET, name=name, props={}) for name in ("a", "b")]
    assert len(Analyzer(every_rule()["aws-elb-balancer-require-zones"]).stack(balancer, *subnets)) == violations


def resource(token: str, name: str, references: Mapping[str, str] | None = None, **props: Any) -> Resource:
    linked = {key: frozenset({origin}) for key, origin in (references or {}).items()}
    return Resource(urn=urn(token, name), type=token, name=name, props=props, references=linked)


def test_an_origin_decides_the_relation_and_plain_text_is_compared() -> None:
    chain, spare = resource(BUCKET, "mine", bucket="chain"), resource(BUCKET, "other", bucket="spare")
    by_reference = resource(VERSIONING, "a", {"bucket": urn(BUCKET, "other")}, bucket="chain")
    by_name = resource(VERSIONING, "b", {"bucket": urn("random:index:Name", "shared")}, bucket="chain")
    stack = Stack([chain, spare, by_reference, by_name])
    assert [resource.name for resource in referrers(chain, stack, (VERSIONING,), "bucket", by="bucket")] == ["b"]
    assert [resource.name for resource in referrers(spare, stack, (VERSIONING,), "bucket", by="bucket")] == ["a"]
