"""Kubernetes clusters on Google Cloud: who reaches the API, how it is kept up, and what is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import MISSING, exists, find, may_be, must_be, must_be_set, must_match, must_not_be
from policies.openings import is_anybody
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CLUSTER = "gcp:container/cluster:Cluster"
BUDGET = "gcp:billing/budget:Budget"

_GUIDE = "https://cloud.google.com/kubernetes-engine/docs/"
_LOGS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER")
_RANGES = "masterAuthorizedNetworksConfig"


def _is_open_to_all(props: Props) -> Iterator[str]:
    if (props.get("privateClusterConfig") or {}).get("enablePrivateEndpoint") is True:
        return
    if not props.get(_RANGES):
        yield f"{_RANGES}: is missing, and anybody reaches the API"
        return
    for at, cidr in find(props, f"{_RANGES}.cidrBlocks[*].cidrBlock"):
        if cidr is not MISSING and is_anybody(cidr):
            yield f"{at}: the API is open to {cidr}"


def _lacks(path: str, *wanted: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        named = [one for _, one in find(props, f"{path}[*]")]
        if missing := [one for one in wanted if one not in named]:
            yield f"{path}: lacks {', '.join(missing)}"

    return check


def _has_budget(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of(BUDGET), lambda one: bool(one.inputs.get("thresholdRules"))):
        yield "name: no budget tells anybody what its machines cost"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-gke-cluster-deny-open-api",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="The next hole in the API server, or one leaked token, is used from anywhere.",
        remedy=f"Set privateClusterConfig.enablePrivateEndpoint: true, or name ranges in {_RANGES}.cidrBlocks.",
        reference=_GUIDE + "how-to/authorized-networks",
        check=_is_open_to_all,
    ),
    Rule(
        id="gcp-gke-cluster-deny-google-ranges",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Every customer of Google Cloud has a machine in these ranges, or can have one in a minute.",
        remedy=f"Set {_RANGES}.gcpPublicCidrsAccessEnabled: false.",
        reference=_GUIDE + "how-to/authorized-networks",
        check=must_be(f"{_RANGES}.gcpPublicCidrsAccessEnabled", False),
    ),
    Rule(
        id="gcp-gke-cluster-deny-open-name",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="The API's name of its own is reached from outside whatever ranges are authorized.",
        remedy="Remove controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic, or set it to false.",
        reference=_GUIDE + "concepts/network-isolation",
        check=must_not_be("controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic", True),
    ),
    Rule(
        id="gcp-gke-cluster-require-private-nodes",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Nodes with addresses outside are scanned, and one open port on one of them is a way in.",
        remedy="Set privateClusterConfig.enablePrivateNodes: true.",
        reference=_GUIDE + "concepts/network-isolation",
        check=must_be("privateClusterConfig.enablePrivateNodes", True),
    ),
    Rule(
        id="gcp-gke-cluster-require-logs",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What the API server was asked, and what it answered, is gone when it is needed.",
        remedy=f"Name {', '.join(_LOGS)} in loggingConfig.enableComponents.",
        reference=_GUIDE + "how-to/config-logging-monitoring",
        check=_lacks("loggingConfig.enableComponents", *_LOGS),
    ),
    Rule(
        id="gcp-gke-cluster-require-metrics",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Nobody can be alarmed by what is not measured.",
        remedy="Name SYSTEM_COMPONENTS in monitoringConfig.enableComponents.",
        reference=_GUIDE + "how-to/config-logging-monitoring",
        check=_lacks("monitoringConfig.enableComponents", "SYSTEM_COMPONENTS"),
    ),
    Rule(
        id="gcp-gke-cluster-require-release-channel",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A cluster outside of the channels gets patches when somebody thinks of it.",
        remedy="Set releaseChannel.channel: STABLE or REGULAR.",
        reference=_GUIDE + "concepts/release-channels",
        check=must_be("releaseChannel.channel", "RAPID", "REGULAR", "STABLE", "EXTENDED"),
    ),
    Rule(
        id="gcp-gke-cluster-require-maintenance-window",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Google changes versions at any hour, also in the busiest one.",
        remedy="Set maintenancePolicy with a recurringWindow or a dailyMaintenanceWindow.",
        reference=_GUIDE + "concepts/maintenance-windows-and-exclusions",
        check=must_be_set("maintenancePolicy"),
    ),
    Rule(
        id="gcp-gke-cluster-deny-alpha",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Google deletes such a cluster after 30 days, and never upgrades it.",
        remedy="Remove enableKubernetesAlpha.",
        reference=_GUIDE + "concepts/alpha-clusters",
        check=must_not_be("enableKubernetesAlpha", True),
    ),
    Rule(
        id="gcp-gke-cluster-deny-unprotected",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why="One wrong line takes the cluster and what runs in it; elsewhere a stack is meant to be taken down.",
        remedy="Remove deletionProtection, or set it to true.",
        reference=_GUIDE + "how-to/deleting-a-cluster",
        check=may_be("deletionProtection", True),
    ),
    Rule(
        id="gcp-gke-cluster-match-region",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="When its one zone fails, the API fails with it, and nothing is scheduled anywhere.",
        remedy="Set location to a region.",
        reference=_GUIDE + "concepts/regional-clusters",
        check=must_match("location", "[a-z]+-[a-z]+[0-9]+", "a region"),
    ),
    StackRule(
        id="gcp-gke-cluster-require-budget",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Machines that scale by themselves cost by themselves.",
        remedy="Add a Budget with thresholdRules to the stack.",
        reference="https://cloud.google.com/billing/docs/how-to/budgets",
        check=_has_budget,
    ),
)
