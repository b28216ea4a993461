"""The services of the cluster for workloads: network, names, storage, rules and access."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request

import pytest

from pouw.cluster.api import connect
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import Cluster
from pouw.home import Home
from pouw.kube.client import Client
from tests.cluster.conftest import ENVIRONMENT, LAYOUT, SHELL, Pods, claim, refusal, wait

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def test_a_pod_runs_and_its_output_can_be_read(pods: Pods) -> None:
    pods.start("hello", "echo made it")
    wait(lambda: pods.phase("hello") == "Succeeded")
    assert pods.logs("hello") == "made it\n"


def test_a_command_in_a_pod_returns_output_errors_and_exit_code(pods: Pods) -> None:
    pods.start("shell", "sleep 300")
    wait(lambda: pods.phase("shell") == "Running")
    completed = pods.run("shell", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (completed.exit_code, completed.output, completed.errors) == (3, b"out\n", b"err\n")


def test_the_api_servers_name_resolves_in_a_pod(pods: Pods) -> None:
    pods.start("dns", "sleep 300")
    wait(lambda: pods.phase("dns") == "Running")
    assert LAYOUT.network.api_service in pods.execute("dns", "nslookup", "kubernetes.default.svc.cluster.local")


def test_a_service_answers_in_pods_and_on_its_node_port(api: Client, pods: Pods, namespace: str) -> None:
    pods.start("web", "echo served > /data/index.html; exec httpd -f -p 8080 -h /data")
    port = {"port": 80, "targetPort": 8080, "nodePort": 8545}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    spec = {"type": "NodePort", "selector": {"app": "web"}, "ports": [port]}
    api.apply(f"/api/v1/namespaces/{namespace}/services/web", {**service, "spec": spec})
    wait(lambda: _fetch("http://127.0.0.1:8545/") == "served\n")
    pods.start("client", "sleep 300")
    wait(lambda: pods.phase("client") == "Running")
    assert pods.execute("client", "wget", "-q", "-O-", "http://web/") == "served\n"


def _fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - a fixed local address
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def test_the_data_of_a_claim_outlives_its_pod_but_not_the_claim(api: Client, pods: Pods, namespace: str) -> None:
    claim(api, namespace, "data")
    pods.start("first", "echo block 1 > /data/chain; sleep 300", claim="data")
    wait(lambda: pods.phase("first") == "Running")
    pods.remove("first")
    pods.start("second", "cat /data/chain", claim="data")
    wait(lambda: pods.phase("second") == "Succeeded")
    assert pods.logs("second") == "block 1\n"
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/data"
    folder = LAYOUT.volumes / api.get(path)["spec"]["volumeName"]
    assert (folder / "chain").exists()
    pods.remove("second")
    api.request("DELETE", path)
    wait(lambda: not folder.exists())


def test_a_pod_that_breaks_the_restricted_standard_is_refusal(api: Client, namespace: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root"},
        "spec": {"containers": [{"name": "a", "image": SHELL, "securityContext": {"privileged": True}}]},
    }
    error = refusal(api, "POST", f"/api/v1/namespaces/{namespace}/pods", body)
    assert error is not None
    assert "violates PodSecurity" in str(error)


def test_a_client_without_a_certificate_is_refused(cluster: Cluster) -> None:
    context = ssl.create_default_context(cafile=str(LAYOUT.pki / "ca.crt"))
    with pytest.raises(urllib.error.HTTPError) as unauthorized:
        urllib.request.urlopen(f"{cluster.endpoint}/healthz", context=context, timeout=5)  # noqa: S310
    assert unauthorized.value.code == 401
    unauthorized.value.close()


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        ("scheduler", "/api/v1/secrets"),
        ("storage", "/api/v1/secrets"),
        ("probe", "/api/v1/pods"),
        ("kubelet", "/api/v1/secrets"),
    ],
)
def test_a_component_has_only_the_rights_of_its_work(cluster: Cluster, identity: str, path: str) -> None:
    client = connect(LAYOUT, identity)
    error = refusal(client, "GET", path)
    client.close()
    assert error is not None
    assert error.reason == "Forbidden"


def test_the_kubelet_cannot_register_another_node(cluster: Cluster) -> None:
    client = connect(LAYOUT, "kubelet")
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "other"}}
    error = refusal(client, "POST", "/api/v1/nodes", body)
    client.close()
    assert error is not None
    assert "not allowed to" in str(error)


def test_the_admin_kubeconfig_is_private_and_has_every_right(cluster: Cluster, api: Client) -> None:
    assert cluster.kubeconfig.stat().st_mode & 0o777 == 0o600
    question = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "*", "resource": "*", "group": "*"}},
    }
    answer = api.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", question)
    assert answer["status"]["allowed"]


def test_an_image_is_present_once_it_is_loaded(cluster: Cluster) -> None:
    store = image_store(LAYOUT, home=Home.from_environment(ENVIRONMENT))
    assert store.holds(SHELL)
    assert not store.holds("pouw.dev/never-made:1")


def test_components_listen_on_the_clusters_addresses_only(cluster: Cluster) -> None:
    from pouw.cluster import machine_facts, processes

    pids = {process.pid for process in processes.of_home(LAYOUT.home)}
    facts = machine_facts.gather(LAYOUT)
    assert facts.owner == str(LAYOUT.home)
    listeners = [listener for listener in machine_facts.all_listeners() if listener.pid in pids]
    assert listeners
    assert {listener.address for listener in listeners} == {LAYOUT.network.gateway, LAYOUT.network.loopback}


def test_the_record_of_running_components_is_valid_json(cluster: Cluster) -> None:
    assert json.loads(LAYOUT.observed.read_text())
