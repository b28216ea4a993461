"""Rules about GKE clusters: API access, logging, upgrades and budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import MISSING, exists, find, format_value, may_be, must_be, must_be_set, must_match, must_not_be
from policies.exposure import is_internet
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CLUSTER = "gcp:container/cluster:Cluster"
BUDGET = "gcp:billing/budget:Budget"

_GUIDE = "https://cloud.google.com/kubernetes-engine/docs/"
_LOGS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER")
_RANGES = "masterAuthorizedNetworksConfig"


def _check_public_endpoint(props: Props) -> Iterator[str]:
    if (props.get("privateClusterConfig") or {}).get("enablePrivateEndpoint") is True:
        return
    if not props.get(_RANGES):
        yield f"{_RANGES}: the API endpoint is open to the Internet; got nothing; expected named address ranges"
        return
    for path, cidr in find(props, f"{_RANGES}.cidrBlocks[*].cidrBlock"):
        if cidr is not MISSING and is_internet(cidr):
            yield f"{path}: the API endpoint is open to the Internet; got {cidr}; expected named address ranges"


def _must_contain(path: str, *expected: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        components = [entry for _, entry in find(props, f"{path}[*]")]
        if missing := [entry for entry in expected if entry not in components]:
            yield f"{path}: components are missing; got {format_value(components)}; expected also {', '.join(missing)}"

    return check


def _check_budget(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of_type(BUDGET), lambda resource: bool(resource.inputs.get("thresholdRules"))):
        yield "name: no budget covers the cluster's machines; got no Budget with thresholdRules; expected at least one"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-gke-cluster-deny-open-api",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A vulnerability in the API server or a leaked token can be exploited from anywhere.",
        remedy=f"Set privateClusterConfig.enablePrivateEndpoint: true, or name ranges in {_RANGES}.cidrBlocks.",
        reference=_GUIDE + "how-to/authorized-networks",
        check=_check_public_endpoint,
    ),
    Rule(
        id="gcp-gke-cluster-deny-google-ranges",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Every Google Cloud customer can use an address in these ranges.",
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
        why="The DNS endpoint of the API is reachable from outside, independently of authorised ranges.",
        remedy="Remove controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic, or set it to false.",
        reference=_GUIDE + "concepts/network-isolation",
        check=must_not_be("controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic", True),
    ),
    Rule(
        id="gcp-gke-cluster-require-private-nodes",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Nodes with public addresses are scanned, and one open port gives an attacker access.",
        remedy="Set privateClusterConfig.enablePrivateNodes: true.",
        reference=_GUIDE + "concepts/network-isolation",
        check=must_be("privateClusterConfig.enablePrivateNodes", True),
    ),
    Rule(
        id="gcp-gke-cluster-require-logs",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without these logs, requests to the API server cannot be investigated later.",
        remedy=f"Set loggingConfig.enableComponents to {', '.join(_LOGS)}.",
        reference=_GUIDE + "how-to/config-logging-monitoring",
        check=_must_contain("loggingConfig.enableComponents", *_LOGS),
    ),
    Rule(
        id="gcp-gke-cluster-require-metrics",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without metrics, no alert can detect a failure.",
        remedy="Add SYSTEM_COMPONENTS to monitoringConfig.enableComponents.",
        reference=_GUIDE + "how-to/config-logging-monitoring",
        check=_must_contain("monitoringConfig.enableComponents", "SYSTEM_COMPONENTS"),
    ),
    Rule(
        id="gcp-gke-cluster-require-release-channel",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A cluster outside the release channels receives security patches late or never.",
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
        why="Google upgrades at any hour, including the busiest one.",
        remedy="Set maintenancePolicy with a recurringWindow or a dailyMaintenanceWindow.",
        reference=_GUIDE + "concepts/maintenance-windows-and-exclusions",
        check=must_be_set("maintenancePolicy"),
    ),
    Rule(
        id="gcp-gke-cluster-deny-alpha",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Google deletes an alpha cluster after 30 days and never upgrades it.",
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
        why=(
            "One wrong change can delete the cluster and its workloads. Stacks outside production are meant to be "
            "deleted."
        ),
        remedy="Remove deletionProtection, or set it to true.",
        reference=_GUIDE + "how-to/deleting-a-cluster",
        check=may_be("deletionProtection", True),
    ),
    Rule(
        id="gcp-gke-cluster-match-region",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A failure of its only zone stops the API server and all scheduling.",
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
        why="Without a budget, a runaway autoscaler is first noticed on the invoice.",
        remedy="Add a Budget with thresholdRules to the stack.",
        reference="https://cloud.google.com/billing/docs/how-to/budgets",
        check=_check_budget,
    ),
)
