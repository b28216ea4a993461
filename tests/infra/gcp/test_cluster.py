"""The cluster: who reaches it, and how."""

from __future__ import annotations

import json
from collections.abc import Sequence

from infra import contracts
from infra.contracts import SiteContext
from infra.gcp.cluster import access, kubeconfig, maintenance
from tests.infra.clouds import kind
from tests.infra.gcp.declared import settings
from tests.infra.recorder import Recorded


def site_context(**site: object) -> SiteContext:
    """The context of the compliant site with changes."""
    stack = settings(site)
    return contracts.site_context(stack, stack.managed_sites[0])


def test_without_an_allow_list_the_api_server_has_no_address_outside() -> None:
    given = access(site_context())
    assert given["private_cluster_config"]["enable_private_endpoint"] is True
    assert given["master_authorized_networks_config"]["cidr_blocks"] == []


def test_an_allow_list_opens_the_api_server_to_its_ranges_alone() -> None:
    given = access(site_context(cluster={"apiAllowFrom": ["198.51.100.0/24"]}))
    assert given["private_cluster_config"]["enable_private_endpoint"] is False
    assert given["private_cluster_config"]["enable_private_nodes"] is True
    blocks = given["master_authorized_networks_config"]["cidr_blocks"]
    assert [block["cidr_block"] for block in blocks] == ["198.51.100.0/24"]


def test_the_version_is_the_settings_and_production_takes_the_slower_channel() -> None:
    stack = settings({"cluster": {"version": "1.33"}}, environment="staging")
    staging = maintenance(contracts.site_context(stack, stack.managed_sites[0]))
    assert staging["min_master_version"] == "1.33"
    channels = [given["release_channel"]["channel"] for given in (staging, maintenance(site_context()))]
    assert channels == ["REGULAR", "STABLE"]


def test_a_kubeconfig_asks_googles_command_for_a_token_and_holds_none() -> None:
    document = json.loads(kubeconfig("some", "10.0.0.2", "Y2E="))
    [user] = document["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert document["clusters"][0]["cluster"]["server"] == "https://10.0.0.2"
    assert document["current-context"] == document["contexts"][0]["name"] == "some"


def test_the_pool_that_google_makes_first_is_no_weaker_than_ours_and_goes(found: Sequence[Recorded]) -> None:
    [cluster] = kind(found, "Cluster")
    first, ours = cluster.inputs["nodeConfig"], kind(found, "NodePool")[0].inputs["nodeConfig"]
    assert cluster.inputs["removeDefaultNodePool"] is True
    for key in ("bootDiskKmsKey", "shieldedInstanceConfig", "workloadMetadataConfig"):
        assert first[key] == ours[key]


def test_machines_of_each_pool_have_an_account_that_may_report_and_no_more(found: Sequence[Recorded]) -> None:
    accounts = [one.inputs["accountId"] for one in kind(found, "Account")]
    assert len(set(accounts)) == 4
    roles = {one.inputs["role"] for one in kind(found, "IAMMember") if "project" in one.inputs}
    assert roles == {"roles/container.defaultNodeServiceAccount"}
