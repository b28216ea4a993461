"""Secrets of a site's nodes, derived from one seed, so that scaling never changes the keys of existing nodes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from infra.slots import NodeSet


def key_files(seed: str, site: str, node_sets: Iterable[NodeSet]) -> dict[str, str]:
    """Return the contents of the keys' Secret: one file per pod, and the admin token."""
    files = {pod: node_key(seed, site=site, pod=pod) for node_set in node_sets for pod in node_set.pods}
    return {**files, "admin.token": admin_token(seed, site=site)}


def node_key(seed: str, *, site: str, pod: str) -> str:
    """Return the Ed25519 seed of a node, 64 hexadecimal characters."""
    return _derive(seed, f"node-key/{site}/{pod}")


def admin_token(seed: str, *, site: str) -> str:
    """Return the bearer token of a site's write methods, 64 hexadecimal characters."""
    return _derive(seed, f"admin-token/{site}")


def _derive(seed: str, purpose: str) -> str:
    # HMAC as the key-derivation function of RFC 5869's expand step, one block: the seed is already uniform.
    return hmac.new(seed.encode(), f"pouw/v1/{purpose}".encode(), hashlib.sha256).hexdigest()
