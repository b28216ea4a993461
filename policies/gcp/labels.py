"""Rules about labels that identify the owner of a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.owner_tags import TAGS, WHY, add_owner_tags, must_have_owner_tags
from policies.rule import Absence, AnyRule, Rule, Severity

_FIXABLE = ("labels", "resourceLabels", "userLabels")
"""Paths to which a fix may add labels. New labels elsewhere may replace resources, such as the machines of a node
pool."""

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
"""Types of resources that cost money, hold data or grant access, by the path of their labels."""


def _tokens(services: Mapping[str, str]) -> Iterator[str]:
    for service, names in services.items():
        for name in names.split():
            yield f"gcp:{service}/{name[0].lower()}{name[1:]}:{name}"


TYPES_BY_PATH: Mapping[str, tuple[str, ...]] = {place: tuple(_tokens(services)) for place, services in _NAMES.items()}
_REPLACED_BY_LABELS = tuple(token for token in TYPES_BY_PATH["labels"] if token.endswith("Template"))
"""Types that a change of labels replaces."""


def _rule(path: str, name: str) -> Rule:
    return Rule(
        id=f"gcp-labels-{name}-require-owner",
        types=TYPES_BY_PATH[path],
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why=WHY,
        remedy=f"Set {', '.join(TAGS)} in {path}. Default labels of a provider do not appear in a plan.",
        reference="https://cloud.google.com/resource-manager/docs/creating-managing-labels",
        check=must_have_owner_tags(path),
        fix=add_owner_tags(path, excluded=_REPLACED_BY_LABELS) if path in _FIXABLE else None,
    )


RULES: tuple[AnyRule, ...] = (
    _rule("labels", "resource"),
    _rule("resourceLabels", "cluster"),
    _rule("nodeConfig.resourceLabels", "nodepool"),
    _rule("settings.userLabels", "database"),
    _rule("userLabels", "alarm"),
)
