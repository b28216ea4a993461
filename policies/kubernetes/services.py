"""Rules about Services and Ingresses, and the pods behind them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import MISSING, find, format_value, must_not_be, must_not_be_set, read_or
from policies.kubernetes.flagger import generated_services
from policies.kubernetes.manifests import Props
from policies.kubernetes.references import (
    NETWORK_POLICY,
    SERVICE,
    find_named,
    is_production,
    metadata,
    namespace_of,
    owns,
    program_and_slot,
    select_pods,
    selects,
)
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule
from policies.stack import Resource, Stack

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_SERVICES = "https://kubernetes.io/docs/concepts/services-networking/service/"
_INGRESSES = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
_PRIVATE: Final = {
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "Internal",
}
_SNIPPETS: Final = ("configuration-snippet", "server-snippet", "auth-snippet", "stream-snippet", "modsecurity-snippet")


def _check_source_ranges(service: Resource, stack: Stack) -> Iterator[str]:
    del stack
    spec: Props = service.inputs["spec"]
    annotations = metadata(service).get("annotations") or {}
    if spec.get("type") != "LoadBalancer" or any(annotations.get(key) == _PRIVATE[key] for key in _PRIVATE):
        return
    # Ranges from addresses of the stack are unknown until those exist.
    ranges_key = "loadBalancerSourceRanges"
    from_addresses = service.references.get("spec") and ranges_key in tuple(spec)
    if not (read_or(lambda: spec[ranges_key], "later") if from_addresses else spec.get(ranges_key)):
        yield (
            "spec.loadBalancerSourceRanges: the Service is open to the Internet; got no ranges; expected the clients' "
            "ranges"
        )


def _check_selected_pods(service: Resource, stack: Stack) -> Iterator[str]:
    selector = service.inputs["spec"].get("selector") or {}
    if not len(selector) or not owns(namespace_of(service, stack), stack):
        return
    matches = select_pods(service, {"matchLabels": selector}, stack)
    if not matches:
        yield "spec.selector: the Service has no pod; got no matching pod; expected labels of pods in the stack"


def _check_mixed_pods(service: Resource, stack: Stack) -> Iterator[str]:
    selector = service.inputs["spec"].get("selector") or {}
    matches = select_pods(service, {"matchLabels": selector}, stack) if len(selector) else ()
    if len({program_and_slot(entry.labels) for entry in matches}) > 1:
        names = ", ".join(sorted(entry.workload.inputs["metadata"]["name"] for entry in matches))
        yield (
            f"spec.selector: the Service mixes programs or slots; got pods of {names}; expected pods of one program "
            "and slot"
        )


def _check_target_ports(service: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = service.inputs["spec"]
    selector = spec.get("selector") or {}
    for entry in select_pods(service, {"matchLabels": selector}, stack) if len(selector) else ():
        port_names = {port for _, port in find(entry.spec, "containers[*].ports[*].name")}
        for path, port in find(spec, "ports[*].targetPort"):
            if isinstance(port, str) and not port.isdigit() and port not in port_names:
                yield (
                    f"spec.{path}: the port does not exist; got {port}; expected a port of "
                    f"{entry.workload.inputs['metadata']['name']}"
                )


def _check_node_port(service: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = service.inputs["spec"]
    if spec.get("type") != "NodePort" or not is_production(stack):
        return
    for entry in select_pods(service, {"matchLabels": spec.get("selector") or {}}, stack):
        policies = (
            policy for policy in stack.of_type(NETWORK_POLICY) if namespace_of(policy, stack) == entry.namespace
        )
        if not any(selects(policy.inputs["spec"].get("podSelector") or {}, entry.labels) for policy in policies):
            yield (
                "spec.type: no network policy protects the pods behind a node port; got NodePort for "
                f"{metadata(entry.workload)['name']}; expected a NetworkPolicy"
            )


def _check_tls(ingress: Props) -> Iterator[str]:
    spec: Props = ingress["spec"]
    covered = {host for _, host in find(spec, "tls[*].hosts[*]")}
    if not spec.get("tls"):
        yield "spec.tls: client traffic is not encrypted; got nothing; expected a certificate for every host"
    for path, host in find(spec, "rules[*].host"):
        if isinstance(host, str) and spec.get("tls") and host not in covered and _wildcard_of(host) not in covered:
            yield f"spec.{path}: the host has no certificate; got {host}; expected it in tls"


def _wildcard_of(host: str) -> str:
    return f"*.{host.partition('.')[2]}"


def _check_hosts(ingress: Props) -> Iterator[str]:
    for path, host in find(ingress["spec"], "rules[*].host"):
        if not isinstance(host, str) or not host or host.startswith("*"):
            yield (
                f"spec.{path}: the rule accepts any host; got {format_value(None if host is MISSING else host)}; "
                "expected a named host"
            )
    yield from must_not_be_set("spec.defaultBackend")(ingress)


def _check_snippets(ingress: Props) -> Iterator[str]:
    annotations = (ingress.get("metadata") or {}).get("annotations") or {}
    for key in annotations:
        if key.rpartition("/")[2] in _SNIPPETS and annotations[key]:
            yield (
                f"metadata.annotations: a snippet changes the controller's configuration; got {key}; expected no "
                "snippet"
            )


def _check_backends(ingress: Resource, stack: Stack) -> Iterator[str]:
    namespace = namespace_of(ingress, stack)
    for path, name in find(ingress.inputs["spec"], "rules[*].http.paths[*].backend.service.name"):
        if not isinstance(name, str) or not owns(namespace, stack) or find_named((SERVICE,), name, namespace, stack):
            continue
        if name not in generated_services(namespace, stack):
            yield f"spec.{path}: the Service does not exist; got {name}; expected a Service of the namespace"


_service = partial(StackRule, types=(SERVICE,), severity=Severity.MEDIUM, absent=Absence.DENY, reference=_SERVICES)
_ingress = partial(Rule, types=(INGRESS,), severity=Severity.HIGH, absent=Absence.DENY, reference=_INGRESSES)

RULES: tuple[AnyRule, ...] = (
    _service(
        id="kubernetes-core-service-require-ranges",
        severity=Severity.HIGH,
        why="A load balancer without source ranges is open to the Internet.",
        remedy="Set loadBalancerSourceRanges to the clients' ranges, or make the load balancer internal.",
        check=_check_source_ranges,
    ),
    _service(
        id="kubernetes-core-service-match-pods",
        why="A Service without pods answers no request.",
        remedy="Set selector to labels of the pods.",
        check=_check_selected_pods,
    ),
    _service(
        id="kubernetes-core-service-deny-mixed-pods",
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Clients reach different programs, or the old and the new slot at once.",
        remedy="Set selector to labels that only the pods of one program and slot have.",
        check=_check_mixed_pods,
    ),
    _service(
        id="kubernetes-core-service-match-ports",
        absent=Absence.ALLOW,
        why="A port name that the pods lack has no endpoint.",
        remedy="Set targetPort to a port of the pods' containers.",
        check=_check_target_ports,
    ),
    Rule(
        id="kubernetes-core-service-deny-externalips",
        types=(SERVICE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An external IP can intercept traffic from the cluster to any address.",
        remedy="Remove externalIPs, and use a load balancer.",
        reference=f"{_SERVICES}#external-ips",
        check=must_not_be_set("spec.externalIPs"),
    ),
    Rule(
        id="kubernetes-core-service-deny-externalname",
        types=(SERVICE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="The owner of the external name is trusted like an internal service, without a matching certificate.",
        remedy="Remove the Service, and let the program use the external name directly.",
        reference=f"{_SERVICES}#externalname",
        check=must_not_be("spec.type", "ExternalName"),
    ),
    _service(
        id="kubernetes-core-service-match-nodeport",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A node port opens on every machine of the cluster, past any balancer.",
        remedy="Replace type: NodePort by a load balancer, or add a NetworkPolicy with permitted peers and ports.",
        reference=f"{_SERVICES}#type-nodeport",
        check=_check_node_port,
    ),
    _ingress(
        id="kubernetes-networking-ingress-require-tls",
        why="Unencrypted traffic can be read and changed on the network path.",
        remedy="Add tls with a certificate's Secret for every host.",
        check=_check_tls,
    ),
    _ingress(
        id="kubernetes-networking-ingress-require-hosts",
        severity=Severity.MEDIUM,
        why="An Ingress for any host receives requests that are meant for other services.",
        remedy="Set host in each rule, and remove defaultBackend.",
        check=_check_hosts,
    ),
    _ingress(
        id="kubernetes-networking-ingress-deny-snippets",
        absent=Absence.ALLOW,
        why="A snippet runs in the controller, which has the keys of every Ingress.",
        remedy="Remove the snippet annotations, and use the controller's own annotations.",
        check=_check_snippets,
    ),
    StackRule(
        id="kubernetes-networking-ingress-match-service",
        types=(INGRESS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A path to a missing Service returns an error page.",
        remedy="Set service.name to a Service of the namespace.",
        reference=_INGRESSES,
        check=_check_backends,
    ),
)
