"""Pods, keys and services as pure functions of the settings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra import node_keys, node_pod, workload
from infra.kubernetes.balancer import client_service
from infra.kubernetes.namespace import WorkloadContext
from infra.naming import fitted, labels, selector
from infra.node_keys import key_files
from infra.node_pod import NodePod
from infra.settings.stack import Chain, Exposure, Nodes
from infra.slots import Slot

BLUE = Slot(name="blue", active=True, weight=100)


def rendered_pod() -> workload.Manifest:
    """Return a pod of the compliant node set."""
    context = WorkloadContext(namespace="pouw-system", site="local", require_spread=True, protect=True)
    pod = NodePod(
        site="local",
        slot=BLUE,
        node_set=BLUE.node_sets(Nodes())[0],
        nodes=Nodes(),
        chain=Chain(),
        image="pouw.local/node:1",
        bootnodes=["a:30303"],
        scheduling=context.scheduling("node", pool="miners", slot="blue"),
    )
    return node_pod.node_pod(pod, network_config="network", keys_secret="keys", service_account="pouw-blue")


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=40), min_size=1, max_size=5), st.integers(20, 63))
def test_a_fitted_name_keeps_its_limit(parts: list[str], limit: int) -> None:
    assert len(fitted(*parts, limit=limit)) <= limit


def test_names_that_differ_only_past_the_limit_stay_different() -> None:
    assert fitted("a" * 80, "east", limit=63) != fitted("a" * 80, "west", limit=63)


def test_a_key_depends_on_seed_site_and_pod_alone() -> None:
    keys = {node_keys.node_key(seed, site=site, pod=pod) for seed in "st" for site in "ab" for pod in "pq"}
    assert len(keys) == 8
    assert all(len(key) == 64 for key in keys)
    assert node_keys.node_key("s", site="a", pod="p") != node_keys.admin_token("s", site="a")


def test_scaling_out_keeps_the_keys_of_existing_nodes() -> None:
    few = key_files("seed", "local", BLUE.node_sets(Nodes(miners=2)))
    many = key_files("seed", "local", BLUE.node_sets(Nodes(miners=5)))
    assert few.items() <= many.items()


def test_the_genesis_file_has_the_same_bytes_for_the_same_parameters() -> None:
    assert node_pod.network_file(Chain()) == node_pod.network_file(Chain())
    assert node_pod.network_file(Chain()) != node_pod.network_file(Chain(network_id=7))


def test_a_pod_meets_the_restricted_standard() -> None:
    spec = rendered_pod()["spec"]
    [container] = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert not any("hostPath" in volume for volume in spec["volumes"])


def test_a_pod_sees_its_own_key_and_not_the_folder_of_all_keys() -> None:
    [container] = rendered_pod()["spec"]["containers"]
    key_mounts = [mount for mount in container["volumeMounts"] if mount["name"] == "keys"]
    assert all("subPath" in mount or "subPathExpr" in mount for mount in key_mounts)


def test_pods_are_selected_by_labels_that_they_carry() -> None:
    carried = rendered_pod()["metadata"]["labels"]
    assert selector("node", slot="blue", role="miner").items() <= carried.items()
    assert selector("balancer").items() <= labels("balancer", site="x").items()


def test_node_ports_are_set_only_where_the_service_has_them() -> None:
    exposure = Exposure(type="NodePort", rpc_node_port=8545)
    ports = {port["name"]: port.get("nodePort") for port in client_service(exposure)["ports"]}
    assert ports == {"rpc": 8545, "ws": None, "metrics": None}
    private = client_service(Exposure(rpc_node_port=8545))
    assert not any("nodePort" in port for port in private["ports"])


def test_pods_go_to_the_machines_of_their_node_pool_alone() -> None:
    assert workload.placement("miners", None) == {}
    spot = {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
    bound = workload.placement("miners", {"miners": [spot]})
    assert bound["nodeSelector"] == {"pouw.dev/pool": "miners"}
    pool_taint, cloud_taint = bound["tolerations"]
    assert (pool_taint["key"], pool_taint["value"], pool_taint["effect"]) == ("pouw.dev/pool", "miners", "NoSchedule")
    assert cloud_taint == spot
    assert workload.placement("rpc", {"miners": [spot]})["tolerations"][1:] == []
