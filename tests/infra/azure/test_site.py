"""The resources of an Azure site: names within limits, encryption, private access, and their number."""

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
from tests.infra.azure import compliant_site
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded, of_type, record

SDK = Sdk("pulumi_azure_native")
VALIDATOR = Validator(SDK)


@cache
def production() -> Sequence[Recorded]:
    """Return the resources of the compliant site, declared once."""
    return compliant_site.record_site()


@cache
def staging() -> Sequence[Recorded]:
    """Return the resources of the site in staging without an edge."""
    return compliant_site.record_site(compliant_site.settings(environment="staging"), edge=False)


def faults(resources: Sequence[Recorded]) -> list[str]:
    """Return the faults of resources by the SDK's types and Azure's limits."""
    messages = []
    for resource in resources:
        schema = SDK.resource(resource.token) if resource.custom else None
        if schema is None:
            if resource.custom:
                messages.append(f"{resource.token}: there is no such type")
            continue
        messages += [f"{resource.name}: {fault}" for fault in VALIDATOR.faults(resource.inputs, schema.inputs)]
        if "tags" in schema.inputs and not {"project", "environment", "site"} <= set(resource.inputs.get("tags", {})):
            messages.append(f"{resource.name}: lacks tags")
        messages += name_faults(resource)
    return messages


def name_faults(resource: Recorded) -> list[str]:
    """Return the faults of a resource's name."""
    limit = LIMITS.get(resource.token)
    if limit is None:
        return []
    name = resource.inputs.get(limit.property)
    if not isinstance(name, str):
        return [f"{resource.name}: has no name of ours in {limit.property}"]
    fits = limit.minimum <= len(name) <= limit.characters and re.match(limit.pattern, name)
    return [] if fits else [f"{resource.name}: {name!r} is no name for a {resource.token}"]


def test_everything_is_of_the_types_and_within_the_limits_of_azure() -> None:
    assert faults(production()) == []
    assert faults(staging()) == []


def test_a_misspelt_property_is_detected() -> None:
    [vault, *_] = kind(production(), "Vault")
    misspelt = Recorded(
        token=vault.token, name="v", inputs={**vault.inputs, "sort": "x", "vaultName": "x" * 25}, custom=True
    )
    assert len(faults([misspelt])) == 2


regions = st.sampled_from(sorted(ZONES))
labels = st.from_regex(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?", fullmatch=True)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=labels,
    context=st.lists(regions, min_size=2, max_size=2, unique=True),
    environment=st.sampled_from(["staging", "production"]),
    cidr=st.builds("10.{}.0.0/{}".format, st.integers(0, 255), st.integers(16, 20)),
    shared=st.booleans(),
    maximum=st.integers(1, 300),
    api=st.sampled_from([[], ["203.0.113.0/24"]]),
)
def test_every_valid_site_is_complete_with_few_resources(
    name: str, context: list[str], environment: str, cidr: str, shared: bool, maximum: int, api: list[str]
) -> None:
    site = {
        "name": name,
        "region": context[0],
        "network": {"cidr": cidr, "translation": "shared" if shared else "zone"},
        "backups": {"copyRegion": context[1]},
        "cluster": {"apiAllowFrom": api},
        "pools": {"miners": {"minimum": 1, "maximum": maximum}, "rpc": {"minimum": maximum, "maximum": maximum}},
    }
    resources = compliant_site.record_site(compliant_site.settings(site, environment=environment))
    assert faults(resources) == []
    expected = Counter(resource.token for resource in production())
    counted = Counter(resource.token for resource in resources)
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
    assert [resource.inputs["zones"] for resource in kind(production(), "NatGateway")] == [["1"], ["2"], ["3"]]
    shared = compliant_site.record_site(compliant_site.settings({"network": {"translation": "shared"}}), edge=False)
    [gateway] = kind(shared, "NatGateway")
    [network] = kind(shared, "VirtualNetwork")
    used = {subnet["natGateway"]["id"] for subnet in network.inputs["subnets"] if "natGateway" in subnet}
    assert used == {f"{gateway.name}-id"}


def test_nothing_is_opened_to_the_whole_world() -> None:
    text = json.dumps([resource.inputs for resource in production()])
    assert "0.0.0.0/0" not in text
    assert "::/0" not in text


def test_the_api_server_is_private_without_an_allow_list() -> None:
    [private] = kind(production(), "ManagedCluster")
    assert private.inputs["apiServerAccessProfile"]["enablePrivateCluster"] is True
    restricted = compliant_site.record_site(
        compliant_site.settings({"cluster": {"apiAllowFrom": ["203.0.113.0/24"]}}), edge=False
    )
    [cluster] = kind(restricted, "ManagedCluster")
    access = cluster.inputs["apiServerAccessProfile"]
    assert (access["enablePrivateCluster"], access["authorizedIPRanges"]) == (False, ["203.0.113.0/24"])
    [registry] = kind(restricted, "Registry")
    assert registry.inputs["networkRuleSet"]["defaultAction"] == "Deny"


def test_without_an_allow_list_there_is_no_edge() -> None:
    modules = {resource.token.split(":")[1] for resource in staging() if resource.custom}
    assert modules.isdisjoint({"cdn", "frontdoor", "dns", "trafficmanager"})
    assert not kind(staging(), "ApplicationGateway")


def test_staging_can_be_destroyed() -> None:
    assert not kind(staging(), "ManagementLockByScope")


def test_the_proof_of_every_host_goes_into_the_zone() -> None:
    proofs = {
        resource.inputs["relativeRecordSetName"]: resource.inputs["txtRecords"]
        for resource in kind(production(), "RecordSet")
        if resource.inputs["recordType"] == "TXT"
    }
    assert proofs == {
        "_dnsauth.rpc": [{"value": ["token"]}],
        "_dnsauth.primary": [{"value": ["token"]}],
    }


def test_the_edge_accepts_only_tls_and_routes_to_the_private_gateway() -> None:
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
    names = {
        f"{resource.name}-id" for name in ("AFDEndpoint", "AFDCustomDomain") for resource in kind(production(), name)
    }
    assert {domain["id"] for domain in association["domains"]} == names
    assert len(names) == 3


def test_every_alarm_uses_the_channel_of_the_contacts() -> None:
    [group] = kind(production(), "ActionGroup")
    assert [resource["emailAddress"] for resource in group.inputs["emailReceivers"]] == ["oncall@pouw.example.org"]
    called = [resource.inputs["actions"]["actionGroups"] for resource in kind(production(), "ActivityLogAlert")]
    called += [resource.inputs["actions"] for resource in kind(production(), "MetricAlert")]
    assert called == [[{"actionGroupId": f"{group.name}-id"}]] * 3


def test_parts_of_the_gateway_name_one_another_by_ids_that_exist() -> None:
    [gateway] = kind(production(), "ApplicationGateway")
    text = json.dumps(gateway.inputs)
    for collection, name in re.findall(r'/applicationGateways/[^/]+/(\w+)/([-\w]+)"', text):
        names = [part["name"] for part in gateway.inputs[collection]]
        assert name in names


def test_the_budget_covers_the_machines_too() -> None:
    [budget] = kind(production(), "Budget")
    groups = {
        resource.inputs["resourceGroupName"]
        for resource in of_type(production(), "azure-native:resources:ResourceGroup")
    }
    covered = set(budget.inputs["filter"]["dimensions"]["values"])
    [cluster] = kind(production(), "ManagedCluster")
    assert cluster.inputs["nodeResourceGroup"] in covered
    assert groups - covered == {"pouw-production-primary-dns"}


def outputs() -> Mapping[str, Any]:
    """Return the outputs of the compliant site, by name."""
    values: dict[str, Any] = {}

    def declare() -> None:
        site = compliant_site.declare_site(compliant_site.settings())
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

    record(declare, compliant_site.ANSWERS)
    return values


def test_the_outputs_are_those_that_workloads_are_deployed_with() -> None:
    values = outputs()
    assert json.loads(values["kubeconfig"])["clusters"][0]["cluster"]["certificate-authority-data"] == "YXV0aG9yaXR5"
    assert values["egress"] == ["203.0.113.1"] * 3
    assert values["repository"] == "images.azurecr.io/pouw"
    assert values["annotations"] == {"backup": {"azure.workload.identity/client-id": "client"}}
    assert values["storage_class"]["parameters"]["diskEncryptionSetID"] == "primary-cluster-disks-id"
    assert values["address"] == "edge.z01.azurefd.net"
