"""Cases of ``policies.azure.network_access``."""

from __future__ import annotations

from typing import Any

from policies.azure.network_access import RULES, SECURITY_RULE
from tests.policies import tables
from tests.policies.azure.fixtures import GUARD, opening
from tests.policies.contract import Case

_make = tables.of(RULES)
_GUARD = "azure-network-guard-"
_PORT = "securityRules[0].destinationPortRange"
_FIREWALL = {"startIpAddress": "203.0.113.7", "endIpAddress": "203.0.113.7"}


def _single(rule: str, port: str, broken_value: str) -> Case:
    """Return a case of a separate rule that admits a private range, and then another source."""
    compliant: dict[str, Any] = opening(port, source="10.0.0.0/8")
    return _make(_GUARD + rule, compliant, "sourceAddressPrefix", broken_value, type=SECURITY_RULE)


CASES = [
    _make(_GUARD + "deny-open-administration", GUARD, _PORT, "20-25", absent_path="securityRules"),
    _single("deny-open-administration", "22", "*"),
    _single("deny-open-administration", "3389", "128.0.0.0/1"),
    _single("deny-open-administration", "*", "::/0"),
    _make(_GUARD + "deny-open-data", GUARD, _PORT, "5432", absent_path="securityRules"),
    _single("deny-open-data", "6379", "Internet"),
    _make(_GUARD + "limit-open-ports", GUARD, _PORT, "*", absent_path="securityRules"),
    _single("limit-open-ports", "8000-9000", "0.0.0.0/0"),
    _make(_GUARD + "deny-open-reflection", opening("123", source="10.0.0.0/8", protocol="Udp"), "sourceAddressPrefix",
          "Internet", type=SECURITY_RULE),
    _make("azure-sql-firewall-deny-everybody", _FIREWALL, "endIpAddress", "223.255.255.255"),
    _make("azure-sql-firewall-deny-everybody", {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.1"},  # noqa: S104
          "endIpAddress", "0.0.0.0"),  # noqa: S104
]  # fmt: skip
