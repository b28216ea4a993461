"""Which rules there are, by the type of resource. A subject is imported when a resource of its cloud is seen."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from policies.rule import AnyRule

SUBJECTS: Mapping[str, Sequence[str]] = {
    "aws": (
        "policies.aws.openings",
        "policies.aws.networks",
        "policies.aws.servers",
        "policies.aws.disks",
        "policies.aws.clusters",
        "policies.aws.nodes",
        "policies.aws.registries",
        "policies.aws.buckets",
        "policies.aws.keys",
        "policies.aws.permissions",
        "policies.aws.identities",
        "policies.aws.sharing",
        "policies.aws.balancers",
        "policies.aws.firewalls",
        "policies.aws.names",
        "policies.aws.records",
        "policies.aws.backups",
        "policies.aws.databases",
        "policies.aws.stores",
        "policies.aws.functions",
        "policies.aws.scaling",
        "policies.aws.detection",
        "policies.aws.ownership",
    ),
    "azure-native": (
        "policies.azure.openings",
        "policies.azure.networks",
        "policies.azure.edges",
        "policies.azure.storage",
        "policies.azure.backups",
        "policies.azure.vaults",
        "policies.azure.clusters",
        "policies.azure.upkeep",
        "policies.azure.nodes",
        "policies.azure.registries",
        "policies.azure.machines",
        "policies.azure.databases",
        "policies.azure.applications",
        "policies.azure.records",
        "policies.azure.permissions",
        "policies.azure.ownership",
    ),
    "gcp": (
        "policies.gcp.networks",
        "policies.gcp.openings",
        "policies.gcp.servers",
        "policies.gcp.clusters",
        "policies.gcp.hardening",
        "policies.gcp.nodes",
        "policies.gcp.grants",
        "policies.gcp.identities",
        "policies.gcp.keys",
        "policies.gcp.buckets",
        "policies.gcp.registries",
        "policies.gcp.names",
        "policies.gcp.balancers",
        "policies.gcp.edges",
        "policies.gcp.logs",
        "policies.gcp.databases",
        "policies.gcp.stores",
        "policies.gcp.functions",
        "policies.gcp.ownership",
    ),
    "kubernetes": (
        "policies.kubernetes.pods",
        "policies.kubernetes.hosts",
        "policies.kubernetes.credentials",
        "policies.kubernetes.grants",
        "policies.kubernetes.images",
        "policies.kubernetes.running",
        "policies.kubernetes.availability",
        "policies.kubernetes.networks",
        "policies.kubernetes.services",
        "policies.kubernetes.references",
        "policies.kubernetes.namespaces",
        "policies.kubernetes.storage",
        "policies.kubernetes.batch",
        "policies.kubernetes.admission",
        "policies.kubernetes.slots",
        "policies.kubernetes.rollouts",
        "policies.kubernetes.analyses",
        "policies.kubernetes.canaries",
        "policies.kubernetes.flagger",
    ),
    "docker": ("policies.docker.images",),
    "pouw": ("policies.pouw.settings", "policies.pouw.sites"),
}
"""The first part of a type token, and the modules whose ``RULES`` are about such resources."""

Index = Mapping[str, tuple[AnyRule, ...]]


def indexed(rules: Iterable[AnyRule]) -> Index:
    """The rules by the type tokens that they name."""
    found: defaultdict[str, list[AnyRule]] = defaultdict(list)
    for rule in rules:
        for token in rule.types:
            found[token].append(rule)
    return {token: tuple(listed) for token, listed in found.items()}


def rules_of(package: str) -> Sequence[AnyRule]:
    """The rules about resources of one cloud."""
    return [rule for name in SUBJECTS.get(package, ()) for rule in importlib.import_module(name).RULES]


@cache
def _index(package: str) -> Index:
    return indexed(rules_of(package))


def rules_for(token: str) -> Sequence[AnyRule]:
    """Every rule about resources of the type; loads what the type's cloud needs."""
    return _index(token.partition(":")[0]).get(token, ())


def every_rule() -> Mapping[str, AnyRule]:
    """All rules of all clouds by id. Loads everything."""
    return {rule.id: rule for package in SUBJECTS for rule in rules_of(package)}
