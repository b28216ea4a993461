"""Objects of every embedded cluster: access rules, the name service and the storage class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pouw.cluster.layout import METRICS_SERVER_PORT, NODE_NAME, Network
from pouw.cluster.pki import ADMIN_GROUP

COREDNS_IMAGE = "pouw.dev/coredns:1"
PROVISIONER = "pouw.dev/local-volume"
STORAGE_CLASS = "standard"
_RBAC = "rbac.authorization.k8s.io"
Manifest = dict[str, Any]

_PATHS = {
    ("v1", "ConfigMap"): "/api/v1/namespaces/{namespace}/configmaps/{name}",
    ("v1", "Service"): "/api/v1/namespaces/{namespace}/services/{name}",
    ("v1", "ServiceAccount"): "/api/v1/namespaces/{namespace}/serviceaccounts/{name}",
    ("apps/v1", "Deployment"): "/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
    ("discovery.k8s.io/v1", "EndpointSlice"): "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{name}",
    ("storage.k8s.io/v1", "StorageClass"): "/apis/storage.k8s.io/v1/storageclasses/{name}",
    ("apiregistration.k8s.io/v1", "APIService"): "/apis/apiregistration.k8s.io/v1/apiservices/{name}",
    (f"{_RBAC}/v1", "ClusterRole"): f"/apis/{_RBAC}/v1/clusterroles/{{name}}",
    (f"{_RBAC}/v1", "ClusterRoleBinding"): f"/apis/{_RBAC}/v1/clusterrolebindings/{{name}}",
    (f"{_RBAC}/v1", "RoleBinding"): f"/apis/{_RBAC}/v1/namespaces/{{namespace}}/rolebindings/{{name}}",
}


def path(manifest: Manifest) -> str:
    """Return the object's path on the API server."""
    return _PATHS[manifest["apiVersion"], manifest["kind"]].format(**manifest["metadata"])


def manifests(network: Network, *, resolvers: bool, metrics: bool, authority: str) -> Sequence[Manifest]:
    """Return all objects in the order in which they are applied.

    ``resolvers`` is True if the machine has a name server for names outside the cluster. ``authority`` is the
    cluster's certificate authority in base64.
    """
    return [*_access(), _storage_class(), *_name_service(network, resolvers=resolvers)] + (
        list(_metrics(network, authority)) if metrics else []
    )


def _object(api: str, kind: str, name: str, body: Mapping[str, Any], *, namespace: str = "") -> Manifest:
    metadata = {"name": name, "labels": {"app.kubernetes.io/managed-by": "pouw-cluster"}}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}


def _binding(name: str, role: str, subject: Manifest) -> Manifest:
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role}
    return _object(f"{_RBAC}/v1", "ClusterRoleBinding", name, {"roleRef": reference, "subjects": [subject]})


def _user(name: str) -> Manifest:
    return {"apiGroup": _RBAC, "kind": "User", "name": name}


def _group(name: str) -> Manifest:
    return {"apiGroup": _RBAC, "kind": "Group", "name": name}


def _role(name: str, *rules: tuple[str, str, str]) -> Manifest:
    """Return a role. Each rule has an API group, resources and verbs, the last two separated by spaces."""
    entries = [{"apiGroups": [api], "resources": names.split(), "verbs": verbs.split()} for api, names, verbs in rules]
    return _object(f"{_RBAC}/v1", "ClusterRole", name, {"rules": entries})


def _access() -> Iterator[Manifest]:
    yield _binding("pouw:cluster-admins", "cluster-admin", _group(ADMIN_GROUP))
    yield _binding("pouw:kubelet-api", "system:kubelet-api-admin", _group("pouw:kubelet-api"))
    yield _role(
        "pouw:storage",
        ("", "persistentvolumes", "get list watch create delete patch"),
        ("", "persistentvolumeclaims", "get list watch"),
        ("storage.k8s.io", "storageclasses", "get list watch"),
        ("", "events", "create"),
    )
    yield _binding("pouw:storage", "pouw:storage", _user("pouw:storage"))


def _storage_class() -> Manifest:
    storage_class = _object(
        "storage.k8s.io/v1",
        "StorageClass",
        STORAGE_CLASS,
        {"provisioner": PROVISIONER, "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"},
    )
    storage_class["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return storage_class


def corefile(network: Network, *, resolvers: bool) -> str:
    """Return the configuration of the name service. Without resolvers, it refuses other names at once."""
    forward = "    forward . /etc/resolv.conf\n" if resolvers else ""
    return f""".:5353 {{
    errors
    health :8080
    ready :8181
    kubernetes {network.domain} in-addr.arpa ip6.arpa {{
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
    prometheus :9153
{forward}    cache 30 {{
        disable success {network.domain}
        disable denial {network.domain}
    }}
    loop
    reload
}}
"""


def _name_service(network: Network, *, resolvers: bool) -> Iterator[Manifest]:
    space, label = "kube-system", {"k8s-app": "kube-dns"}
    yield _object("v1", "ServiceAccount", "coredns", {}, namespace=space)
    yield _role(
        "system:coredns",
        ("", "endpoints services pods namespaces", "list watch"),
        ("discovery.k8s.io", "endpointslices", "list watch"),
    )
    account = {"kind": "ServiceAccount", "name": "coredns", "namespace": space}
    yield _binding("system:coredns", "system:coredns", account)
    config = {"data": {"Corefile": corefile(network, resolvers=resolvers)}}
    yield _object("v1", "ConfigMap", "coredns", config, namespace=space)
    ports = [
        {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "targetPort": 5353, "protocol": "TCP"},
        {"name": "metrics", "port": 9153, "targetPort": 9153, "protocol": "TCP"},
    ]
    spec = {"spec": {"clusterIP": network.dns, "selector": label, "ports": ports}}
    yield _object("v1", "Service", "kube-dns", spec, namespace=space)
    yield _object("apps/v1", "Deployment", "coredns", {"spec": _name_server_spec(label)}, namespace=space)


def _name_server_spec(label: Mapping[str, str]) -> Manifest:
    def get(probe_path: str, port: int, period: int) -> Manifest:
        return {"httpGet": {"path": probe_path, "port": port}, "periodSeconds": period}

    container = {
        "name": "coredns",
        "image": COREDNS_IMAGE,
        "imagePullPolicy": "Never",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "env": [{"name": "GOGC", "value": "60"}],
        "resources": {"requests": {"cpu": "20m", "memory": "40Mi"}, "limits": {"memory": "170Mi"}},
        "ports": [
            {"name": "dns", "containerPort": 5353, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 5353, "protocol": "TCP"},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": {**get("/ready", 8181, 1), "failureThreshold": 60},
        "livenessProbe": {**get("/health", 8080, 20), "timeoutSeconds": 5},
        "readinessProbe": get("/ready", 8181, 10),
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": dict(label)},
        "template": {
            "metadata": {"labels": dict(label)},
            "spec": {
                "priorityClassName": "system-cluster-critical",
                "serviceAccountName": "coredns",
                "dnsPolicy": "Default",
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65535,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [container],
                "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
            },
        },
    }


def _metrics(network: Network, authority: str) -> Iterator[Manifest]:
    """Yield the metrics API. A process of the host serves it, so its service has a fixed endpoint and no selector."""
    space, name = "kube-system", "metrics-server"
    yield _role(
        "system:metrics-server",
        ("", "nodes/metrics", "get"),
        ("", "pods nodes namespaces configmaps", "get list watch"),
    )
    yield _binding("system:metrics-server", "system:metrics-server", _user("pouw:metrics-server"))
    yield _binding("pouw:metrics-server-delegation", "system:auth-delegator", _user("pouw:metrics-server"))
    reader = {"apiGroup": _RBAC, "kind": "Role", "name": "extension-apiserver-authentication-reader"}
    body = {"roleRef": reader, "subjects": [_user("pouw:metrics-server")]}
    yield _object(f"{_RBAC}/v1", "RoleBinding", "pouw:metrics-server", body, namespace=space)
    aggregated = _role("pouw:metrics-reader", ("metrics.k8s.io", "pods nodes", "get list watch"))
    for role in ("view", "edit", "admin"):
        aggregated["metadata"]["labels"][f"{_RBAC}/aggregate-to-{role}"] = "true"
    yield aggregated
    port = {"name": "https", "port": 443, "targetPort": METRICS_SERVER_PORT, "protocol": "TCP"}
    yield _object("v1", "Service", name, {"spec": {"ports": [port]}}, namespace=space)
    endpoint = {"addresses": [network.gateway], "conditions": {"ready": True}, "nodeName": NODE_NAME}
    slice_ = _object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        name,
        {
            "addressType": "IPv4",
            "endpoints": [endpoint],
            "ports": [{"name": "https", "port": METRICS_SERVER_PORT, "protocol": "TCP"}],
        },
        namespace=space,
    )
    slice_["metadata"]["labels"]["kubernetes.io/service-name"] = name
    yield slice_
    spec = {
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "service": {"name": name, "namespace": space, "port": 443},
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "caBundle": authority,
    }
    yield _object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", {"spec": spec})
