"""What every cloud's site must show, facet by facet: read from what it declares, each cloud in its own words.

``posture_<cloud>.py`` holds ``FACETS``, which has a function for each of ``NAMES``, and ``ANSWERS`` for the recorder.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from infra import contracts
from infra.kubernetes import node_autoscaler
from infra.kubernetes.namespace import WorkloadContext
from infra.kubernetes.node_autoscaler import NodeAutoscaler, NodeAutoscalerArgs
from infra.naming import NAMESPACE
from infra.settings.loading import parse
from tests.infra.recorder import Recorded, record
from tests.infra.test_site_faults import AWS, AZURE, GCP, STACK

Facet = Callable[[Sequence[Recorded]], list[str]]
"""What is missing in what a site declares; nothing where the facet is whole."""

NAMES: Final = (
    "own_key",
    "private_nodes",
    "private_api",
    "audit_log",
    "flow_log",
    "access_logs",
    "deletion_protection",
    "backups_locked",
    "backups_copied",
    "least_privilege",
    "named_administrators",
    "workload_identity",
    "immutable_images",
    "tls_edge",
    "readiness_for_all",
    "signed_names",
    "pools_scale",
    "secrets_encrypted",
    "budget",
)
_SITES: Final[Mapping[str, Mapping[str, Any]]] = {"aws": AWS, "azure": AZURE, "gcp": GCP}
_ZONE: Final = "pouw.example.org"
CLIENTS: Final = ("198.51.100.0/24",)
"""Whom the edge serves."""
_Path = tuple[str | int, ...]


def facets(cloud: str) -> Mapping[str, Facet]:
    """The facets of a cloud by name."""
    found: Mapping[str, Facet] = importlib.import_module(f"tests.contracts.posture_{cloud}").FACETS
    return found


def declared(cloud: str) -> Sequence[Recorded]:
    """What a production site of a cloud declares. Every cloud is given the same arguments, but for its own words.

    Of the workloads it has the one that does what some clouds do by themselves.
    """
    exposure = {"type": "LoadBalancer", "allowFrom": list(CLIENTS)}
    sites = [{**_SITES[cloud], "role": "active"}]
    stack = parse({**STACK, "sites": sites, "balancer": {"exposure": exposure}})
    context = contracts.site_context(stack, stack.managed_sites[0])
    module, zones = (importlib.import_module(f"infra.{cloud}.{noun}") for noun in ("site", "dns"))

    def declare() -> None:
        arguments = module.SiteArgs(
            context=context,
            contacts=stack.contacts,
            repository=stack.images.repository,
            dns=zones.Dns("dns", zones.DnsArgs(context=context, zone=_ZONE)),
            hosts=(f"rpc.{_ZONE}", f"{context.site.name}.{_ZONE}"),
            allow_from=stack.balancer.exposure.allow_from,
        )
        site = module.Site(context.site.name, arguments)
        if site.scaler is not None:
            scaling = NodeAutoscalerArgs(
                context=WorkloadContext(
                    namespace=NAMESPACE,
                    site=context.site.name,
                    require_spread=True,
                    protect=True,
                    tolerations=site.tolerations,
                ),
                image=node_autoscaler.image(None, context.site.cluster.version),
                scaler=site.scaler,
                identity=site.pod_identity,
                annotations=site.annotations.apply(lambda annotations: annotations["autoscaler"]),
            )
            NodeAutoscaler(f"{context.site.name}-autoscaler", scaling)

    return record(declare, vars(importlib.import_module(f"tests.contracts.posture_{cloud}")).get("ANSWERS"))


def of(found: Sequence[Recorded], kind: str) -> list[Recorded]:
    """Resources whose token ends in ``:kind``: ``Role`` or, where there are two of a name, ``iam/role:Role``."""
    return [one for one in found if one.custom and one.token.endswith(f":{kind}")]


def at(value: Any, *path: str | int) -> Any:
    """What lies at a path; ``None`` where the path leads nowhere."""
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def wrong(found: Sequence[Recorded], kind: str, right: Callable[[Any], bool], *path: str | int) -> Iterator[str]:
    """Every resource of a kind whose value at ``path`` is not right, and the kind itself where there is none of it."""
    resources = of(found, kind)
    if not resources:
        yield f"there is no {kind}"
    where = ".".join(str(step) for step in path)
    for one in resources:
        if not right(got := at(one.inputs, *path)):
            yield f"{one.name}: {kind}.{where} is {got!r}"


def without(found: Sequence[Recorded], kind: str) -> list[Recorded]:
    """The same with no resource of a kind."""
    return [one for one in found if not one.token.endswith(f":{kind}")]


def broken(found: Sequence[Recorded], kind: str, path: _Path, value: object) -> list[Recorded]:
    """The same with one thing changed in the first resource of a kind, ``Kind`` or ``Kind part-of-name``."""
    token, _, part = kind.partition(" ")
    target = next(one for one in of(found, token) if part in one.name)
    inputs: Any = deepcopy(dict(target.inputs))
    inner = inputs
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return [replace(one, inputs=inputs) if one is target else one for one in found]


def replaced(found: Sequence[Recorded], suffix: str, path: tuple[str | int, ...], value: object) -> list[Recorded]:
    """The same with one thing changed in the one resource whose name ends so."""
    [target] = [one for one in found if one.custom and one.name.endswith(suffix)]
    kind = target.token.rpartition(":")[2]
    others = [one for one in found if one is not target]
    return broken([target, *others], kind, path, value)
