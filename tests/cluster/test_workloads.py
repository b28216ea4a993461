"""What a workload finds in the cluster: a network, names, storage, rules, access."""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pouw.cluster.api import connect
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import NETWORK, Cluster, layout
from pouw.home import Home
from pouw.kube.client import Client
from tests.cluster.conftest import SHELL, Pods, claim, refused, wait

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def test_a_pod_runs_and_its_output_can_be_read(pods: Pods) -> None:
    pods.start("hello", "echo made it")
    wait(lambda: pods.phase("hello") == "Succeeded")
    assert pods.logs("hello") == "made it\n"


def test_the_api_servers_name_resolves_in_a_pod(pods: Pods) -> None:
    pods.start("dns", "sleep 300")
    wait(lambda: pods.phase("dns") == "Running")
    assert NETWORK.api_service in pods.execute("dns", "nslookup", "kubernetes.default.svc.cluster.local")


def test_a_service_answers_in_pods_and_its_node_port_on_this_machine(api: Client, pods: Pods, namespace: str) -> None:
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


def test_a_claim_keeps_its_data_over_its_pod_and_loses_it_with_itself(api: Client, pods: Pods, namespace: str) -> None:
    claim(api, namespace, "data")
    pods.start("first", "echo block 1 > /data/chain; sleep 300", claim="data")
    wait(lambda: pods.phase("first") == "Running")
    pods.remove("first")
    pods.start("second", "cat /data/chain", claim="data")
    wait(lambda: pods.phase("second") == "Succeeded")
    assert pods.logs("second") == "block 1\n"
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/data"
    folder = layout().volumes / api.get(path)["spec"]["volumeName"]
    assert (folder / "chain").exists()
    pods.remove("second")
    api.request("DELETE", path)
    wait(lambda: not folder.exists())


def test_a_pod_that_breaks_the_restricted_standard_is_refused(api: Client, namespace: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root"},
        "spec": {"containers": [{"name": "a", "image": SHELL, "securityContext": {"privileged": True}}]},
    }
    error = refused(api, "POST", f"/api/v1/namespaces/{namespace}/pods", body)
    assert error is not None
    assert "violates PodSecurity" in str(error)


def test_nobody_without_a_certificate_is_answered(cluster: Cluster) -> None:
    context = ssl.create_default_context(cafile=str(layout().pki / "ca.crt"))
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{cluster.endpoint}/healthz", context=context, timeout=5)  # noqa: S310
    assert caught.value.code == 401
    caught.value.close()


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        ("scheduler", "/api/v1/secrets"),
        ("storage", "/api/v1/secrets"),
        ("probe", "/api/v1/pods"),
        ("kubelet", "/api/v1/secrets"),
    ],
)
def test_a_component_may_do_its_own_work_only(cluster: Cluster, identity: str, path: str) -> None:
    client = connect(layout(), NETWORK, identity)
    error = refused(client, "GET", path)
    client.close()
    assert error is not None
    assert error.reason == "Forbidden"


def test_the_kubelet_may_not_speak_for_another_node(cluster: Cluster) -> None:
    client = connect(layout(), NETWORK, "kubelet")
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "other"}}
    error = refused(client, "POST", "/api/v1/nodes", body)
    client.close()
    assert error is not None
    assert "not allowed to" in str(error)


def test_the_admin_kubeconfig_is_secret_and_may_do_everything(cluster: Cluster, api: Client) -> None:
    assert cluster.kubeconfig.stat().st_mode & 0o777 == 0o600
    question = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "*", "resource": "*", "group": "*"}},
    }
    answer = api.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", question)
    assert answer["status"]["allowed"]


def test_an_image_is_present_once_it_is_loaded(cluster: Cluster) -> None:
    store = image_store(layout(), home=Home.from_environment(os.environ))
    assert store.holds(SHELL)
    assert not store.holds("pouw.dev/never-made:1")


def test_everything_listens_on_addresses_of_the_cluster_alone(cluster: Cluster) -> None:
    from pouw.cluster import machine_facts, processes

    ours = {each.pid for each in processes.of_home(layout().home)}
    nobody = machine_facts.gather(layout())
    assert nobody.owner == str(layout().home)
    found = [each for each in machine_facts.all_listeners() if each.pid in ours]
    assert found
    assert {each.address for each in found} == {NETWORK.gateway, NETWORK.loopback}


def test_the_record_of_running_components_is_whole_json(cluster: Cluster) -> None:
    assert json.loads(Path(layout().observed).read_text())
