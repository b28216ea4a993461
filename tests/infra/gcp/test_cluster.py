"""The cluster of a site."""

from __future__ import annotations

import json
from collections.abc import Sequence

from infra import contracts
from infra.contracts import SiteContext
from infra.gcp.cluster import access, kubeconfig, maintenance
from tests.infra.clouds import kind
from tests.infra.gcp.compliant_site import settings
from tests.infra.recorder import Recorded


def site_context(**site: object) -> SiteContext:
    """Return the context of the compliant site with changes."""
    stack = settings(site)
    return contracts.site_context(stack, stack.managed_sites[0])


def test_without_an_allow_list_the_api_server_has_no_address_outside() -> None:
    arguments = access(site_context())
    assert arguments["private_cluster_config"]["enable_private_endpoint"] is True
    assert arguments["master_authorized_networks_config"]["cidr_blocks"] == []


def test_an_allow_list_opens_the_api_server_to_its_ranges_alone() -> None:
    arguments = access(site_context(cluster={"apiAllowFrom": ["198.51.100.0/24"]}))
    assert arguments["private_cluster_config"]["enable_private_endpoint"] is False
    assert arguments["private_cluster_config"]["enable_private_nodes"] is True
    blocks = arguments["master_authorized_networks_config"]["cidr_blocks"]
    assert [block["cidr_block"] for block in blocks] == ["198.51.100.0/24"]


def test_production_uses_the_slower_release_channel() -> None:
    stack = settings({"cluster": {"version": "1.33"}}, environment="staging")
    staging = maintenance(contracts.site_context(stack, stack.managed_sites[0]))
    assert staging["min_master_version"] == "1.33"
    channels = [arguments["release_channel"]["channel"] for arguments in (staging, maintenance(site_context()))]
    assert channels == ["REGULAR", "STABLE"]


def test_a_kubeconfig_asks_googles_command_for_a_token_and_holds_none() -> None:
    document = json.loads(kubeconfig("some", "10.0.0.2", "Y2E="))
    [user] = document["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert document["clusters"][0]["cluster"]["server"] == "https://10.0.0.2"
    assert document["current-context"] == document["contexts"][0]["name"] == "some"


def test_the_pool_that_google_makes_first_is_no_weaker_than_ours_and_goes(resources: Sequence[Recorded]) -> None:
    [cluster] = kind(resources, "Cluster")
    first, configured = cluster.inputs["nodeConfig"], kind(resources, "NodePool")[0].inputs["nodeConfig"]
    assert cluster.inputs["removeDefaultNodePool"] is True
    for key in ("bootDiskKmsKey", "shieldedInstanceConfig", "workloadMetadataConfig"):
        assert first[key] == configured[key]


def test_machines_of_each_pool_have_an_account_that_may_report_and_no_more(resources: Sequence[Recorded]) -> None:
    accounts = [resource.inputs["accountId"] for resource in kind(resources, "Account")]
    assert len(set(accounts)) == 4
    roles = {resource.inputs["role"] for resource in kind(resources, "IAMMember") if "project" in resource.inputs}
    assert roles == {"roles/container.defaultNodeServiceAccount"}
