"""The program of every stack: settings, one module per target, outputs."""

from __future__ import annotations

import pulumi

import kubernetes_site
from infra import configuration

TARGETS = {"kubernetes": kubernetes_site.deploy}

stack = configuration.load()
pulumi.export("environment", stack.environment)
pulumi.export("sites", [TARGETS[site.cloud](stack, site) for site in stack.sites])
