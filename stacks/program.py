"""The program of every stack as a function of its settings."""

from __future__ import annotations

from typing import Any

from infra.settings.stack import Settings
from stacks import cluster_target, dns, providers, workloads


def declare(stack: Settings) -> dict[str, Any]:
    """Declare all resources of a stack and return its outputs."""
    cloud_providers = providers.declare(stack)
    zone = dns.declare(stack, cloud_providers)
    targets = [cluster_target.of(stack, site, cloud_providers) for site in stack.sites]
    deployed = [
        workloads.deploy(stack, target, [other for other in targets if other is not target]) for target in targets
    ]
    dns.record(stack, zone, deployed)
    return {
        "environment": stack.environment,
        "sites": [site.outputs for site in deployed],
        "names": dns.outputs(stack, zone, deployed),
    }
