"""Cases of ``policies.pouw.settings``."""

from __future__ import annotations

from typing import Any

from policies.pouw.settings import RULES
from tests.policies.contract import Case

_RULES = {rule.id: rule for rule in RULES}


def settings() -> dict[str, Any]:
    """Return compliant settings of a production stack."""
    digest = "registry.example/pouw@sha256:" + "ab" * 32
    return {
        "environment": "production",
        "nodes": {"miners": 3},
        "images": {"node": digest, "balancer": digest},
        "balancer": {"replicas": 2, "exposure": {"type": "LoadBalancer", "allowFrom": ["192.0.2.0/24"]}},
    }


def _case(rule: str, path: str, broken_value: Any) -> Case:
    return Case(rule=_RULES[rule], compliant=settings(), path=path, broken_value=broken_value)


CASES = [
    _case("pouw-settings-exposure-require-ranges", "balancer.exposure.allowFrom", []),
    _case("pouw-settings-images-pin-digest", "images.node", "registry.example/pouw:1.0"),
    _case("pouw-settings-images-pin-digest", "images.balancer", "registry.example/pouw:1.0"),
    _case("pouw-settings-balancer-require-replicas", "balancer.replicas", 1),
    _case("pouw-settings-nodes-require-miners", "nodes.miners", 2),
]
