"""Cases of ``policies.gcp.networks``."""

from __future__ import annotations

from policies.gcp.networks import DNS_POLICY, FIREWALL, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_NETWORK = {"name": "site", "autoCreateSubnetworks": False}
_SUBNET = {
    "privateIpGoogleAccess": True,
    "purpose": "PRIVATE",
    "ipv6AccessType": "INTERNAL",
    "logConfig": {"flowSampling": 1.0, "metadata": "INCLUDE_ALL_METADATA", "filterExpr": "true"},
}
_LOGGED = Declaration(
    type=DNS_POLICY, name="queries", props={"enableLogging": True}, references={"networks": ["subject"]}
)
_CLOSED = Declaration(
    type=FIREWALL,
    name="closed",
    props={
        "direction": "EGRESS",
        "denies": [{"protocol": "all"}],
        "destinationRanges": ["0.0.0.0/0"],
        "disabled": False,
    },
    references={"network": ["subject"]},
)
_UNLOGGED = "gcp-vpc-subnet-limit-unlogged-flows"
_QUERIES = "gcp-vpc-network-require-query-logs"
_EGRESS = "gcp-vpc-network-require-closed-egress"

_BY_NAME = Declaration(
    type=DNS_POLICY,
    name="queries",
    props={"enableLogging": True, "networks": [{"networkUrl": "projects/some/global/networks/site"}]},
)

CASES = [
    _case("gcp-vpc-network-deny-automatic-subnets", _NETWORK, "autoCreateSubnetworks", True),
    _case("gcp-vpc-subnet-require-flowlogs", _SUBNET, "logConfig", {}),
    _case(_UNLOGGED, _SUBNET, "logConfig.flowSampling", 0.1),
    _case(_UNLOGGED, _SUBNET, "logConfig.metadata", "EXCLUDE_ALL_METADATA"),
    _case(_UNLOGGED, _SUBNET, "logConfig.filterExpr", "dest_port != 22"),
    _case("gcp-vpc-subnet-require-private-services", _SUBNET, "privateIpGoogleAccess", False),
    _case("gcp-vpc-subnet-deny-public-addresses", _SUBNET, "ipv6AccessType", "EXTERNAL"),
    _case("gcp-vpc-nat-require-logs", {"logConfig": {"enable": True, "filter": "ALL"}}, "logConfig.enable", False),
    _case("gcp-dns-policy-require-logs", {"enableLogging": True}, "enableLogging", False),
    _case(_QUERIES, _NETWORK, "enableLogging", False, related=(_LOGGED,), broken_related="queries"),
    _case(_EGRESS, _NETWORK, "denies[0].protocol", "tcp", absent_path="denies", related=(_CLOSED,),
        broken_related="closed"),
    _case(_EGRESS, _NETWORK, "direction", "INGRESS", related=(_CLOSED,), broken_related="closed"),
    _case(_EGRESS, _NETWORK, "disabled", True, absent_path="denies", related=(_CLOSED,), broken_related="closed"),
    _case(_EGRESS, _NETWORK, "destinationRanges", ["10.0.0.0/8"], absent_path="denies", related=(_CLOSED,),
          broken_related="closed"),
    _case(_QUERIES, _NETWORK, "networks[0].networkUrl", "projects/some/global/networks/other", related=(_BY_NAME,),
          broken_related="queries"),
]  # fmt: skip
