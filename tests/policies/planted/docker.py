"""Images: one that breaks every rule there is about them, and one that breaks none."""

from __future__ import annotations

from policies.docker.images import IMAGE, RULES
from tests.policies.planted import Part

_NAME = "registry.example.org/pouw:node-1.0.0"

BROKEN = [
    Part(
        name="image",
        type=IMAGE,
        props={
            "imageName": _NAME,
            "build": {
                "context": ".",
                "network": "host",
                "builderVersion": "BuilderV1",
                "args": {"NPM_TOKEN": "some", "BASE": "python:3.13-slim"},
            },
            "registry": {"server": "registry.example.org", "username": "some", "password": "some"},
        },
    )
]
BREAKS = {"image": frozenset(rule.id for rule in RULES)}
CLEAN = [
    Part(
        name="image",
        type=IMAGE,
        props={
            "imageName": _NAME,
            "build": {
                "context": ".",
                "platform": "linux/amd64",
                "args": {"VERSION": "1.0.0", "BASE": f"python:3.13-slim@sha256:{'0' * 64}"},
            },
        },
    )
]
