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
from tests.infra.aws.declared import ANSWERS, SITE, compliant, declared, settings, site_of
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
    """Any stack of one AWS site."""
    region, away = draw(st.lists(st.sampled_from(sorted(ZONES)), min_size=2, max_size=2, unique=True))
    prefix = draw(st.integers(16, 20))
    minimum, more = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    pool = {"minimum": minimum, "maximum": minimum + more}
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
    own = draw(st.dictionaries(labels, labels, max_size=3))
    return settings(site, environment=environment, tags=own)


@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stacks())
def test_any_site_has_names_in_their_limits_ranges_apart_tags_and_right_inputs(stack: Settings) -> None:
    found = declared(stack)
    assert list(bad_names(found)) == []
    assert list(overlapping(found)) == []
    assert list(untagged(found, limits_of(stack))) == []
    assert list(wrong_inputs(found)) == []


def limits_of(stack: Settings) -> dict[str, str]:
    """Tags that everything must carry."""
    ours = {"project": "pouw", "environment": stack.environment, "managed-by": "pulumi"}
    return {**stack.tags, **ours, "site": stack.sites[0].name}


def bad_names(found: Sequence[Recorded]) -> Iterator[str]:
    """Names that AWS would refuse, and two things of one kind with one name."""
    for one in found:
        if one.token in NAMES:
            key, limit, form = NAMES[one.token]
            name = str(one.inputs[key])
            if len(name) > limit or not re.fullmatch(form, name):
                yield f"{one.token}: {name!r}"
    for token, (key, _, _) in NAMES.items():
        if not key.lower().endswith("prefix"):
            names = [(one.inputs[key], one.inputs.get("region")) for one in found if one.token == token]
            yield from (f"{token}: {name} twice" for name in set(names) if names.count(name) > 1)


def overlapping(found: Sequence[Recorded]) -> Iterator[str]:
    """Subnets that share an address, or leave the network."""
    [network] = kind(found, "Vpc")
    whole = ipaddress.IPv4Network(network.inputs["cidrBlock"])
    subnets = [ipaddress.IPv4Network(one.inputs["cidrBlock"]) for one in kind(found, "Subnet")]
    yield from (f"{one} and {other}" for one, other in combinations(subnets, 2) if one.overlaps(other))
    yield from (f"{one} is outside" for one in subnets if not one.subnet_of(whole))


def untagged(found: Sequence[Recorded], wanted: dict[str, str]) -> Iterator[str]:
    """Resources that may carry tags and do not carry ours; the SDK's own types say which may."""
    for one in found:
        if one.custom and taggable(one.token) and not wanted.items() <= dict(one.inputs.get("tags", {})).items():
            yield f"{one.name}: {one.inputs.get('tags')}"


def taggable(token: str) -> bool:
    """Whether resources of a type may carry tags."""
    found = SDK.resource(token)
    return found is not None and "tags" in found.inputs


def wrong_inputs(found: Sequence[Recorded]) -> Iterator[str]:
    """Inputs that a provider would refuse: by the SDK's types, and by what AWS says of names and values."""
    checker = Checker(clouds.load("aws"), SDK)
    for one in found:
        if one.custom:
            checked = checker.check(one.token, dict(one.inputs), {}, Naming(resource=one.name), ProviderSettings())
            yield from (f"{one.name}: {fault}" for fault in checked.faults)


def test_a_misspelt_input_of_a_site_is_seen() -> None:
    [cluster] = kind(compliant(), "Cluster")
    misspelt = replace(cluster, inputs={**cluster.inputs, "deletionProtectoin": True})
    assert any("deletionProtectoin" in fault for fault in wrong_inputs([misspelt]))


def test_the_number_of_resources_does_not_follow_the_number_of_machines() -> None:
    few = {"system": {"minimum": 1, "maximum": 2}, "miners": {"minimum": 1, "maximum": 2}}
    many = {"system": {"minimum": 100, "maximum": 900}, "miners": {"minimum": 100, "maximum": 900}}
    assert len(declared(settings({"pools": few}))) == len(declared(settings({"pools": many})))


def protected(stack: Settings) -> set[str]:
    """Types of what the engine itself will not delete."""
    found: set[str] = set()

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.protect:
            found.add(args.type_)

    def declare() -> None:
        pulumi.runtime.register_stack_transformation(note)
        site_of(stack)

    record(declare, ANSWERS)
    return found


def test_what_cannot_be_made_again_is_protected_in_production_and_nothing_is_elsewhere() -> None:
    assert protected(settings()) == {
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ecr/repository:Repository",
        "aws:eks/cluster:Cluster",
        "aws:kms/key:Key",
        "aws:route53/zone:Zone",
        "aws:s3/bucket:Bucket",
    }
    assert protected(settings(environment="staging")) == set()


def test_a_staging_site_can_be_taken_away() -> None:
    found = declared(settings(environment="staging"))
    assert kind(found, "Cluster")[0].inputs["deletionProtection"] is False
    assert all(one.inputs["forceDestroy"] for one in kind(found, "Bucket"))
    assert kind(found, "Repository")[0].inputs["forceDelete"] is True
    assert not any(one.inputs["enableDeletionProtection"] for one in kind(found, "LoadBalancer"))


def test_disks_of_workloads_are_encrypted_under_the_sites_own_key() -> None:
    made = storage_class("arn:aws:kms:us-east-1:111122223333:key/1")
    assert made["provisioner"] == "ebs.csi.aws.com"
    assert made["parameters"] == {
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
    places = [
        physical_names.compose_name("load-balancer", stack_context(f"{'a' * 18}{letter}"), "front")
        for letter in ("b", "c")
    ]
    assert len(set(places)) == 2


def stack_context(name: str) -> Any:
    """The context of a site of that name."""
    from infra import contracts

    stack = settings({"name": name})
    return contracts.site_context(stack, stack.sites[0])


def test_the_example_of_the_guide_is_a_usable_configuration() -> None:
    page = (Path(__file__).parents[3] / "docs" / "clouds-aws.md").read_text()
    [text] = re.findall(r"```yaml\n(config:.*?)```", page, re.DOTALL)
    values = {key.removeprefix("pouw:"): value for key, value in yaml.safe_load(text)["config"].items()}
    stack = parse(values)
    assert [site.cloud for site in stack.sites] == ["aws"]
    assert len(declared(stack.model_copy(update={"tags": {}}))) > 100


@pytest.mark.parametrize("kind_of", sorted(physical_names.LIMITS))
def test_every_kind_of_name_keeps_its_limit(kind_of: str) -> None:
    assert (
        len(physical_names.compose_name(kind_of, stack_context("a" * 20), "b" * 300)) <= physical_names.LIMITS[kind_of]
    )
