"""Rules about VPC networks: subnets, flow logs, NAT and DNS logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import all_of, exists, may_be, may_be_at_least, must_be, must_be_set, must_not_be
from policies.gcp.references import referrers
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

NETWORK = "gcp:compute/network:Network"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
NAT = "gcp:compute/routerNat:RouterNat"
DNS_POLICY = "gcp:dns/policy:Policy"
FIREWALL = "gcp:compute/firewall:Firewall"

_GUIDE = "https://cloud.google.com/vpc/docs/"


def _for_machine_subnet(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    """Return the check for subnets of machines. Subnets of proxies and endpoints have none of these settings."""

    def check_applicable(props: Props) -> Iterator[str]:
        if (props.get("purpose") or "PRIVATE") == "PRIVATE":
            yield from check(props)

    return check_applicable


def _check_query_logs(network: Resource, stack: Stack) -> Iterator[str]:
    policies = referrers(network, stack, (DNS_POLICY,), "networks[*].networkUrl")
    if not exists(policies, lambda resource: resource.inputs.get("enableLogging") is True):
        yield "name: DNS queries are not logged; got no DNS policy with enableLogging; expected one"


def _check_egress_rule(network: Resource, stack: Stack) -> Iterator[str]:
    if not exists(referrers(network, stack, (FIREWALL,), "network"), _denies_all_egress):
        yield "name: egress is allowed by default; got no firewall rule that denies all egress; expected one"


def _denies_all_egress(firewall: Resource) -> bool:
    props = firewall.inputs
    if props.get("direction") != "EGRESS" or props.get("disabled") is True:
        return False
    everything = any(entry.get("protocol") == "all" for entry in props.get("denies") or ())
    return everything and "0.0.0.0/0" in (props.get("destinationRanges") or ("0.0.0.0/0",))


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-vpc-network-deny-automatic-subnets",
        types=(NETWORK,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Automatic subnets exist in every region, and their ranges overlap those of other networks.",
        remedy="Set autoCreateSubnetworks: false, and declare the required subnets.",
        reference=_GUIDE + "vpc",
        check=must_be("autoCreateSubnetworks", False),
    ),
    Rule(
        id="gcp-vpc-subnet-require-flowlogs",
        types=(SUBNET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without flow logs, the path of leaked data cannot be determined.",
        remedy="Set logConfig.",
        reference=_GUIDE + "flow-logs",
        check=_for_machine_subnet(must_be_set("logConfig")),
    ),
    Rule(
        id="gcp-vpc-subnet-limit-unlogged-flows",
        types=(SUBNET,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="An attacker can hide in traffic that the log omits.",
        remedy="Set logConfig.flowSampling to at least 0.5, metadata: INCLUDE_ALL_METADATA, and no filterExpr.",
        reference=_GUIDE + "flow-logs",
        check=all_of(
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
        why="Machines without a public address reach Google APIs only through the Internet, or not at all.",
        remedy="Set privateIpGoogleAccess: true.",
        reference=_GUIDE + "private-google-access",
        check=_for_machine_subnet(must_be("privateIpGoogleAccess", True)),
    ),
    Rule(
        id="gcp-vpc-subnet-deny-public-addresses",
        types=(SUBNET,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every machine of the subnet gets an address that is reachable from the Internet.",
        remedy="Remove ipv6AccessType, or set it to INTERNAL.",
        reference=_GUIDE + "subnets",
        check=must_not_be("ipv6AccessType", "EXTERNAL"),
    ),
    Rule(
        id="gcp-vpc-nat-require-logs",
        types=(NAT,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="Connections dropped for lack of NAT ports look like failures of the remote service.",
        remedy="Set logConfig.enable: true.",
        reference="https://cloud.google.com/nat/docs/monitoring",
        check=must_be("logConfig.enable", True),
    ),
    Rule(
        id="gcp-dns-policy-require-logs",
        types=(DNS_POLICY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="DNS queries are often the first sign of a compromised machine.",
        remedy="Set enableLogging: true.",
        reference="https://cloud.google.com/dns/docs/monitoring",
        check=must_be("enableLogging", True),
    ),
    StackRule(
        id="gcp-vpc-network-require-query-logs",
        types=(NETWORK,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A network without a DNS policy logs no queries.",
        remedy="Add a DNS policy with enableLogging: true and the network in networks.",
        reference="https://cloud.google.com/dns/docs/monitoring",
        check=_check_query_logs,
    ),
    StackRule(
        id="gcp-vpc-network-require-closed-egress",
        types=(NETWORK,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Google allows all egress by default, so an intruder can export data through any port.",
        remedy="Add a firewall rule that denies all EGRESS at the last priority, and allow the required destinations.",
        reference="https://cloud.google.com/firewall/docs/firewalls",
        check=_check_egress_rule,
    ),
)
