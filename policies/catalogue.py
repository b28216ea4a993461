"""The catalogue of rules by resource type. Modules of a cloud are imported at the first resource of that cloud."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from policies.rule import AnyRule

SUBJECTS: Mapping[str, Sequence[str]] = {
    "aws": (
        "policies.aws.network_access",
        "policies.aws.networks",
        "policies.aws.instances",
        "policies.aws.disks",
        "policies.aws.clusters",
        "policies.aws.node_groups",
        "policies.aws.registries",
        "policies.aws.buckets",
        "policies.aws.keys",
        "policies.aws.permissions",
        "policies.aws.identities",
        "policies.aws.resource_policies",
        "policies.aws.load_balancers",
        "policies.aws.web_firewalls",
        "policies.aws.domains",
        "policies.aws.audit_logs",
        "policies.aws.backups",
        "policies.aws.databases",
        "policies.aws.data_stores",
        "policies.aws.functions",
        "policies.aws.autoscaling_groups",
        "policies.aws.threat_detection",
        "policies.aws.tags",
    ),
    "azure-native": (
        "policies.azure.network_access",
        "policies.azure.networks",
        "policies.azure.edges",
        "policies.azure.storage",
        "policies.azure.backups",
        "policies.azure.vaults",
        "policies.azure.clusters",
        "policies.azure.maintenance",
        "policies.azure.node_pools",
        "policies.azure.registries",
        "policies.azure.virtual_machines",
        "policies.azure.databases",
        "policies.azure.web_apps",
        "policies.azure.audit_logs",
        "policies.azure.permissions",
        "policies.azure.tags",
    ),
    "gcp": (
        "policies.gcp.networks",
        "policies.gcp.network_access",
        "policies.gcp.instances",
        "policies.gcp.clusters",
        "policies.gcp.cluster_security",
        "policies.gcp.node_pools",
        "policies.gcp.iam_bindings",
        "policies.gcp.identities",
        "policies.gcp.keys",
        "policies.gcp.buckets",
        "policies.gcp.registries",
        "policies.gcp.domains",
        "policies.gcp.load_balancers",
        "policies.gcp.web_firewalls",
        "policies.gcp.audit_logs",
        "policies.gcp.databases",
        "policies.gcp.data_stores",
        "policies.gcp.functions",
        "policies.gcp.labels",
    ),
    "kubernetes": (
        "policies.kubernetes.pods",
        "policies.kubernetes.host_access",
        "policies.kubernetes.credentials",
        "policies.kubernetes.rbac",
        "policies.kubernetes.images",
        "policies.kubernetes.lifecycle",
        "policies.kubernetes.availability",
        "policies.kubernetes.network_policies",
        "policies.kubernetes.services",
        "policies.kubernetes.dependencies",
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
"""Modules with ``RULES`` about resources, by the package of their type token."""

Index = Mapping[str, tuple[AnyRule, ...]]


def index_by_type(rules: Iterable[AnyRule]) -> Index:
    """Return the rules by the type tokens that they judge."""
    by_type: defaultdict[str, list[AnyRule]] = defaultdict(list)
    for rule in rules:
        for token in rule.types:
            by_type[token].append(rule)
    return {token: tuple(type_rules) for token, type_rules in by_type.items()}


def rules_of(package: str) -> Sequence[AnyRule]:
    """Return the rules about resources of one cloud."""
    return [rule for name in SUBJECTS.get(package, ()) for rule in importlib.import_module(name).RULES]


@cache
def _index(package: str) -> Index:
    return index_by_type(rules_of(package))


def rules_for(token: str) -> Sequence[AnyRule]:
    """Return every rule about resources of the type. Import the modules of its cloud if necessary."""
    return _index(token.partition(":")[0]).get(token, ())


def every_rule() -> Mapping[str, AnyRule]:
    """Return all rules of all clouds by id. Import all modules."""
    return {rule.id: rule for package in SUBJECTS for rule in rules_of(package)}
