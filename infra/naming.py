"""Names and labels. A name past its limit ends in a hash, because a bare slice could remove its unique part."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

NAMESPACE = "pouw-system"
POOL_LABEL = "pouw.dev/pool"
"""Label of the machines of a pool, and key of the taint that keeps other pods away from the miners' machines."""
OBSERVERS = "pouw-observers"
"""Group that may read everything in the namespace and change nothing."""
_HASH_CHARACTERS = 8


def fitted(*parts: str, limit: int) -> str:
    """Join ``parts`` by hyphens; past ``limit`` characters, a hash of the joined name replaces its end."""
    name = "-".join(part for part in parts if part)
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_CHARACTERS]
    return f"{name[: limit - _HASH_CHARACTERS - 1].rstrip('-')}-{digest}"


def labels(component: str, *, site: str, slot: str | None = None, role: str | None = None) -> dict[str, str]:
    """Return the labels of an object; ``slot`` and ``role`` only where the object belongs to one."""
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
    """Return the labels that select pods. Most objects cannot change them, so there are only two to four."""
    values = {"app": "pouw", "app.kubernetes.io/component": component}
    if slot:
        values["pouw.dev/slot"] = slot
    if role:
        values["pouw.dev/role"] = role
    return values


def tags(environment: str, site: str, additional: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of every taggable resource: four of the stack, and the ``additional`` ones of the user."""
    return {**additional, "project": "pouw", "environment": environment, "site": site, "managed-by": "pulumi"}
