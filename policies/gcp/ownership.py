"""Whose a resource is: the labels by which costs, incidents and leftovers find somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.ownership import TAGS, WHY, must_name_owner, naming_owner
from policies.rule import Absence, AnyRule, Rule, Severity

_FIXED = ("labels", "resourceLabels", "userLabels")
"""Where labels can be added. Those of a node pool's machines would replace the machines, for example."""

_NAMES: Mapping[str, Mapping[str, str]] = {
    "labels": {
        "artifactregistry": "Repository",
        "bigquery": "Dataset",
        "certificatemanager": "Certificate",
        "cloudfunctions": "Function",
        "cloudfunctionsv2": "Function",
        "cloudrunv2": "Service",
        "compute": "Address Disk GlobalAddress GlobalForwardingRule Image Instance InstanceTemplate"
        " RegionDisk RegionInstanceTemplate SecurityPolicy Snapshot",
        "dns": "ManagedZone",
        "filestore": "Instance",
        "kms": "CryptoKey",
        "pubsub": "Subscription Topic",
        "redis": "Instance",
        "secretmanager": "Secret",
        "storage": "Bucket",
    },
    "resourceLabels": {"container": "Cluster"},
    "nodeConfig.resourceLabels": {"container": "NodePool"},
    "settings.userLabels": {"sql": "DatabaseInstance"},
    "userLabels": {"monitoring": "AlertPolicy NotificationChannel"},
}
"""What costs, holds or lets through something, by where its labels are."""


def _tokens(services: Mapping[str, str]) -> Iterator[str]:
    for service, names in services.items():
        for name in names.split():
            yield f"gcp:{service}/{name[0].lower()}{name[1:]}:{name}"


PLACES: Mapping[str, tuple[str, ...]] = {place: tuple(_tokens(services)) for place, services in _NAMES.items()}
_TEMPLATES = tuple(token for token in PLACES["labels"] if token.endswith("Template"))
"""Of which other labels make another one."""


def _rule(place: str, name: str) -> Rule:
    return Rule(
        id=f"gcp-labels-{name}-require-owner",
        types=PLACES[place],
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why=WHY,
        remedy=f"Set {', '.join(TAGS)} in {place}; those of a provider do not show in a plan.",
        reference="https://cloud.google.com/resource-manager/docs/creating-managing-labels",
        check=must_name_owner(place),
        fix=naming_owner(place, but=_TEMPLATES) if place in _FIXED else None,
    )


RULES: tuple[AnyRule, ...] = (
    _rule("labels", "resource"),
    _rule("resourceLabels", "cluster"),
    _rule("nodeConfig.resourceLabels", "nodepool"),
    _rule("settings.userLabels", "database"),
    _rule("userLabels", "alarm"),
)
