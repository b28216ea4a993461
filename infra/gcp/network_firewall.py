"""What may flow in a site's network, and where its names for Google's services lead. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from infra.addressing import AddressPlan
from infra.workload import P2P_PORT

SERVICES: Final = "199.36.153.4/30"
"""Google's services as ``restricted.googleapis.com``: only those that a service perimeter can hold in."""
SERVICE_ADDRESSES: Final = tuple(str(address) for address in ipaddress.IPv4Network(SERVICES))
SERVICE_ZONES: Final[Mapping[str, str]] = {
    "googleapis.com.": "restricted.googleapis.com.",
    "gcr.io.": "gcr.io.",
    "pkg.dev.": "pkg.dev.",
}
"""Private zones, and the name in each that holds the addresses; every other name of the zone leads to it."""
CHECKERS: Final = ("35.191.0.0/16", "130.211.0.0/22")
"""Where Google's front ends and their health checks come from."""
_LAST: Final = 65_534
_ANYWHERE: Final = "0.0.0.0/0"
_LOGGED: Final = {"metadata": "INCLUDE_ALL_METADATA"}


def node_range(plan: AddressPlan) -> str:
    """The range of the one regional subnet: the first two zones' quarters as one, half of the site."""
    halves = ipaddress.collapse_addresses(ipaddress.IPv4Network(zone) for zone in plan.nodes[:2])
    return str(next(halves))


def rules(plan: AddressPlan, pods: str) -> dict[str, dict[str, Any]]:
    """Rules by name. Everything is closed in both directions, then each flow that a site needs is opened.

    Flows into machines are opened by the cluster itself (control plane, pods, its load balancers, with their own
    source ranges) and by the edge.
    """
    own = [node_range(plan), pods, plan.control_plane]
    peers_and_web = [str(P2P_PORT), "443"]
    return {
        "deny-in": {
            "direction": "INGRESS",
            "priority": _LAST,
            "denies": [{"protocol": "all"}],
            "source_ranges": [_ANYWHERE],
            "log_config": _LOGGED,
        },
        "deny-out": {
            "direction": "EGRESS",
            "priority": _LAST,
            "denies": [{"protocol": "all"}],
            "destination_ranges": [_ANYWHERE],
            "log_config": _LOGGED,
        },
        "own-out": {"direction": "EGRESS", "allows": [{"protocol": "all"}], "destination_ranges": own},
        "services-out": {
            "direction": "EGRESS",
            "allows": [{"protocol": "tcp", "ports": ["443"]}],
            "destination_ranges": [SERVICES],
        },
        # Peers of other sites, known by their keys, and registries that an image may be named in.
        "internet-out": {
            "direction": "EGRESS",
            "allows": [{"protocol": "tcp", "ports": peers_and_web}],
            "destination_ranges": [_ANYWHERE],
        },
    }
