"""What an Azure site declares: names within limits, own keys, closed doors, and no more resources than it needs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.azure.physical_names import LIMITS
from infra.azure.regions import ZONES
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.validation import Validator
from tests.infra.azure import declared
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded, of_type, record

SDK = Sdk("pulumi_azure_native")
VALIDATOR = Validator(SDK)


@cache
def production() -> Sequence[Recorded]:
    """The compliant site, declared once."""
    return declared.declared()


@cache
def staging() -> Sequence[Recorded]:
    """The same without an edge, in an environment that may be taken away."""
    return declared.declared(declared.settings(environment="staging"), edge=False)


def faults(found: Sequence[Recorded]) -> list[str]:
    """What the types of the SDK and the limits of Azure say against what was declared."""
    told = []
    for one in found:
        described = SDK.resource(one.token) if one.custom else None
        if described is None:
            if one.custom:
                told.append(f"{one.token}: there is no such type")
            continue
        told += [f"{one.name}: {fault}" for fault in VALIDATOR.faults(one.inputs, described.inputs)]
        if "tags" in described.inputs and not {"project", "environment", "site"} <= set(one.inputs.get("tags", {})):
            told.append(f"{one.name}: lacks tags")
        told += name_faults(one)
    return told


def name_faults(one: Recorded) -> list[str]:
    """What the limits say against a resource's own name."""
    limit = LIMITS.get(one.token)
    if limit is None:
        return []
    name = one.inputs.get(limit.property)
    if not isinstance(name, str):
        return [f"{one.name}: has no name of ours in {limit.property}"]
    fits = limit.minimum <= len(name) <= limit.characters and re.match(limit.pattern, name)
    return [] if fits else [f"{one.name}: {name!r} is no name for a {one.token}"]


def test_everything_is_of_the_types_and_within_the_limits_of_azure() -> None:
    assert faults(production()) == []
    assert faults(staging()) == []


def test_a_misspelt_property_would_be_seen() -> None:
    [vault, *_] = kind(production(), "Vault")
    wrong = Recorded(
        token=vault.token, name="v", inputs={**vault.inputs, "sort": "x", "vaultName": "x" * 25}, custom=True
    )
    assert len(faults([wrong])) == 2


regions = st.sampled_from(sorted(ZONES))
labels = st.from_regex(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?", fullmatch=True)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=labels,
    where=st.lists(regions, min_size=2, max_size=2, unique=True),
    environment=st.sampled_from(["staging", "production"]),
    cidr=st.builds("10.{}.0.0/{}".format, st.integers(0, 255), st.integers(16, 20)),
    shared=st.booleans(),
    maximum=st.integers(1, 300),
    api=st.sampled_from([[], ["203.0.113.0/24"]]),
)
def test_any_valid_site_is_whole_and_its_resources_do_not_grow_with_its_machines(
    name: str, where: list[str], environment: str, cidr: str, shared: bool, maximum: int, api: list[str]
) -> None:
    site = {
        "name": name,
        "region": where[0],
        "network": {"cidr": cidr, "translation": "shared" if shared else "zone"},
        "backups": {"copyRegion": where[1]},
        "cluster": {"apiAllowFrom": api},
        "pools": {"miners": {"minimum": 1, "maximum": maximum}, "rpc": {"minimum": maximum, "maximum": maximum}},
    }
    found = declared.declared(declared.settings(site, environment=environment))
    assert faults(found) == []
    expected = Counter(one.token for one in production())
    counted = Counter(one.token for one in found)
    counted["azure-native:network:NatGateway"] += 2 if shared else 0
    counted["azure-native:network:PublicIPAddress"] += 2 if shared else 0
    if environment == "staging":
        counted["azure-native:authorization:ManagementLockByScope"] += len(kind(production(), "ManagementLockByScope"))
    assert counted == expected


def test_no_machine_and_no_subnet_has_a_way_out_of_its_own() -> None:
    [network] = kind(production(), "VirtualNetwork")
    assert [subnet["name"] for subnet in network.inputs["subnets"] if subnet["defaultOutboundAccess"]] == []
    assert {pool.inputs["enableNodePublicIP"] for pool in kind(production(), "AgentPool")} == {False}
    [cluster] = kind(production(), "ManagedCluster")
    assert cluster.inputs["networkProfile"]["outboundType"] == "userAssignedNATGateway"


def test_address_translation_is_one_a_zone_or_one_shared_by_all() -> None:
    assert [one.inputs["zones"] for one in kind(production(), "NatGateway")] == [["1"], ["2"], ["3"]]
    shared = declared.declared(declared.settings({"network": {"translation": "shared"}}), edge=False)
    [gateway] = kind(shared, "NatGateway")
    [network] = kind(shared, "VirtualNetwork")
    used = {subnet["natGateway"]["id"] for subnet in network.inputs["subnets"] if "natGateway" in subnet}
    assert used == {f"{gateway.name}-id"}


def test_nothing_is_opened_to_the_whole_world() -> None:
    text = json.dumps([one.inputs for one in production()])
    assert "0.0.0.0/0" not in text
    assert "::/0" not in text


def test_the_api_server_is_private_until_somebody_is_named() -> None:
    [private] = kind(production(), "ManagedCluster")
    assert private.inputs["apiServerAccessProfile"]["enablePrivateCluster"] is True
    compose_name = declared.declared(declared.settings({"cluster": {"apiAllowFrom": ["203.0.113.0/24"]}}), edge=False)
    [cluster] = kind(compose_name, "ManagedCluster")
    access = cluster.inputs["apiServerAccessProfile"]
    assert (access["enablePrivateCluster"], access["authorizedIPRanges"]) == (False, ["203.0.113.0/24"])
    [registry] = kind(compose_name, "Registry")
    assert registry.inputs["networkRuleSet"]["defaultAction"] == "Deny"


def test_without_a_named_client_there_is_no_edge() -> None:
    modules = {one.token.split(":")[1] for one in staging() if one.custom}
    assert modules.isdisjoint({"cdn", "frontdoor", "dns", "trafficmanager"})
    assert not kind(staging(), "ApplicationGateway")


def test_staging_can_be_taken_away() -> None:
    assert not kind(staging(), "ManagementLockByScope")


def test_the_proof_of_every_host_goes_into_the_zone() -> None:
    proofs = {
        one.inputs["relativeRecordSetName"]: one.inputs["txtRecords"]
        for one in kind(production(), "RecordSet")
        if one.inputs["recordType"] == "TXT"
    }
    assert proofs == {
        "_dnsauth.rpc": [{"value": ["token"]}],
        "_dnsauth.primary": [{"value": ["token"]}],
    }


def test_the_edge_speaks_tls_alone_and_leads_to_the_private_gateway() -> None:
    [route] = kind(production(), "Route")
    assert route.inputs["supportedProtocols"] == ["Https"]
    [origin] = kind(production(), "AFDOrigin")
    [gateway] = kind(production(), "ApplicationGateway")
    link = origin.inputs["sharedPrivateLinkResource"]
    assert (link["privateLink"]["id"], link["groupId"]) == (f"{gateway.name}-id", "edge")
    [listener] = gateway.inputs["httpListeners"]
    assert listener["frontendIPConfiguration"]["id"].endswith("/frontendIPConfigurations/edge")


def test_every_name_of_the_edge_is_behind_the_firewall_also_its_own() -> None:
    [policy] = kind(production(), "SecurityPolicy")
    [association] = policy.inputs["parameters"]["associations"]
    names = {f"{one.name}-id" for name in ("AFDEndpoint", "AFDCustomDomain") for one in kind(production(), name)}
    assert {domain["id"] for domain in association["domains"]} == names
    assert len(names) == 3


def test_every_alarm_rings_where_the_contacts_are() -> None:
    [group] = kind(production(), "ActionGroup")
    assert [one["emailAddress"] for one in group.inputs["emailReceivers"]] == ["oncall@pouw.example.org"]
    called = [one.inputs["actions"]["actionGroups"] for one in kind(production(), "ActivityLogAlert")]
    called += [one.inputs["actions"] for one in kind(production(), "MetricAlert")]
    assert called == [[{"actionGroupId": f"{group.name}-id"}]] * 3


def test_parts_of_the_gateway_name_one_another_by_ids_that_exist() -> None:
    [gateway] = kind(production(), "ApplicationGateway")
    text = json.dumps(gateway.inputs)
    for collection, name in re.findall(r'/applicationGateways/[^/]+/(\w+)/([-\w]+)"', text):
        names = [part["name"] for part in gateway.inputs[collection]]
        assert name in names


def test_the_budget_covers_the_machines_too() -> None:
    [budget] = kind(production(), "Budget")
    groups = {one.inputs["resourceGroupName"] for one in of_type(production(), "azure-native:resources:ResourceGroup")}
    covered = set(budget.inputs["filter"]["dimensions"]["values"])
    [cluster] = kind(production(), "ManagedCluster")
    assert cluster.inputs["nodeResourceGroup"] in covered
    assert groups - covered == {"pouw-production-primary-dns"}


def outputs() -> Mapping[str, Any]:
    """Return the outputs of the compliant site, by name."""
    values: dict[str, Any] = {}

    def declare() -> None:
        site = declared.site_of(declared.settings())
        watched = {
            "kubeconfig": site.access.kubeconfig,
            "egress": site.connectivity.egress,
            "repository": site.repository,
            "annotations": site.identities.annotations,
            "storage_class": site.machines.storage_class,
            "address": site.edge.address,
        }
        for name, output in watched.items():
            output.apply(lambda value, name=name: values.update({name: value}))

    record(declare, declared.ANSWERS)
    return values


def test_the_outputs_are_those_that_workloads_are_deployed_with() -> None:
    found = outputs()
    assert json.loads(found["kubeconfig"])["clusters"][0]["cluster"]["certificate-authority-data"] == "YXV0aG9yaXR5"
    assert found["egress"] == ["203.0.113.1"] * 3
    assert found["repository"] == "images.azurecr.io/pouw"
    assert found["annotations"] == {"backup": {"azure.workload.identity/client-id": "client"}}
    assert found["storage_class"]["parameters"]["diskEncryptionSetID"] == "primary-cluster-disks-id"
    assert found["address"] == "edge.z01.azurefd.net"
