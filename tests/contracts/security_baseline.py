"""The security baseline: requirements that a production site meets on every cloud, checked on its declared resources.

``security_baseline_<cloud>.py`` holds a public function for each of ``REQUIREMENTS``, and the recorder's
``ANSWERS``.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any, Final

from infra import contracts
from infra.identities import AUTOSCALER
from infra.kubernetes import node_autoscaler
from infra.kubernetes.namespace import WorkloadContext
from infra.kubernetes.node_autoscaler import NodeAutoscaler, NodeAutoscalerArgs
from infra.naming import NAMESPACE
from infra.settings.loader import parse
from stacks.dns import write
from tests.infra.recorder import Recorded, record
from tests.infra.test_site_faults import AWS, AZURE, GCP, STACK

Check = Callable[[Sequence[Recorded]], list[str]]
"""A function that returns the faults of a site's resources; an empty list if they meet the requirement."""

REQUIREMENTS: Final = (
    "customer_managed_keys",
    "private_nodes",
    "private_api",
    "audit_logs",
    "flow_logs",
    "access_logs",
    "deletion_protection",
    "immutable_backups",
    "replicated_backups",
    "least_privilege",
    "named_administrators",
    "workload_identity",
    "immutable_images",
    "tls_edge",
    "public_readiness",
    "dnssec",
    "node_autoscaling",
    "encrypted_secrets",
    "budget",
)
_SITES: Final[Mapping[str, Mapping[str, Any]]] = {"aws": AWS, "azure": AZURE, "gcp": GCP}
_ZONE: Final = "pouw.example.org"
CLIENTS: Final = ("198.51.100.0/24",)
"""Allow-list of the edge."""
_Path = tuple[str | int, ...]
Change = tuple[str, str, _Path, Any]
"""A requirement, and the kind, path and value of a change that violates it."""


def checks(cloud: str) -> Mapping[str, Check]:
    """Return the checks of a cloud by requirement: the public functions of its module."""
    module = importlib.import_module(f"tests.contracts.security_baseline_{cloud}")
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


@cache
def production_site(cloud: str) -> Sequence[Recorded]:
    """Return the resources of a production site, declared once per process with the same arguments on every cloud.

    They include the node autoscaler where a workload does its work.
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
            hosts=(f"rpc.{_ZONE}", f"{context.site.name}.{_ZONE}"),
            allow_from=stack.balancer.exposure.allow_from,
        )
        site = module.Site(context.site.name, arguments)
        write(zones.Dns("dns", zones.DnsArgs(context=context, zone=_ZONE)), site.edge.proofs)
        if site.machines.scaler is not None:
            scaling = NodeAutoscalerArgs(
                context=WorkloadContext(
                    namespace=NAMESPACE,
                    site=context.site.name,
                    require_spread=True,
                    protect=True,
                    tolerations=site.machines.tolerations,
                ),
                image=node_autoscaler.image(None, context.site.cluster.version),
                scaler=site.machines.scaler,
                identity=site.identities.pod,
                annotations=site.identities.annotations_of(AUTOSCALER),
            )
            NodeAutoscaler(f"{context.site.name}-autoscaler", scaling)

    return record(declare, vars(importlib.import_module(f"tests.contracts.security_baseline_{cloud}")).get("ANSWERS"))


def of_kind(resources: Sequence[Recorded], kind: str) -> list[Recorded]:
    """Return the resources whose token ends in ``:kind``, such as ``Role`` or, to be unambiguous, ``iam/role:Role``."""
    return [resource for resource in resources if resource.custom and resource.token.endswith(f":{kind}")]


def lookup(value: Any, *path: str | int) -> Any:
    """Return the value at a path; ``None`` if the path does not exist."""
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def mismatches(
    resources: Sequence[Recorded], kind: str, valid: Callable[[Any], bool], *path: str | int
) -> Iterator[str]:
    """Yield a fault for each resource of a kind whose value at ``path`` is invalid, or one if there is no resource."""
    resources = of_kind(resources, kind)
    if not resources:
        yield f"there is no {kind}"
    dotted_path = ".".join(str(step) for step in path)
    for resource in resources:
        if not valid(got := lookup(resource.inputs, *path)):
            yield f"{resource.name}: {kind}.{dotted_path} is {got!r}"


def without_kind(resources: Sequence[Recorded], kind: str) -> list[Recorded]:
    """Return the resources except those of a kind."""
    return [resource for resource in resources if not resource.token.endswith(f":{kind}")]


def with_change(resources: Sequence[Recorded], kind: str, path: _Path, value: object) -> list[Recorded]:
    """Return the resources with one value changed in the first of a kind; ``kind`` may end in a part of its name."""
    token, _, part = kind.partition(" ")
    target = next(resource for resource in of_kind(resources, token) if part in resource.name)
    inputs: Any = deepcopy(dict(target.inputs))
    inner = inputs
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return [replace(resource, inputs=inputs) if resource is target else resource for resource in resources]


def undetected(cloud: str, requirement: str, variants: Iterable[tuple[str, Sequence[Recorded]]]) -> list[str]:
    """Return the labels of the variants of a site that violate a requirement without a fault from its check."""
    check = checks(cloud)[requirement]
    return [label for label, resources in variants if check(resources) == []]


def changed_sites(cloud: str, requirement: str, changes: Sequence[Change]) -> Iterator[tuple[str, Sequence[Recorded]]]:
    """Yield the production site with one change each, out of the changes that violate a requirement."""
    for name, kind, path, value in changes:
        if name == requirement:
            yield (
                f"{kind}.{'.'.join(map(str, path))} = {value!r}",
                with_change(production_site(cloud), kind, path, value),
            )


def reduced_sites(
    cloud: str, requirement: str, missing: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Sequence[Recorded]]]:
    """Yield the production site without one kind of resource each, out of those that a requirement needs."""
    for name, kind in missing:
        if name == requirement:
            yield f"no {kind}", without_kind(production_site(cloud), kind)
