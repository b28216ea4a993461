"""What runs in a cluster, as pure decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra import workload
from infra.haproxy import Backend, configuration, unavailable_page
from infra.kubernetes.balancer import client_service
from infra.kubernetes.namespace import network_policies
from infra.kubernetes.node_cluster import key_files
from infra.naming import fitted, labels, selector
from infra.settings.stack import Chain, Exposure, Nodes
from infra.workload import NodePod, Pool

POOL = Pool(role="miner", replicas=3, name="pouw-blue-miner")


def node_pod() -> workload.Manifest:
    """A pod of the compliant pool."""
    pod = NodePod(
        site="local",
        slot="blue",
        pool=POOL,
        nodes=Nodes(),
        chain=Chain(),
        image="pouw.local/node:1",
        bootnodes=["a:30303"],
        peers_service="pouw-blue-peers",
        insist_on_spread=True,
    )
    return workload.node_pod(pod, network_config="network", keys_secret="keys", service_account="pouw-blue")


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=40), min_size=1, max_size=5), st.integers(20, 63))
def test_a_fitted_name_keeps_its_limit(parts: list[str], limit: int) -> None:
    assert len(fitted(*parts, limit=limit)) <= limit


def test_names_that_differ_only_past_the_limit_stay_different() -> None:
    assert fitted("a" * 80, "east", limit=63) != fitted("a" * 80, "west", limit=63)


def test_an_empty_pool_is_no_pool() -> None:
    assert [pool.role for pool in workload.pools(Nodes(miners=2, verifiers=0), "blue")] == ["miner"]


def test_bootnodes_come_from_every_pool_and_do_not_grow_with_it() -> None:
    found = workload.bootnodes(workload.pools(Nodes(miners=50, verifiers=1), "blue"), "peers")
    assert found == [
        "pouw-blue-miner-0.peers:30303",
        "pouw-blue-miner-1.peers:30303",
        "pouw-blue-verifier-0.peers:30303",
    ]


def test_a_key_depends_on_seed_site_and_pod_and_on_nothing_else() -> None:
    keys = {workload.node_key(seed, site=site, pod=pod) for seed in "st" for site in "ab" for pod in "pq"}
    assert len(keys) == 8
    assert all(len(key) == 64 for key in keys)
    assert workload.node_key("s", site="a", pod="p") != workload.admin_token("s", site="a")


def test_scaling_out_keeps_the_keys_of_nodes_that_were_there() -> None:
    few = key_files("seed", "local", workload.pools(Nodes(miners=2), "blue"))
    more = key_files("seed", "local", workload.pools(Nodes(miners=5), "blue"))
    assert few.items() <= more.items()


def test_the_genesis_file_has_the_same_bytes_for_the_same_parameters() -> None:
    assert workload.network_file(Chain()) == workload.network_file(Chain())
    assert workload.network_file(Chain()) != workload.network_file(Chain(network_id=7))


def test_a_pod_meets_the_restricted_standard() -> None:
    spec = node_pod()["spec"]
    [container] = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert not any("hostPath" in volume for volume in spec["volumes"])


def test_a_pod_sees_its_own_key_and_not_the_folder_of_all_keys() -> None:
    [container] = node_pod()["spec"]["containers"]
    key_mounts = [mount for mount in container["volumeMounts"] if mount["name"] == "keys"]
    assert all("subPath" in mount or "subPathExpr" in mount for mount in key_mounts)


def test_pods_are_selected_by_labels_that_they_carry() -> None:
    carried = node_pod()["metadata"]["labels"]
    assert selector("node", slot="blue", role="miner").items() <= carried.items()
    assert selector("balancer").items() <= labels("balancer", site="x").items()


def test_networks_are_closed_before_anything_is_opened() -> None:
    policies = network_policies(())
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert "from" not in policies["balancer"]["ingress"][0]


def test_client_ranges_close_the_balancer_to_all_others() -> None:
    [rule] = network_policies(("10.0.0.0/8",))["balancer"]["ingress"]
    assert rule["from"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]


def test_node_ports_are_set_only_where_the_service_has_them() -> None:
    exposure = Exposure(type="NodePort", rpc_node_port=8545)
    ports = {port["name"]: port.get("nodePort") for port in client_service(exposure)["ports"]}
    assert ports == {"rpc": 8545, "ws": None, "metrics": None}
    plain = client_service(Exposure(rpc_node_port=8545))
    assert not any("nodePort" in port for port in plain["ports"])


def test_the_unavailable_page_states_its_true_length() -> None:
    head, body = unavailable_page().split("\r\n\r\n")
    assert f"Content-Length: {len(body)}" in head


def test_the_balancer_checks_readiness_of_the_backend_that_it_is_given() -> None:
    text = configuration(Backend(service="nodes.example.svc", max_nodes=7))
    assert "server-template node 7 nodes.example.svc:8545" in text
    assert "uri /ready" in text


def test_pods_of_a_pool_go_to_its_machines_and_no_others_go_to_the_miners() -> None:
    assert workload.placement("miners", None) == {}
    spot = {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
    bound = workload.placement("miners", {"miners": [spot]})
    assert bound["nodeSelector"] == {"pouw.dev/pool": "miners"}
    own, clouds = bound["tolerations"]
    assert (own["key"], own["value"], own["effect"]) == ("pouw.dev/pool", "miners", "NoSchedule")
    assert clouds == spot
    assert workload.placement("rpc", {"miners": [spot]})["tolerations"][1:] == []
