"""Cases of ``policies.kubernetes.services``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.manifests import DEPLOYMENT
from policies.kubernetes.references import NETWORK_POLICY, SERVICE
from policies.kubernetes.services import RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED, Case

_of = tables.of(RULES)
_LABELS = {"app.kubernetes.io/name": "server", "app.kubernetes.io/component": "node"}
_NAME = {"name": "server", "namespace": "shop"}
_SNIPPET = "nginx\0ingress\0kubernetes\0io/server-snippet"


def service(kind: str = "LoadBalancer") -> dict[str, Any]:
    """Return a Service with source ranges."""
    spec = {
        "type": kind,
        "selector": {"app.kubernetes.io/name": "server"},
        "ports": [{"port": 80, "targetPort": "http"}],
        "loadBalancerSourceRanges": ["192.0.2.0/24"],
    }
    return {"kind": "Service", "metadata": _NAME, "spec": spec}


def ingress() -> dict[str, Any]:
    """Return an Ingress of one host under a certificate."""
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "server", "port": {"number": 80}}}}
    rules = [{"host": "a.example.org", "http": {"paths": [path]}}]
    spec = {"tls": [{"hosts": ["a.example.org"], "secretName": "tls"}], "rules": rules}
    notes = {_SNIPPET.replace("\0", "."): ""}
    return {"kind": "Ingress", "metadata": {**_NAME, "annotations": notes}, "spec": spec}


def pods(name: str = "server", **labels: str) -> Declaration:
    """Return a Deployment with a named port."""
    spec = {"containers": [{"name": "server", "ports": [{"name": "http", "containerPort": 80}]}]}
    template = {"metadata": {"labels": {**_LABELS, **labels}}, "spec": spec}
    return Declaration(
        type=DEPLOYMENT,
        name=name,
        props={"kind": "Deployment", "metadata": {**_NAME, "name": name}, "spec": {"template": template}},
    )


def _case(
    rule: str, path: str, broken_value: Any, *others: Declaration, props: dict[str, Any] | None = None, **fields: Any
) -> Case:
    return _of(f"kubernetes-{rule}", props or service(), path, broken_value, related=others, **fields)


_LABEL = "spec.template.metadata.labels"
_PORT = "spec.template.spec.containers[0].ports[0].name"
_PROTECTED = Declaration(
    type=NETWORK_POLICY,
    name="held",
    props={"metadata": _NAME, "spec": {"podSelector": {"matchLabels": {**_LABELS}}}},
)
_BACKEND = Declaration(type=SERVICE, name="service", props=service())

CASES = [
    _case("core-service-require-ranges", "spec.loadBalancerSourceRanges", []),
    _case("core-service-match-pods", f"{_LABEL}.app\0kubernetes\0io/name", "other", pods(), broken_related="server"),
    _case("core-service-deny-mixed-pods", f"{_LABEL}.app\0kubernetes\0io/component", "other", pods(), pods("more"),
          broken_related="more", absent_path=_LABEL),
    _case("core-service-deny-mixed-pods", f"{_LABEL}.pouw\0dev/slot", "green", pods(), pods("more"),
          broken_related="more", absent_path=_LABEL),
    _case("core-service-match-ports", _PORT, "other", pods(), broken_related="server", absent_path=_LABEL),
    _case("core-service-deny-externalips", "spec.externalIPs", ["192.0.2.1"], absent_path="spec.type"),
    _case("core-service-deny-externalname", "spec.type", "ExternalName"),
    _case("core-service-match-nodeport", "spec.podSelector.matchLabels", {"app": "other"}, pods(), _PROTECTED,
          props=service("NodePort"), broken_related="held", absent_path="spec.podSelector.matchLabels"),
    _case("networking-ingress-require-tls", "spec.tls", REMOVED, props=ingress()),
    _case("networking-ingress-require-tls", "spec.tls[0].hosts[0]", "b.example.org", props=ingress()),
    _case("networking-ingress-require-hosts", "spec.rules[0].host", "*.example.org", props=ingress()),
    _case("networking-ingress-deny-snippets", f"metadata.annotations.{_SNIPPET}", "return 200;", props=ingress()),
    _case("networking-ingress-match-service", "metadata.name", "other", pods(), _BACKEND, props=ingress(),
          broken_related="service"),
]  # fmt: skip
