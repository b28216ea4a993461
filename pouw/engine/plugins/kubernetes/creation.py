"""Creating objects."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.errors import CancelledError, PartialError, ProviderError
from pouw.engine.plugins.core.properties import Value, has_unknown, plain
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.serving import Severity
from pouw.engine.plugins.kubernetes import dry_run, field_managers, state
from pouw.engine.plugins.kubernetes.connection import Cluster
from pouw.engine.plugins.kubernetes.discovery import NoKindError, ServedKind
from pouw.engine.plugins.kubernetes.field_ownership import give_up_mark, take_over
from pouw.engine.plugins.kubernetes.normalization import dashed
from pouw.engine.plugins.kubernetes.objects import Object, gvk_of, identifier, name_of, namespace_of
from pouw.engine.plugins.kubernetes.readiness.waiter import NotReadyError
from pouw.engine.plugins.kubernetes.session import Session
from pouw.kube.client import APPLY
from pouw.kube.errors import ApiError, KubeError, UnreachableError

_PATIENCE_SECONDS: Final = 20.0
"""For what is created at the same time: a namespace, a kind, a service account."""
_FIRST_DELAY: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new resource: its id (empty in a preview) and state."""

    identifier: str
    state: Mapping[str, Value]


def preview_create(session: Session, urn: str, asked: Mapping[str, Value]) -> Created:
    """What a create would make. Never fails for want of a cluster, a namespace or a kind."""
    inputs: Object = dashed(plain(dict(asked)))
    answer = None if has_unknown(inputs) else _dry_run(session, urn, inputs, asked)
    shown = dry_run.of_inputs(inputs) if answer is None else dry_run.of_dry_run(inputs, answer)
    manager = state.manager_of(inputs, "", urn, server_side=session.configuration.server_side_apply)
    made = state.make_state(
        inputs=inputs,
        live=shown,
        asked=asked,
        field_manager=manager,
        initial_api_version=str(inputs.get("apiVersion")),
    )
    return Created(identifier="", state=made)


def _dry_run(session: Session, urn: str, inputs: Object, asked: Mapping[str, Value]) -> Object | None:
    cluster = session.connection.cluster_or_none()
    if cluster is None:
        return None
    try:
        served = cluster.discovery.find(gvk_of(inputs))
        return cluster.client.request(
            "POST",
            served.collection(namespace_of(inputs)),
            query={"dryRun": "All", "fieldManager": state.SHARED_MANAGER},
            body=inputs,
        )
    except (NoKindError, UnreachableError):
        return None
    except ApiError as error:
        if error.status == 409:
            _warn_of_stranger(session, cluster, urn, inputs)
        if error.status in (403, 404, 409) or "dry run" in error.message:
            return None
        raise _refused("would not be created", error, asked) from None


def _warn_of_stranger(session: Session, cluster: Cluster, urn: str, inputs: Object) -> None:
    """Something of this name is there. Of a provider's making it may be what is replaced; else the create must fail."""
    live = _get(cluster, cluster.discovery.find(gvk_of(inputs)), inputs)
    if live is not None and not field_managers.made_by_provider(live):
        session.log.line(
            Severity.WARNING, f"{identifier(live)} exists already and Pulumi did not make it: {_REMEDY}", urn
        )


def create(session: Session, urn: str, asked: Mapping[str, Value], timeout: float) -> Created:
    """Create and wait until ready. Raises PartialError when the object is there but not ready, else ProviderError."""
    inputs: Object = dashed(plain(dict(asked)))
    manager = state.manager_of(inputs, "", urn, server_side=session.configuration.server_side_apply)
    cluster, served, live = _made(session, urn, inputs, asked, manager)
    waiter = session.waiter(cluster, urn, asked)
    failure: NotReadyError | None = None
    try:
        session.settle(waiter, live, served, inputs, timeout)
    except NotReadyError as error:
        failure = error
        live = error.live
    if gvk_of(inputs).is_crd:
        _forget_kinds(cluster, inputs)
    live = _finished(cluster, served, live, manager)
    made = state.make_state(
        inputs=inputs,
        live=live,
        asked=asked,
        field_manager=manager,
        initial_api_version=str(inputs.get("apiVersion")),
    )
    if failure is not None:
        raise PartialError(
            f"{identifier(live)} was created but did not become ready: {failure}",
            identifier=identifier(live),
            state=made,
            reasons=failure.reasons,
        )
    return Created(identifier=identifier(live), state=made)


_REMEDY: Final = (
    "choose another name, import it (`pulumi import`, or the `import_` resource option), or delete it first. "
    "If an earlier run was killed while it created the object, `pulumi refresh` with --import-pending-creates adopts it"
)


def _made(
    session: Session, urn: str, inputs: Object, asked: Mapping[str, Value], manager: str
) -> tuple[Cluster, ServedKind, Object]:
    """POST until it succeeds or cannot. What comes into being at the same time is waited for."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    delay = _FIRST_DELAY
    redact = Redaction(asked)
    while True:
        try:
            cluster = session.connection.cluster()
            served = cluster.discovery.find(gvk_of(inputs))
            return cluster, served, _posted(cluster, served, inputs, manager)
        except UnreachableError as error:
            raise ProviderError(
                f"{name_of(inputs)} was not created, the cluster cannot be reached: {error.message}"
            ) from None
        except NoKindError as error:
            failure: ProviderError = error
        except ApiError as error:
            failure = _refused("was not created", error, asked)
            if not _may_come(error):
                raise failure from None
        if time.monotonic() + delay > deadline:
            raise failure
        session.log.status(redact(f"Waiting for what it needs: {failure}"), urn)
        if session.cancelled.wait(delay):
            raise CancelledError(f"interrupted before {name_of(inputs)} was created: {failure}")
        delay = min(delay * 2, 2.0)


def _posted(cluster: Cluster, served: ServedKind, inputs: Object, manager: str) -> Object:
    query = {"fieldManager": manager, "fieldValidation": "Warn"}
    try:
        return cluster.client.request("POST", served.collection(namespace_of(inputs)), query=query, body=inputs)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
        live = _get(cluster, served, inputs)
        if live is None:
            raise
        if field_managers.carries_mark(live, manager):
            return _adopted(cluster, served, inputs, live, manager)
        raise ApiError(
            error.status, error.reason, f"{identifier(live)} exists already and is not this resource's: {_REMEDY}"
        ) from None


def _adopted(cluster: Cluster, served: ServedKind, inputs: Object, live: Object, manager: str) -> Object:
    """An object whose creation was cut off: bring it to the inputs of now, under the name it was made by."""
    path = served.item(namespace_of(live), name_of(live))
    take_over(cluster.client, path, live, manager)
    query = {"fieldManager": manager, "force": "true"}
    return cluster.client.request("PATCH", path, query=query, body=inputs, content_type=APPLY)


def _may_come(error: ApiError) -> bool:
    return error.not_found or (error.status == 403 and "error looking up service account" in error.message)


def _get(cluster: Cluster, served: ServedKind, inputs: Object) -> Object | None:
    try:
        return cluster.client.get(served.item(namespace_of(inputs), name_of(inputs)))
    except ApiError as error:
        if error.not_found:
            return None
        raise


def _finished(cluster: Cluster, served: ServedKind, live: Object, manager: str) -> Object:
    """The live object with its mark given up. It exists whatever happens here, so the last seen one is good enough."""
    path = served.item(namespace_of(live), name_of(live))
    try:
        return give_up_mark(cluster.client, path, live, manager)
    except KubeError:
        return live


def _forget_kinds(cluster: Cluster, definition: Object) -> None:
    spec = definition.get("spec") or {}
    for version in spec.get("versions") or []:
        cluster.discovery.forget(f"{spec.get('group')}/{version.get('name')}")
    cluster.schemas.forget()


def _refused(what: str, error: ApiError, asked: Mapping[str, Value]) -> ProviderError:
    return ProviderError(Redaction(asked)(f"{what}: the API server says: {error.message}"))
