"""The entry of every stack's program: read the settings, declare the resources, export the outputs."""

from __future__ import annotations

import pulumi

from infra.settings import loading
from stacks import program

for name, value in program.declare(loading.load()).items():
    pulumi.export(name, value)
