"""Networks: that nothing is made by itself, and that what flows is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import both, exists, may_be, may_be_at_least, must_be, must_be_set, must_not_be
from policies.gcp.relations import about
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

NETWORK = "gcp:compute/network:Network"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
NAT = "gcp:compute/routerNat:RouterNat"
QUERIES = "gcp:dns/policy:Policy"
FIREWALL = "gcp:compute/firewall:Firewall"

_GUIDE = "https://cloud.google.com/vpc/docs/"


def _of_machines(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    """Subnets of proxies and of private endpoints hold no machines, and take none of these settings."""

    def checked(props: Props) -> Iterator[str]:
        if (props.get("purpose") or "PRIVATE") == "PRIVATE":
            yield from check(props)

    return checked


def _logs_queries(network: Resource, stack: Stack) -> Iterator[str]:
    policies = about(network, stack, (QUERIES,), "networks[*].networkUrl")
    if not exists(policies, lambda one: one.inputs.get("enableLogging") is True):
        yield "name: no DNS policy logs what its machines ask for"


def _lets_nothing_out(network: Resource, stack: Stack) -> Iterator[str]:
    if not exists(about(network, stack, (FIREWALL,), "network"), _refuses_everything):
        yield "name: no firewall rule denies what is not allowed to leave"


def _refuses_everything(firewall: Resource) -> bool:
    props = firewall.inputs
    if props.get("direction") != "EGRESS" or props.get("disabled") is True:
        return False
    everything = any(one.get("protocol") == "all" for one in props.get("denies") or ())
    return everything and "0.0.0.0/0" in (props.get("destinationRanges") or ("0.0.0.0/0",))


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-vpc-network-deny-automatic-subnets",
        types=(NETWORK,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Google makes a subnet in every region, with ranges that overlap those of all other such networks.",
        remedy="Set autoCreateSubnetworks: false, and declare the subnets that are used.",
        reference=_GUIDE + "vpc",
        check=must_be("autoCreateSubnetworks", False),
    ),
    Rule(
        id="gcp-vpc-subnet-require-flowlogs",
        types=(SUBNET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without flow logs nobody can say where data went while something went wrong.",
        remedy="Set logConfig.",
        reference=_GUIDE + "flow-logs",
        check=_of_machines(must_be_set("logConfig")),
    ),
    Rule(
        id="gcp-vpc-subnet-limit-unlogged-flows",
        types=(SUBNET,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="What a log leaves out is where somebody who knows that hides.",
        remedy="Set logConfig.flowSampling to at least 0.5, metadata: INCLUDE_ALL_METADATA, and no filterExpr.",
        reference=_GUIDE + "flow-logs",
        check=both(
            may_be_at_least("logConfig.flowSampling", 0.5),
            may_be("logConfig.metadata", "INCLUDE_ALL_METADATA"),
            may_be("logConfig.filterExpr", "true"),
        ),
    ),
    Rule(
        id="gcp-vpc-subnet-require-private-services",
        types=(SUBNET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines without an address outside reach storage and registries by way of the Internet, or not at all.",
        remedy="Set privateIpGoogleAccess: true.",
        reference=_GUIDE + "private-google-access",
        check=_of_machines(must_be("privateIpGoogleAccess", True)),
    ),
    Rule(
        id="gcp-vpc-subnet-deny-public-addresses",
        types=(SUBNET,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every machine of such a subnet gets an address that anybody can reach.",
        remedy="Remove ipv6AccessType, or set INTERNAL.",
        reference=_GUIDE + "subnets",
        check=must_not_be("ipv6AccessType", "EXTERNAL"),
    ),
    Rule(
        id="gcp-vpc-nat-require-logs",
        types=(NAT,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Connections that translation drops for want of ports look like failures of somebody else.",
        remedy="Set logConfig with enable: true.",
        reference="https://cloud.google.com/nat/docs/monitoring",
        check=must_be("logConfig.enable", True),
    ),
    Rule(
        id="gcp-dns-policy-require-logs",
        types=(QUERIES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Names that are asked for show who talks to whom, and are the first that is seen of a stolen machine.",
        remedy="Set enableLogging: true.",
        reference="https://cloud.google.com/dns/docs/monitoring",
        check=must_be("enableLogging", True),
    ),
    StackRule(
        id="gcp-vpc-network-require-query-logs",
        types=(NETWORK,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A network that no DNS policy names logs no query at all.",
        remedy="Add a DNS policy with enableLogging: true that names the network.",
        reference="https://cloud.google.com/dns/docs/monitoring",
        check=_logs_queries,
    ),
    StackRule(
        id="gcp-vpc-network-require-closed-egress",
        types=(NETWORK,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Google lets everything out that no rule denies, so whoever gets in takes the data out by any port.",
        remedy="Add a firewall rule that denies all EGRESS at the last priority, and allow what is needed before it.",
        reference="https://cloud.google.com/firewall/docs/firewalls",
        check=_lets_nothing_out,
    ),
)
