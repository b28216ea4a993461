"""The program of every stack: settings, the ground of each site, the workloads on it, names, outputs."""

from __future__ import annotations

import pulumi

import grounds
import names
import providers
import workloads
from infra import configuration

stack = configuration.load()
own = providers.declare(stack)
zone = names.declare(stack, own)
sites = [grounds.of(stack, site, zone, own.get(site.name)) for site in stack.sites]
deployed = [workloads.deploy(stack, ground, [other for other in sites if other is not ground]) for ground in sites]
names.record(stack, zone, deployed)

pulumi.export("environment", stack.environment)
pulumi.export("sites", [one.outputs for one in deployed])
pulumi.export("names", names.outputs(stack, zone, deployed))
