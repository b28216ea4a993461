"""Cases of ``policies.gcp.network_access``."""

from __future__ import annotations

from typing import Any

from policies.gcp.network_access import POLICY_RULES, RULES
from tests.policies import tables

_case = tables.of(RULES)
_ADMINISTRATION = "gcp-vpc-firewall-deny-open-administration"
_DATA = "gcp-vpc-firewall-deny-open-data"
_PORTS = "gcp-vpc-firewall-limit-open-ports"
_EGRESS = "gcp-vpc-firewall-limit-egress"
_TARGETS = "gcp-vpc-firewall-require-targets"
_LOGS = "gcp-vpc-firewall-require-denial-logs"


def firewall(port: str = "443", cidr: str = "0.0.0.0/0") -> dict[str, Any]:
    """Return a rule that opens one port of the edge to the Internet."""
    allows = [{"protocol": "tcp", "ports": [port]}]
    return {"allows": allows, "sourceRanges": [cidr], "targetTags": ["edge"], "disabled": False}


def leaving() -> dict[str, Any]:
    """Return a rule that opens one port for egress."""
    allows = [{"protocol": "tcp", "ports": ["443"]}]
    return {"direction": "EGRESS", "allows": allows, "destinationRanges": ["0.0.0.0/0"]}


def policy_rule(port: str = "443") -> dict[str, Any]:
    """Return a rule of a firewall policy that opens one port to the Internet."""
    layers = [{"ipProtocol": "tcp", "ports": [port]}]
    return {"action": "allow", "direction": "INGRESS", "match": {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": layers}}


_IN_POLICY: dict[str, Any] = {"type": POLICY_RULES[0], "absent_path": "match.srcIpRanges"}

CASES = [
    _case(_ADMINISTRATION, firewall(), "allows[0].ports[0]", "20-25", absent_path="sourceRanges"),
    _case(_ADMINISTRATION, firewall(), "allows[0].protocol", "all", absent_path="sourceRanges"),
    _case(_ADMINISTRATION, firewall("22", "10.0.0.0/8"), "sourceRanges[0]", "::/0", absent_path="sourceRanges"),
    _case(_ADMINISTRATION, firewall("22", "10.0.0.0/8"), "sourceRanges", ["0.0.0.0/1", "128.0.0.0/1"]),
    _case(_ADMINISTRATION, policy_rule(), "match.layer4Configs[0].ports[0]", "3389", **_IN_POLICY),
    _case(_ADMINISTRATION, {**policy_rule("22"), "action": "deny"}, "action", "allow", **_IN_POLICY),
    _case(_ADMINISTRATION, {**firewall("22"), "disabled": True}, "disabled", False, absent_path="sourceRanges"),
    _case(_DATA, firewall(), "allows[0].ports[0]", "5432", absent_path="sourceRanges"),
    _case(_PORTS, firewall(), "allows[0].ports[0]", "8000-8100", absent_path="sourceRanges"),
    _case(_PORTS, firewall(), "allows[0].ports", [], absent_path="sourceRanges"),
    _case(_EGRESS, leaving(), "allows[0].protocol", "all", absent_path="destinationRanges"),
    _case(_TARGETS, firewall(), "targetTags", []),
    _case(_LOGS, {"denies": [{"protocol": "all"}], "logConfig": {"metadata": "INCLUDE_ALL_METADATA"}}, "logConfig", {}),
]
