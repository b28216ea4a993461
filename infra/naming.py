"""Names and labels. Names are cut to a limit by a hash, never by a bare slice that could drop what is unique."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

NAMESPACE = "pouw-system"
POOL_LABEL = "pouw.dev/pool"
"""Label of machines that belong to a pool, and key of the taint that keeps others away from the miners'."""
OBSERVERS = "pouw-observers"
"""Group that may look at everything in the namespace and change nothing."""
_HASH_CHARACTERS = 8


def fitted(*parts: str, limit: int) -> str:
    """Join ``parts`` by hyphens; past ``limit`` characters the end is replaced by a hash of the whole."""
    whole = "-".join(part for part in parts if part)
    if len(whole) <= limit:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_HASH_CHARACTERS]
    return f"{whole[: limit - _HASH_CHARACTERS - 1].rstrip('-')}-{digest}"


def labels(component: str, *, site: str, slot: str | None = None, role: str | None = None) -> dict[str, str]:
    """Labels that every object carries; ``slot`` and ``role`` only where the object belongs to one."""
    values = {
        "app": "pouw",
        "app.kubernetes.io/name": "pouw",
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "pouw",
        "app.kubernetes.io/managed-by": "pulumi",
        "pouw.dev/site": site,
    }
    if slot:
        values["pouw.dev/slot"] = slot
    if role:
        values["pouw.dev/role"] = role
    return values


def selector(component: str, *, slot: str | None = None, role: str | None = None) -> dict[str, str]:
    """The few labels that select pods; immutable in most objects, so no more than is needed."""
    values = {"app": "pouw", "app.kubernetes.io/component": component}
    if slot:
        values["pouw.dev/slot"] = slot
    if role:
        values["pouw.dev/role"] = role
    return values


def tags(environment: str, site: str, own: Mapping[str, str]) -> dict[str, str]:
    """Tags of every taggable resource, in letters that every cloud takes; ``own`` are those of the user."""
    return {**own, "project": "pouw", "environment": environment, "site": site, "managed-by": "pulumi"}
