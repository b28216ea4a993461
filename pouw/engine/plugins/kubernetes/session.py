"""The context of every operation on a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.provider_server import Log
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.kubernetes.configuration import Configuration
from pouw.engine.plugins.kubernetes.connection import Cluster, Connection
from pouw.engine.plugins.kubernetes.discovery import ServedKind
from pouw.engine.plugins.kubernetes.objects import (
    PATCH_FORCE,
    SKIP_AWAIT,
    TIMEOUT_SECONDS,
    Object,
    annotated_true,
    annotation,
    gvk_of,
)
from pouw.engine.plugins.kubernetes.readiness.kinds import awaited
from pouw.engine.plugins.kubernetes.readiness.waiter import Waiter


@dataclass(frozen=True, kw_only=True)
class Session:
    """One configured provider."""

    configuration: Configuration
    connection: Connection
    log: Log
    cancelled: Cancellation

    def waiter(self, cluster: Cluster, urn: str, *properties: Mapping[str, Value]) -> Waiter:
        """Return the wait of a resource. Its messages hold no secret of the inputs in ``properties``."""
        return Waiter(
            client=cluster.client,
            discovery=cluster.discovery,
            cancelled=self.cancelled,
            log=self.log,
            urn=urn,
            redact=Redaction(*properties),
        )

    def settle(self, waiter: Waiter, live: Object, served_kind: ServedKind, inputs: Object, timeout: float) -> Object:
        """Wait until the object is ready, unless its kind needs no wait or the user disabled it."""
        readiness = awaited(gvk_of(inputs))
        if readiness is None or annotated_true(inputs, SKIP_AWAIT):
            return live
        return waiter.until_ready(live, served_kind, readiness, seconds(inputs, timeout, readiness.seconds))

    def forces(self, inputs: Object) -> bool:
        """True if an apply takes fields from other managers."""
        return annotated_true(inputs, PATCH_FORCE) or self.configuration.force_conflicts is True


def seconds(inputs: Object, timeout: float, default: float) -> float:
    """Return the longest wait: the resource's custom timeout, else its annotation, else the kind's default."""
    if timeout:
        return timeout
    text = annotation(inputs, TIMEOUT_SECONDS)
    return float(text) if text.isdigit() else default
