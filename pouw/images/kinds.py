"""The kinds of images that a site runs."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """One image of a site. The values are keys of the ``pouw:images`` setting."""

    NODE = "node"
    """The node, built by ``Dockerfile.production``."""
    BALANCER = "balancer"
    """HAProxy, made of the distribution's packages alone."""
