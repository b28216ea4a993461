"""The program of every stack: settings, the target of each site, the workloads on it, names, outputs."""

from __future__ import annotations

import pulumi

from infra.settings import loading
from stacks import cluster_target, dns, providers, workloads

stack = loading.load()
own = providers.declare(stack)
zone = dns.declare(stack, own)
sites = [cluster_target.of(stack, site, zone, own.get(site.name)) for site in stack.sites]
deployed = [workloads.deploy(stack, target, [other for other in sites if other is not target]) for target in sites]
dns.record(stack, zone, deployed)

pulumi.export("environment", stack.environment)
pulumi.export("sites", [one.outputs for one in deployed])
pulumi.export("names", dns.outputs(stack, zone, deployed))
