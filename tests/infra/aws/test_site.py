"""A whole site: what holds for everything that it declares, whatever its settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.aws import physical_names
from infra.aws.regions import ZONES
from infra.aws.site import peers_entry, storage_class
from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.engine.plugins.core.naming import Naming
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline.input_checks import Checker
from pouw.engine.plugins.offline.settings import Settings as ProviderSettings
from tests.infra.aws.compliant_site import ANSWERS, SITE, compliant, declare_site, record_site, settings, staging
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded, record

NAMES = {
    "aws:budgets/budget:Budget": ("name", 100, r"[^:\\]+"),
    "aws:cloudwatch/logGroup:LogGroup": ("name", 512, r"[\w./#-]+"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("name", 255, r"[\w -]+"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("namePrefix", 102, r"[\w().-]{2,}"),
    "aws:ec2/securityGroup:SecurityGroup": ("namePrefix", 229, r"(?!sg-)[\w .-]+"),
    "aws:ecr/repository:Repository": ("name", 256, r"[a-z0-9]+([._/-][a-z0-9]+)*"),
    "aws:eks/cluster:Cluster": ("name", 100, r"[0-9A-Za-z][\w-]*"),
    "aws:eks/nodeGroup:NodeGroup": ("nodeGroupNamePrefix", 37, r"[0-9A-Za-z][\w-]*"),
    "aws:iam/policy:Policy": ("name", 128, r"[\w+=,.@-]+"),
    "aws:iam/role:Role": ("name", 64, r"[\w+=,.@-]+"),
    "aws:kms/alias:Alias": ("name", 256, r"alias/(?!aws/)[\w/-]+"),
    "aws:lb/loadBalancer:LoadBalancer": ("name", 32, r"(?!internal-)[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?"),
    "aws:lb/targetGroup:TargetGroup": ("namePrefix", 6, r"[0-9A-Za-z-]+"),
    "aws:s3/bucket:Bucket": ("bucket", 63, r"[a-z0-9][a-z0-9-]+[a-z0-9]"),
    "aws:sns/topic:Topic": ("name", 256, r"[\w-]+"),
    "aws:wafv2/webAcl:WebAcl": ("name", 128, r"[\w-]+"),
}
"""Property, limit and form of the names that AWS takes."""

SDK = Sdk("pulumi_aws")
labels = st.from_regex(r"\A[a-z]([-a-z0-9]{0,18}[a-z0-9])?\Z")


@st.composite
def stacks(draw: st.DrawFn) -> Settings:
    """Draw a stack of one AWS site."""
    region, away = draw(st.lists(st.sampled_from(sorted(ZONES)), min_size=2, max_size=2, unique=True))
    prefix = draw(st.integers(16, 20))
    minimum, extra = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    pool = {"minimum": minimum, "maximum": minimum + extra}
    site = {
        **SITE,
        "name": draw(labels),
        "region": region,
        "zones": draw(st.permutations(ZONES[region]))[:3],
        "network": {
            "cidr": str(ipaddress.ip_network((f"10.{draw(st.integers(0, 255))}.0.0", prefix))),
            "translation": draw(st.sampled_from(["zone", "shared"])),
            "flowLogDays": draw(st.integers(1, 3653)),
        },
        "cluster": {**SITE["cluster"], "apiAllowFrom": draw(st.sampled_from([[], ["198.51.100.0/24"]]))},
        "pools": {"system": pool, "miners": pool, "rpc": pool},
        "backups": {"copyRegion": away, "retentionDays": draw(st.integers(7, 3650))},
    }
    environment = draw(st.sampled_from(["staging", "production"]))
    tags = draw(st.dictionaries(labels, labels, max_size=3))
    return settings(site, environment=environment, tags=tags)


@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stacks())
def test_every_valid_site_has_valid_names_ranges_tags_and_inputs(stack: Settings) -> None:
    resources = record_site(stack)
    assert list(bad_names(resources)) == []
    assert list(overlapping(resources)) == []
    assert list(untagged(resources, limits_of(stack))) == []
    assert list(wrong_inputs(resources)) == []


def limits_of(stack: Settings) -> dict[str, str]:
    """Return the tags that every resource must have."""
    required_tags = {"project": "pouw", "environment": stack.environment, "managed-by": "pulumi"}
    return {**stack.tags, **required_tags, "site": stack.sites[0].name}


def bad_names(resources: Sequence[Recorded]) -> Iterator[str]:
    """Yield names that AWS refuses, and names of two resources of one kind."""
    for resource in resources:
        if resource.token in NAMES:
            key, limit, form = NAMES[resource.token]
            name = str(resource.inputs[key])
            if len(name) > limit or not re.fullmatch(form, name):
                yield f"{resource.token}: {name!r}"
    for token, (key, _, _) in NAMES.items():
        if not key.lower().endswith("prefix"):
            names = [
                (resource.inputs[key], resource.inputs.get("region"))
                for resource in resources
                if resource.token == token
            ]
            yield from (f"{token}: {name} twice" for name in set(names) if names.count(name) > 1)


def overlapping(resources: Sequence[Recorded]) -> Iterator[str]:
    """Yield subnets that overlap or lie outside the network."""
    [network] = kind(resources, "Vpc")
    with_integers = ipaddress.IPv4Network(network.inputs["cidrBlock"])
    subnets = [ipaddress.IPv4Network(resource.inputs["cidrBlock"]) for resource in kind(resources, "Subnet")]
    yield from (f"{resource} and {other}" for resource, other in combinations(subnets, 2) if resource.overlaps(other))
    yield from (f"{resource} is outside" for resource in subnets if not resource.subnet_of(with_integers))


def untagged(resources: Sequence[Recorded], expected: dict[str, str]) -> Iterator[str]:
    """Yield resources that lack tags although their type in the SDK has them."""
    for resource in resources:
        if (
            resource.custom
            and taggable(resource.token)
            and not expected.items() <= dict(resource.inputs.get("tags", {})).items()
        ):
            yield f"{resource.name}: {resource.inputs.get('tags')}"


def taggable(token: str) -> bool:
    """True if resources of a type may have tags."""
    resources = SDK.resource(token)
    return resources is not None and "tags" in resources.inputs


def wrong_inputs(resources: Sequence[Recorded]) -> Iterator[str]:
    """Yield inputs that the provider refuses, by the SDK's types and AWS's formats."""
    checker = Checker(clouds.load("aws"), SDK)
    for resource in resources:
        if resource.custom:
            result = checker.check(
                resource.token, dict(resource.inputs), {}, Naming(resource=resource.name), ProviderSettings()
            )
            yield from (f"{resource.name}: {fault}" for fault in result.faults)


def test_a_misspelt_input_of_a_site_is_detected() -> None:
    [cluster] = kind(compliant(), "Cluster")
    misspelt = replace(cluster, inputs={**cluster.inputs, "deletionProtectoin": True})
    assert any("deletionProtectoin" in fault for fault in wrong_inputs([misspelt]))


def test_the_number_of_resources_does_not_follow_the_number_of_machines() -> None:
    few = {"system": {"minimum": 1, "maximum": 2}, "miners": {"minimum": 1, "maximum": 2}}
    many = {"system": {"minimum": 100, "maximum": 900}, "miners": {"minimum": 100, "maximum": 900}}
    few_machines, many_machines = (record_site(settings({"pools": pools}), edge=False) for pools in (few, many))
    assert len(few_machines) == len(many_machines)


def protected(stack: Settings) -> set[str]:
    """Types of what the engine itself will not delete."""
    resources: set[str] = set()

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.protect:
            resources.add(args.type_)

    def declare() -> None:
        pulumi.runtime.register_stack_transformation(note)
        declare_site(stack)

    record(declare, ANSWERS)
    return resources


def test_irreplaceable_resources_are_protected_only_in_production() -> None:
    assert protected(settings()) == {
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ecr/repository:Repository",
        "aws:eks/cluster:Cluster",
        "aws:kms/key:Key",
        "aws:route53/zone:Zone",
        "aws:s3/bucket:Bucket",
    }
    assert protected(settings(environment="staging")) == set()


def test_a_staging_site_can_be_destroyed() -> None:
    resources = staging()
    assert kind(resources, "Cluster")[0].inputs["deletionProtection"] is False
    assert all(resource.inputs["forceDestroy"] for resource in kind(resources, "Bucket"))
    assert kind(resources, "Repository")[0].inputs["forceDelete"] is True
    assert not any(resource.inputs["enableDeletionProtection"] for resource in kind(resources, "LoadBalancer"))


def test_disks_of_workloads_are_encrypted_under_the_sites_own_key() -> None:
    created = storage_class("arn:aws:kms:us-east-1:111122223333:key/1")
    assert created["provisioner"] == "ebs.csi.aws.com"
    assert created["parameters"] == {
        "type": "gp3",
        "encrypted": "true",
        "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/1",
    }


def test_the_peers_entry_carries_the_sites_tags_in_one_order() -> None:
    entry = peers_entry({"site": "primary", "environment": "staging"})
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert entry.annotations[f"{prefix}-additional-resource-tags"] == "environment=staging,site=primary"
    assert (entry.type, entry.kind) == ("LoadBalancer", "CNAME")


def test_two_long_names_that_differ_at_the_end_stay_apart() -> None:
    names = [
        physical_names.compose_name("load-balancer", stack_context(f"{'a' * 18}{letter}"), "front")
        for letter in ("b", "c")
    ]
    assert len(set(names)) == 2


def stack_context(name: str) -> Any:
    """Return the context of a site of that name."""
    from infra import contracts

    stack = settings({"name": name})
    return contracts.site_context(stack, stack.sites[0])


def test_the_example_of_the_guide_is_a_usable_configuration() -> None:
    page = (Path(__file__).parents[3] / "docs" / "guides" / "aws.md").read_text()
    [text] = re.findall(r"```yaml\n(config:.*?)```", page, re.DOTALL)
    values = {key.removeprefix("pouw:"): value for key, value in yaml.safe_load(text)["config"].items()}
    stack = parse(values)
    assert [site.cloud for site in stack.sites] == ["aws"]
    assert len(record_site(stack.model_copy(update={"tags": {}}))) > 100


@pytest.mark.parametrize("kind_of", sorted(physical_names.LIMITS))
def test_every_kind_of_name_keeps_its_limit(kind_of: str) -> None:
    assert (
        len(physical_names.compose_name(kind_of, stack_context("a" * 20), "b" * 300)) <= physical_names.LIMITS[kind_of]
    )
