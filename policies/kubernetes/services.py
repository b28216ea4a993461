"""How clients come in: Services and Ingresses, and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import find, known, must_not_be, must_not_be_set
from policies.kubernetes.flagger import made_services
from policies.kubernetes.manifests import Props
from policies.kubernetes.relations import (
    NETWORK_POLICY,
    SERVICE,
    find_named,
    is_production,
    kind,
    metadata,
    owns,
    place,
    selected,
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


def _says_who_may_connect(service: Resource, stack: Stack) -> Iterator[str]:
    del stack
    spec: Props = service.inputs["spec"]
    notes = metadata(service).get("annotations") or {}
    if spec.get("type") != "LoadBalancer" or any(notes.get(key) == _PRIVATE[key] for key in _PRIVATE):
        return
    # Ranges that are made of addresses of the stack are known once those are.
    named = "loadBalancerSourceRanges"
    from_addresses = service.refers.get("spec") and named in tuple(spec)
    if not (known(lambda: spec[named], "later") if from_addresses else spec.get(named)):
        yield "spec.loadBalancerSourceRanges: is empty, so everybody may connect, and nobody has said so"


def _has_pods(service: Resource, stack: Stack) -> Iterator[str]:
    selector = service.inputs["spec"].get("selector") or {}
    if not len(selector) or not owns(place(service, stack), stack):
        return
    found = selected(service, {"matchLabels": selector}, stack)
    if not found:
        yield "spec.selector: selects no pod of the stack"


def _has_one_kind(service: Resource, stack: Stack) -> Iterator[str]:
    selector = service.inputs["spec"].get("selector") or {}
    found = selected(service, {"matchLabels": selector}, stack) if len(selector) else ()
    if len({kind(one.labels) for one in found}) > 1:
        named = ", ".join(sorted(one.workload.inputs["metadata"]["name"] for one in found))
        yield f"spec.selector: selects pods of different kinds or slots: {named}"


def _has_ports(service: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = service.inputs["spec"]
    selector = spec.get("selector") or {}
    for one in selected(service, {"matchLabels": selector}, stack) if len(selector) else ():
        offered = {port for _, port in find(one.spec, "containers[*].ports[*].name")}
        for at, port in find(spec, "ports[*].targetPort"):
            if isinstance(port, str) and not port.isdigit() and port not in offered:
                yield f"spec.{at}: {one.workload.inputs['metadata']['name']} has no port {port}"


def _is_held_behind_nodes(service: Resource, stack: Stack) -> Iterator[str]:
    spec: Props = service.inputs["spec"]
    if spec.get("type") != "NodePort" or not is_production(stack):
        return
    for one in selected(service, {"matchLabels": spec.get("selector") or {}}, stack):
        policies = (other for other in stack.of(NETWORK_POLICY) if place(other, stack) == one.place)
        if not any(selects(policy.inputs["spec"].get("podSelector") or {}, one.labels) for policy in policies):
            yield f"spec.type: is NodePort, and no network policy is about {metadata(one.workload)['name']}"


def _has_tls(ingress: Props) -> Iterator[str]:
    spec: Props = ingress["spec"]
    covered = {host for _, host in find(spec, "tls[*].hosts[*]")}
    if not spec.get("tls"):
        yield "spec.tls: is missing, so clients talk in the clear"
    for at, host in find(spec, "rules[*].host"):
        if isinstance(host, str) and spec.get("tls") and host not in covered and _parent(host) not in covered:
            yield f"spec.{at}: {host} is under no certificate"


def _parent(host: str) -> str:
    return f"*.{host.partition('.')[2]}"


def _names_hosts(ingress: Props) -> Iterator[str]:
    for at, host in find(ingress["spec"], "rules[*].host"):
        if not isinstance(host, str) or not host or host.startswith("*"):
            yield f"spec.{at}: takes requests for any name"
    yield from must_not_be_set("spec.defaultBackend")(ingress)


def _has_no_snippet(ingress: Props) -> Iterator[str]:
    notes = (ingress.get("metadata") or {}).get("annotations") or {}
    for key in notes:
        if key.rpartition("/")[2] in _SNIPPETS and notes[key]:
            yield f"metadata.annotations: {key} puts text into the controller's configuration"


def _leads_somewhere(ingress: Resource, stack: Stack) -> Iterator[str]:
    where = place(ingress, stack)
    for at, name in find(ingress.inputs["spec"], "rules[*].http.paths[*].backend.service.name"):
        if not isinstance(name, str) or not owns(where, stack) or find_named((SERVICE,), name, where, stack):
            continue
        if name not in made_services(where, stack):
            yield f"spec.{at}: no Service {name} is in its namespace"


_service = partial(StackRule, types=(SERVICE,), severity=Severity.MEDIUM, absent=Absence.DENY, reference=_SERVICES)
_ingress = partial(Rule, types=(INGRESS,), severity=Severity.HIGH, absent=Absence.DENY, reference=_INGRESSES)

RULES: tuple[AnyRule, ...] = (
    _service(
        id="kubernetes-core-service-require-ranges",
        severity=Severity.HIGH,
        why="A load balancer without ranges is open to everybody.",
        remedy="List the clients' ranges in loadBalancerSourceRanges, or make it an internal one.",
        check=_says_who_may_connect,
    ),
    _service(
        id="kubernetes-core-service-match-pods",
        why="A Service over nothing answers nobody.",
        remedy="Let the selector name labels of the pods.",
        check=_has_pods,
    ),
    _service(
        id="kubernetes-core-service-deny-mixed-pods",
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Clients get now one program and now another: two applications, or the old and the new slot at once.",
        remedy="Let the selector name what the pods of one kind have and the others have not.",
        check=_has_one_kind,
    ),
    _service(
        id="kubernetes-core-service-match-ports",
        absent=Absence.ALLOW,
        why="A port name that the pods have not is a port without an endpoint.",
        remedy="Name a port of the pods' containers.",
        check=_has_ports,
    ),
    Rule(
        id="kubernetes-core-service-deny-externalips",
        types=(SERVICE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Who sets external addresses takes over traffic to any address that pods of the cluster talk to.",
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
        why="Whoever holds the name outside is trusted as if it were inside, under a name that no certificate has.",
        remedy="Let the program use the outside name itself.",
        reference=f"{_SERVICES}#externalname",
        check=must_not_be("spec.type", "ExternalName"),
    ),
    _service(
        id="kubernetes-core-service-match-nodeport",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A node port opens on every machine of the cluster, whatever stands before it.",
        remedy="Use a load balancer, or say in a network policy who may reach the pods, and at which ports.",
        reference=f"{_SERVICES}#type-nodeport",
        check=_is_held_behind_nodes,
    ),
    _ingress(
        id="kubernetes-networking-ingress-require-tls",
        why="What is sent in the clear is read and changed on its way.",
        remedy="Add tls with a certificate's Secret for every host.",
        check=_has_tls,
    ),
    _ingress(
        id="kubernetes-networking-ingress-require-hosts",
        severity=Severity.MEDIUM,
        why="An Ingress for any name takes requests that were meant for others.",
        remedy="Name the host in each rule, and remove defaultBackend.",
        check=_names_hosts,
    ),
    _ingress(
        id="kubernetes-networking-ingress-deny-snippets",
        absent=Absence.ALLOW,
        why="A snippet runs in the controller, which holds the keys of every Ingress.",
        remedy="Use the controller's own annotations.",
        check=_has_no_snippet,
    ),
    StackRule(
        id="kubernetes-networking-ingress-match-service",
        types=(INGRESS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A path to a Service that is not there is an error page.",
        remedy="Name a Service of the same namespace.",
        reference=_INGRESSES,
        check=_leads_somewhere,
    ),
)
