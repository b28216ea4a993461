"""Cases of ``policies.docker.images``."""

from __future__ import annotations

from policies.docker.images import RULES
from tests.policies import tables

_case = tables.of(RULES)
_BASE = f"python:3.13-slim@sha256:{'0' * 64}"
_IMAGE = {
    "build": {
        "platform": "linux/amd64",
        "network": "none",
        "builderVersion": "BuilderBuildKit",
        "args": {"VERSION": "1.0.0", "BASE": _BASE},
    },
    "registry": {"server": "registry.example.org:5000", "password": ""},
}
_SECRETS = "docker-image-build-deny-secret-arguments"

CASES = [
    _case("docker-image-registry-deny-password", _IMAGE, "registry.password", "some"),
    _case("docker-image-build-pin-platform", _IMAGE, "build.platform", ""),
    _case(_SECRETS, _IMAGE, "build.args.NPM_TOKEN", "some", absent_path="build.args"),
    _case("docker-image-build-pin-base", _IMAGE, "build.args.BASE", "python:3.13-slim"),
    _case("docker-image-build-deny-host-network", _IMAGE, "build.network", "host"),
    _case("docker-image-build-match-builder", _IMAGE, "build.builderVersion", "BuilderV1"),
]
