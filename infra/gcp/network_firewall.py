"""Firewall rules of a site's network, and private zones for Google's services. Pure data."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from infra.addressing import AddressPlan
from infra.workload import P2P_PORT

SERVICES: Final = "199.36.153.4/30"
"""Addresses of ``restricted.googleapis.com``: the services that a service perimeter can restrict."""
SERVICE_ADDRESSES: Final = tuple(str(address) for address in ipaddress.IPv4Network(SERVICES))
SERVICE_ZONES: Final[Mapping[str, str]] = {
    "googleapis.com.": "restricted.googleapis.com.",
    "gcr.io.": "gcr.io.",
    "pkg.dev.": "pkg.dev.",
}
"""Private zones, each with the name that has the addresses; all other names are CNAMEs to it."""
CHECKERS: Final = ("35.191.0.0/16", "130.211.0.0/22")
"""Source ranges of Google's front ends and their health checks."""
_LAST_PRIORITY: Final = 65_534
_ANYWHERE: Final = "0.0.0.0/0"
_LOGGED: Final = {"metadata": "INCLUDE_ALL_METADATA"}


def node_range(plan: AddressPlan) -> str:
    """Return the range of the regional subnet: the first two zones' quarters, half of the site's range."""
    halves = ipaddress.collapse_addresses(ipaddress.IPv4Network(zone) for zone in plan.nodes[:2])
    return str(next(halves))


def rules(plan: AddressPlan, pods: str) -> dict[str, dict[str, Any]]:
    """Return rules by name: both directions are closed, then each flow that a site needs is opened.

    The cluster itself opens flows to machines (control plane, pods, its load balancers with their source ranges), and
    so does the edge.
    """
    site_ranges = [node_range(plan), pods, plan.control_plane]
    peers_and_web = [str(P2P_PORT), "443"]
    return {
        "deny-in": {
            "direction": "INGRESS",
            "priority": _LAST_PRIORITY,
            "denies": [{"protocol": "all"}],
            "source_ranges": [_ANYWHERE],
            "log_config": _LOGGED,
        },
        "deny-out": {
            "direction": "EGRESS",
            "priority": _LAST_PRIORITY,
            "denies": [{"protocol": "all"}],
            "destination_ranges": [_ANYWHERE],
            "log_config": _LOGGED,
        },
        "own-out": {"direction": "EGRESS", "allows": [{"protocol": "all"}], "destination_ranges": site_ranges},
        "services-out": {
            "direction": "EGRESS",
            "allows": [{"protocol": "tcp", "ports": ["443"]}],
            "destination_ranges": [SERVICES],
        },
        # Peers of other sites authenticate by keys, and images may be in any registry.
        "internet-out": {
            "direction": "EGRESS",
            "allows": [{"protocol": "tcp", "ports": peers_and_web}],
            "destination_ranges": [_ANYWHERE],
        },
    }
