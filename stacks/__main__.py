"""The entry of every stack's program: read the settings, declare the resources, export the outputs."""

from __future__ import annotations

import pulumi

from infra.settings import loader
from stacks import program

for name, value in program.declare(loader.load()).items():
    pulumi.export(name, value)
