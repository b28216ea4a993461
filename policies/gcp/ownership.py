"""Whose a resource is: the labels by which costs, incidents and leftovers find somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.rule import Absence, Addition, AnyRule, Props, Rule, Severity, Surroundings

LABELS = ("project", "environment", "site", "managed-by")
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


def _rule(place: str, name: str) -> Rule:
    def is_nobodys(props: Props) -> Iterator[str]:
        node = props
        for step in place.split("."):
            node = node.get(step) or {}
        if missing := [label for label in LABELS if not node.get(label)]:
            yield f"{place}: lacks {', '.join(missing)}"

    def adds_labels(props: Props, around: Surroundings) -> Iterator[Addition]:
        if around.type.endswith("Template"):
            return  # of another label makes another template
        labels = props.get(place) or {}
        for label in LABELS:
            if label not in labels and label in around.tags:
                yield f"{place}.{label}", around.tags[label]

    return Rule(
        id=f"gcp-labels-{name}-require-owner",
        types=PLACES[place],
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What nobody's name is on is paid for, and left open, because nobody dares to delete it.",
        remedy=f"Set {', '.join(LABELS)} in {place}; those of a provider do not show in a plan.",
        reference="https://cloud.google.com/resource-manager/docs/creating-managing-labels",
        check=is_nobodys,
        fix=adds_labels if place in _FIXED else None,
    )


RULES: tuple[AnyRule, ...] = (
    _rule("labels", "resource"),
    _rule("resourceLabels", "cluster"),
    _rule("nodeConfig.resourceLabels", "nodepool"),
    _rule("settings.userLabels", "database"),
    _rule("userLabels", "alarm"),
)
