"""A whole site: what holds for everything that it declares, whatever its settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path

import pulumi
import pulumi.runtime
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra import contracts
from infra.contracts import SiteContext
from infra.gcp import physical_names
from infra.gcp.regions import ZONES
from infra.gcp.site import PEERS
from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.engine.plugins.core.naming import Naming
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline import settings as offline
from pouw.engine.plugins.offline.input_checks import Checker
from tests.infra.clouds import kind
from tests.infra.gcp.compliant_site import ANSWERS, SITE, declare_site, record_site, settings
from tests.infra.recorder import Recorded, record

LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
NAMES = {
    "gcp:artifactregistry/repository:Repository": ("repositoryId", 63, LABEL),
    "gcp:certificatemanager/certificate:Certificate": ("name", 63, LABEL),
    "gcp:certificatemanager/certificateMap:CertificateMap": ("name", 63, LABEL),
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": ("name", 63, LABEL),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": ("name", 63, LABEL),
    "gcp:compute/address:Address": ("name", 63, LABEL),
    "gcp:compute/backendService:BackendService": ("name", 63, LABEL),
    "gcp:compute/firewall:Firewall": ("name", 63, LABEL),
    "gcp:compute/globalAddress:GlobalAddress": ("name", 63, LABEL),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": ("name", 63, LABEL),
    "gcp:compute/healthCheck:HealthCheck": ("name", 63, LABEL),
    "gcp:compute/network:Network": ("name", 63, LABEL),
    "gcp:compute/router:Router": ("name", 63, LABEL),
    "gcp:compute/routerNat:RouterNat": ("name", 63, LABEL),
    "gcp:compute/sSLPolicy:SSLPolicy": ("name", 63, LABEL),
    "gcp:compute/securityPolicy:SecurityPolicy": ("name", 63, LABEL),
    "gcp:compute/subnetwork:Subnetwork": ("name", 63, LABEL),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": ("name", 63, LABEL),
    "gcp:compute/uRLMap:URLMap": ("name", 63, LABEL),
    "gcp:container/cluster:Cluster": ("name", 40, LABEL),
    "gcp:container/nodePool:NodePool": ("name", 40, LABEL),
    "gcp:dns/managedZone:ManagedZone": ("name", 63, LABEL),
    "gcp:dns/policy:Policy": ("name", 63, LABEL),
    "gcp:kms/cryptoKey:CryptoKey": ("name", 63, r"[\w-]+"),
    "gcp:kms/keyRing:KeyRing": ("name", 63, r"[\w-]+"),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": ("bucketId", 100, r"[A-Za-z0-9][\w.-]*"),
    "gcp:logging/projectSink:ProjectSink": ("name", 100, r"[A-Za-z0-9][\w.-]*"),
    "gcp:serviceaccount/account:Account": ("accountId", 30, r"[a-z][-a-z0-9]{4,28}[a-z0-9]"),
    "gcp:storage/bucket:Bucket": ("name", 63, r"(?!goog)[a-z0-9][-a-z0-9]+[a-z0-9]"),
}
"""Property, limit and form of the names that Google takes."""
SUFFIX = "-1234567"
"""Suffix that the engine adds to a resource's name."""
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
LABELLED = ("labels", "resourceLabels", "userLabels")

labels = st.from_regex(r"\A[a-z]([-a-z0-9]{0,18}[a-z0-9])?\Z")


@cache
def sdk() -> Sdk:
    """Return the SDK's types."""
    return Sdk("pulumi_gcp")


@st.composite
def stacks(draw: st.DrawFn) -> Settings:
    """Draw a stack of one site on Google Cloud."""
    region, away = draw(st.lists(st.sampled_from(sorted(ZONES)), min_size=2, max_size=2, unique=True))
    minimum, extra = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    pool = {"minimum": minimum, "maximum": minimum + extra}
    cidr = ipaddress.ip_network((f"10.{draw(st.integers(0, 255))}.0.0", draw(st.integers(16, 20))))
    site = {
        **SITE,
        "name": draw(labels),
        "account": draw(st.from_regex(r"\A[a-z][-a-z0-9]{4,28}[a-z0-9]\Z").filter(lambda text: "goog" not in text)),
        "region": region,
        "zones": draw(st.permutations(ZONES[region]))[:3],
        "network": {
            "cidr": str(cidr),
            "translation": draw(st.sampled_from(["zone", "shared"])),
            "flowLogDays": draw(st.integers(1, 3653)),
        },
        "cluster": {"apiAllowFrom": draw(st.sampled_from([[], ["198.51.100.0/24"]]))},
        "pools": {"system": pool, "miners": pool, "rpc": pool},
        "backups": {"copyRegion": away, "retentionDays": draw(st.integers(7, 3650))},
    }
    environment = draw(st.sampled_from(["staging", "production"]))
    tags = draw(st.dictionaries(labels, labels, max_size=3))
    return settings(site, environment=environment, tags=tags)


@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stacks())
def test_every_valid_site_has_valid_names_ranges_labels_and_inputs(stack: Settings) -> None:
    resources = record_site(stack)
    assert list(bad_names(resources)) == []
    assert list(overlapping(resources)) == []
    assert list(unlabelled(resources, wanted_labels(stack))) == []
    assert list(wrong_inputs(resources)) == []
    assert list(outside_the_project(resources, stack)) == []


def wanted_labels(stack: Settings) -> dict[str, str]:
    """Labels that everything must carry."""
    required_labels = {"project": "pouw", "environment": stack.environment, "managed-by": "pulumi"}
    return {**stack.tags, **required_labels, "site": stack.managed_sites[0].name}


def bad_names(resources: Sequence[Recorded]) -> Iterator[str]:
    """Names that Google would refuse, and two things of one kind with one name."""
    given_names = []
    for resource in resources:
        if resource.token in NAMES:
            key, limit, form = NAMES[resource.token]
            name = str(resource.inputs.get(key) or f"{resource.name}{SUFFIX}")
            given_names.append((resource.token, name))
            if len(name) > limit or not re.fullmatch(form, name):
                yield f"{resource.token}: {name!r}"
    yield from (f"{token}: {name} twice" for token, name in set(given_names) if given_names.count((token, name)) > 1)


def overlapping(resources: Sequence[Recorded]) -> Iterator[str]:
    """Ranges of machines, pods, services and the control plane that share an address."""
    [subnet] = kind(resources, "Subnetwork")
    [cluster] = kind(resources, "Cluster")
    ranges = [
        subnet.inputs["ipCidrRange"],
        *(resource["ipCidrRange"] for resource in subnet.inputs["secondaryIpRanges"]),
        cluster.inputs["privateClusterConfig"]["masterIpv4CidrBlock"],
    ]
    for first, second in combinations([ipaddress.IPv4Network(text) for text in ranges], 2):
        if first.overlaps(second):
            yield f"{first} and {second}"


def unlabelled(resources: Sequence[Recorded], expected: dict[str, str]) -> Iterator[str]:
    """Resources that may carry labels and do not carry ours; the SDK's own types say which may."""
    for resource in resources:
        schema = sdk().resource(resource.token) if resource.custom else None
        inputs = schema.inputs if schema else {}
        for key in LABELLED:
            # Those of a channel say where it leads; its own labels have another name.
            if key in inputs and (key, resource.token) != ("labels", CHANNEL):
                carried = dict(resource.inputs.get(key) or {})
                if not expected.items() <= carried.items():
                    yield f"{resource.name}: {key} are {carried}"
    for resource in kind(resources, "NodePool"):
        if not expected.items() <= dict(resource.inputs["nodeConfig"]["resourceLabels"]).items():
            yield f"{resource.name}: its machines"


def wrong_inputs(resources: Sequence[Recorded]) -> Iterator[str]:
    """Inputs that fit neither the SDK's types nor what is known of the cloud's formats."""
    checker, anywhere = Checker(clouds.load("gcp"), sdk()), offline.Settings()
    for resource in resources:
        if resource.custom:
            naming = Naming(resource=resource.name)
            yield from (
                f"{resource.name}: {fault}"
                for fault in checker.check(resource.token, resource.inputs, {}, naming, anywhere).faults
            )


def outside_the_project(resources: Sequence[Recorded], stack: Settings) -> Iterator[str]:
    """Yield resources whose type has a project that is missing or differs from the site's."""
    for resource in resources:
        schema = sdk().resource(resource.token) if resource.custom else None
        if schema and "project" in schema.inputs and resource.inputs.get("project") != stack.managed_sites[0].account:
            yield f"{resource.name}: {resource.inputs.get('project')}"


def test_the_number_of_resources_does_not_follow_the_number_of_machines() -> None:
    few = {"system": {"minimum": 1, "maximum": 2}, "miners": {"minimum": 1, "maximum": 2}}
    many = {"system": {"minimum": 100, "maximum": 900}, "miners": {"minimum": 100, "maximum": 900}}
    few_machines, many_machines = (record_site(settings({"pools": pools}), edge=False) for pools in (few, many))
    assert len(few_machines) == len(many_machines)


def options(stack: Settings) -> dict[str, pulumi.ResourceOptions]:
    """Options of every resource, by its name."""
    resources: dict[str, pulumi.ResourceOptions] = {}

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        resources[f"{args.type_} {args.name}"] = args.opts

    def declare() -> None:
        pulumi.runtime.register_stack_transformation(note)
        declare_site(stack)

    record(declare, ANSWERS)
    return resources


def test_irreplaceable_resources_are_protected_only_in_production() -> None:
    protected = {name.split()[0] for name, opts in options(settings()).items() if opts.protect}
    assert protected == {
        "gcp:artifactregistry/repository:Repository",
        "gcp:compute/address:Address",
        "gcp:compute/globalAddress:GlobalAddress",
        "gcp:container/cluster:Cluster",
        "gcp:dns/managedZone:ManagedZone",
        "gcp:kms/cryptoKey:CryptoKey",
        "gcp:kms/keyRing:KeyRing",
        "gcp:logging/projectBucketConfig:ProjectBucketConfig",
        "gcp:storage/bucket:Bucket",
    }
    assert not [name for name, opts in options(settings(environment="staging")).items() if opts.protect]


def test_a_new_minimum_replaces_no_pool_and_no_cluster() -> None:
    ignoring = {name: opts.ignore_changes for name, opts in options(settings()).items() if opts.ignore_changes}
    pools = [name for name in ignoring if name.startswith("gcp:container/nodePool:")]
    assert len(pools) == 4
    assert all("initialNodeCount" in (changes or ()) for changes in ignoring.values())


def test_volumes_are_encrypted_under_the_sites_own_key() -> None:
    names: list[object] = []
    record(lambda: declare_site(settings()).machines.storage_class.apply(names.append), ANSWERS)
    assert names == [
        {
            "provisioner": "pd.csi.storage.gke.io",
            "parameters": {"type": "pd-balanced", "disk-encryption-kms-key": "primary-keys-site-key-id"},
        }
    ]


def test_the_peers_entry_keeps_the_senders_address() -> None:
    assert PEERS == {"cloud.google.com/l4-rbs": "enabled"}


def test_images_are_addressed_in_the_sites_own_registry() -> None:
    names: list[str] = []
    record(lambda: declare_site(settings()).repository.apply(names.append), ANSWERS)
    assert names == ["europe-west4-docker.pkg.dev/pouw-production/pouw-production-primary/pouw"]


def stack_context(name: str) -> SiteContext:
    """Return the context of a site of that name."""
    stack = settings({"name": name})
    return contracts.site_context(stack, stack.managed_sites[0])


def test_two_long_names_that_differ_at_the_end_stay_apart() -> None:
    names = [
        physical_names.compose_name("account", stack_context(f"{'a' * 18}{letter}"), "system") for letter in ("b", "c")
    ]
    assert len(set(names)) == 2


@pytest.mark.parametrize("kind_of", sorted(physical_names.LIMITS))
def test_every_kind_of_name_keeps_its_limit(kind_of: str) -> None:
    assert (
        len(physical_names.compose_name(kind_of, stack_context("a" * 20), "b" * 300)) <= physical_names.LIMITS[kind_of]
    )


def test_the_example_of_the_guide_is_a_usable_configuration() -> None:
    page = (Path(__file__).parents[3] / "docs" / "guides" / "google-cloud.md").read_text()
    [text] = re.findall(r"```yaml\n(config:.*?)```", page, re.DOTALL)
    values = {key.removeprefix("pouw:"): value for key, value in yaml.safe_load(text)["config"].items()}
    stack = parse(values)
    assert [site.cloud for site in stack.sites] == ["gcp"]
    assert len(record_site(stack)) > 100
