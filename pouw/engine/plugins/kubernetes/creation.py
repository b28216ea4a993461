"""Creation of objects."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.errors import CancelledError, PartialError, ProviderError
from pouw.engine.plugins.core.properties import Value, has_unknown, revealed
from pouw.engine.plugins.core.provider_server import Severity
from pouw.engine.plugins.core.redaction import Redaction
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
"""Longest wait for objects that are created at the same time: a namespace, a kind, a service account."""
_FIRST_DELAY: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new resource: its id (empty in a preview) and its state."""

    identifier: str
    state: Mapping[str, Value]


def preview_create(session: Session, urn: str, properties: Mapping[str, Value]) -> Created:
    """Return the resource that a create would make. A missing cluster, namespace or kind is not an error."""
    inputs: Object = dashed(revealed(dict(properties)))
    answer = None if has_unknown(inputs) else _dry_run(session, urn, inputs, properties)
    preview = dry_run.of_inputs(inputs) if answer is None else dry_run.of_dry_run(inputs, answer)
    manager = state.manager_of(inputs, "", urn, server_side=session.configuration.server_side_apply)
    new_state = state.make_state(
        inputs=inputs,
        live=preview,
        properties=properties,
        field_manager=manager,
        initial_api_version=str(inputs.get("apiVersion")),
    )
    return Created(identifier="", state=new_state)


def _dry_run(session: Session, urn: str, inputs: Object, properties: Mapping[str, Value]) -> Object | None:
    cluster = session.connection.cluster_or_none()
    if cluster is None:
        return None
    try:
        served_kind = cluster.discovery.find(gvk_of(inputs))
        return cluster.client.request(
            "POST",
            served_kind.collection(namespace_of(inputs)),
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
        raise _refusal("would not be created", error, properties) from None


def _warn_of_stranger(session: Session, cluster: Cluster, urn: str, inputs: Object) -> None:
    """Warn that the create will fail if an object of this name exists and no provider made it."""
    live = _get(cluster, cluster.discovery.find(gvk_of(inputs)), inputs)
    if live is not None and not field_managers.made_by_provider(live):
        session.log.line(
            Severity.WARNING, f"{identifier(live)} exists already and Pulumi did not make it: {_REMEDY}", urn
        )


def create(session: Session, urn: str, properties: Mapping[str, Value], timeout: float) -> Created:
    """Create an object and wait until it is ready.

    Raises:
        PartialError: the object exists but is not ready.
        ProviderError: it was not created.
    """
    inputs: Object = dashed(revealed(dict(properties)))
    manager = state.manager_of(inputs, "", urn, server_side=session.configuration.server_side_apply)
    cluster, served_kind, live = _post_until_possible(session, urn, inputs, properties, manager)
    waiter = session.waiter(cluster, urn, properties)
    failure: NotReadyError | None = None
    try:
        session.settle(waiter, live, served_kind, inputs, timeout)
    except NotReadyError as error:
        failure = error
        live = error.live
    if gvk_of(inputs).is_crd:
        _forget_kinds(cluster, inputs)
    live = _finished(cluster, served_kind, live, manager)
    new_state = state.make_state(
        inputs=inputs,
        live=live,
        properties=properties,
        field_manager=manager,
        initial_api_version=str(inputs.get("apiVersion")),
    )
    if failure is not None:
        raise PartialError(
            f"{identifier(live)} was created but did not become ready: {failure}",
            identifier=identifier(live),
            state=new_state,
            reasons=failure.reasons,
        )
    return Created(identifier=identifier(live), state=new_state)


_REMEDY: Final = (
    "choose another name, import it (`pulumi import`, or the `import_` resource option), or delete it first. "
    "If an earlier run was killed while it created the object, `pulumi refresh` with --import-pending-creates adopts it"
)


def _post_until_possible(
    session: Session, urn: str, inputs: Object, properties: Mapping[str, Value], manager: str
) -> tuple[Cluster, ServedKind, Object]:
    """Post the object until the server accepts it or refuses it for good.

    Its namespace, kind or service account may be created at the same time, so their absence is waited out.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    delay = _FIRST_DELAY
    redact = Redaction(properties)
    while True:
        try:
            cluster = session.connection.cluster()
            served_kind = cluster.discovery.find(gvk_of(inputs))
            return cluster, served_kind, _posted(cluster, served_kind, inputs, manager)
        except UnreachableError as error:
            raise ProviderError(
                f"{name_of(inputs)} was not created, the cluster cannot be reached: {error.message}"
            ) from None
        except NoKindError as error:
            failure: ProviderError = error
        except ApiError as error:
            failure = _refusal("was not created", error, properties)
            if not _may_come(error):
                raise failure from None
        if time.monotonic() + delay > deadline:
            raise failure
        session.log.status(redact(f"Waiting for required objects: {failure}"), urn)
        if session.cancelled.wait(delay):
            raise CancelledError(f"interrupted before {name_of(inputs)} was created: {failure}")
        delay = min(delay * 2, 2.0)


def _posted(cluster: Cluster, served_kind: ServedKind, inputs: Object, manager: str) -> Object:
    query = {"fieldManager": manager, "fieldValidation": "Warn"}
    try:
        return cluster.client.request("POST", served_kind.collection(namespace_of(inputs)), query=query, body=inputs)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
        live = _get(cluster, served_kind, inputs)
        if live is None:
            raise
        if field_managers.carries_mark(live, manager):
            return _adopted(cluster, served_kind, inputs, live, manager)
        raise ApiError(
            error.status, error.reason, f"{identifier(live)} exists already and is not this resource's: {_REMEDY}"
        ) from None


def _adopted(cluster: Cluster, served_kind: ServedKind, inputs: Object, live: Object, manager: str) -> Object:
    """Apply the current inputs to an object whose creation was interrupted, under its own manager."""
    path = served_kind.item(namespace_of(live), name_of(live))
    take_over(cluster.client, path, live, manager)
    query = {"fieldManager": manager, "force": "true"}
    return cluster.client.request("PATCH", path, query=query, body=inputs, content_type=APPLY)


def _may_come(error: ApiError) -> bool:
    return error.not_found or (error.status == 403 and "error looking up service account" in error.message)


def _get(cluster: Cluster, served_kind: ServedKind, inputs: Object) -> Object | None:
    try:
        return cluster.client.get(served_kind.item(namespace_of(inputs), name_of(inputs)))
    except ApiError as error:
        if error.not_found:
            return None
        raise


def _finished(cluster: Cluster, served_kind: ServedKind, live: Object, manager: str) -> Object:
    """Remove the mark and return the object. If that fails, return the last observation, because the object exists."""
    path = served_kind.item(namespace_of(live), name_of(live))
    try:
        return give_up_mark(cluster.client, path, live, manager)
    except KubeError:
        return live


def _forget_kinds(cluster: Cluster, definition: Object) -> None:
    spec = definition.get("spec") or {}
    for version in spec.get("versions") or []:
        cluster.discovery.forget(f"{spec.get('group')}/{version.get('name')}")
    cluster.schemas.forget()


def _refusal(outcome: str, error: ApiError, properties: Mapping[str, Value]) -> ProviderError:
    return ProviderError(Redaction(properties)(f"{outcome}: the API server says: {error.message}"))
