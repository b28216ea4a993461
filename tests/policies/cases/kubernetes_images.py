"""Cases of ``policies.kubernetes.images``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.images import RULES
from tests.policies import tables

_of = tables.of(RULES)
_SPEC = "spec.template.spec"
_IMAGE = f"{_SPEC}.containers[0].image"


def deployment(image: str) -> dict[str, Any]:
    """Return a Deployment of one image."""
    container = {"name": "server", "image": image, "imagePullPolicy": "Always"}
    return {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}


_PINNED = deployment("registry.example/pouw@sha256:" + "ab" * 32)
_TAGGED = deployment("registry.example:5000/pouw:1.0")

CASES = [
    _of("kubernetes-pods-image-pin-digest", _PINNED, _IMAGE, "registry.example/pouw:1.0",
        absent_path=f"{_SPEC}.containers"),
    _of("kubernetes-pods-image-deny-latest", _TAGGED, _IMAGE, "registry.example:5000/pouw",
        absent_path=f"{_SPEC}.containers"),
    _of("kubernetes-pods-image-deny-latest", _TAGGED, _IMAGE, "pouw:latest", absent_path=f"{_SPEC}.containers"),
    _of("kubernetes-pods-image-match-pullpolicy", _TAGGED, f"{_SPEC}.containers[0].imagePullPolicy", "IfNotPresent",
        absent_path=f"{_SPEC}.containers"),
]  # fmt: skip
