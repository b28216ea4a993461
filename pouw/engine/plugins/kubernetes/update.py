"""Updates of objects in place: server-side apply, and a PUT for CustomResourceDefinitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.errors import PartialError, ProviderError
from pouw.engine.plugins.core.properties import Value, has_unknown, revealed
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.kubernetes import field_managers, state
from pouw.engine.plugins.kubernetes.connection import Cluster
from pouw.engine.plugins.kubernetes.discovery import NoKindError, ServedKind
from pouw.engine.plugins.kubernetes.field_ownership import take_over
from pouw.engine.plugins.kubernetes.normalization import dashed
from pouw.engine.plugins.kubernetes.objects import Object, gvk_of, identifier, name_of, namespace_of, replaced, value_at
from pouw.engine.plugins.kubernetes.readiness.waiter import NotReadyError
from pouw.engine.plugins.kubernetes.session import Session
from pouw.kube.client import APPLY, JSON
from pouw.kube.errors import ApiError, KubeError, UnreachableError

_ATTEMPTS: Final = 5
"""Number of attempts against controllers that write at the same time."""


def preview_update(
    session: Session, urn: str, old: state.State, properties: Mapping[str, Value], ignored: Sequence[str]
) -> Mapping[str, Value]:
    """Return the state that an update would leave, or the inputs without a cluster."""
    inputs: Object = dashed(revealed(dict(properties)))
    cluster = None if has_unknown(inputs) else session.connection.cluster_or_none()
    if cluster is None:
        return properties
    manager = state.manager_of(inputs, old.field_manager, urn, server_side=session.configuration.server_side_apply)
    try:
        served_kind = cluster.discovery.find(gvk_of(inputs))
        live = cluster.client.get(served_kind.item(namespace_of(old.live), name_of(old.live)))
        answer = _send(session, cluster, served_kind, live, with_ignored(inputs, live, ignored), manager, dry=True)
    except (NoKindError, UnreachableError):
        return properties
    except ApiError as error:
        if error.status in (403, 404) or "dry run" in error.message:
            return properties
        raise _explained("would not be updated", error, properties) from None
    return state.make_state(
        inputs=inputs,
        live=answer,
        properties=properties,
        field_manager=manager,
        initial_api_version=old.initial_api_version or str(inputs.get("apiVersion")),
    )


def update(
    session: Session,
    urn: str,
    old: state.State,
    properties: Mapping[str, Value],
    *,
    ignored: Sequence[str],
    timeout: float,
) -> Mapping[str, Value]:
    """Bring a live object to its new inputs and wait until it is ready.

    Raises:
        PartialError: the object is updated but not ready.
        ProviderError: it was not updated.
    """
    inputs: Object = dashed(revealed(dict(properties)))
    manager = state.manager_of(inputs, old.field_manager, urn, server_side=session.configuration.server_side_apply)
    try:
        cluster = session.connection.cluster()
        served_kind = cluster.discovery.find(gvk_of(inputs))
        live = _applied(session, cluster, served_kind, old, inputs, manager, ignored)
    except UnreachableError as error:
        raise ProviderError(
            f"{name_of(inputs)} was not updated, the cluster cannot be reached: {error.message}"
        ) from None
    except ApiError as error:
        raise _explained("was not updated", error, properties) from None
    failure: NotReadyError | None = None
    try:
        live = session.settle(session.waiter(cluster, urn, properties), live, served_kind, inputs, timeout)
    except NotReadyError as error:
        failure = error
    if gvk_of(inputs).is_crd:
        cluster.schemas.forget()
    live = _last_live(cluster, served_kind, live)
    new_state = state.make_state(
        inputs=inputs,
        live=live,
        properties=properties,
        field_manager=manager,
        initial_api_version=old.initial_api_version or str(inputs.get("apiVersion")),
    )
    if failure is not None:
        raise PartialError(
            f"{identifier(live)} was updated but did not become ready: {failure}",
            identifier=identifier(live),
            state=new_state,
            reasons=failure.reasons,
        )
    return new_state


def _applied(
    session: Session,
    cluster: Cluster,
    served_kind: ServedKind,
    old: state.State,
    inputs: Object,
    manager: str,
    ignored: Sequence[str],
) -> Object:
    path = served_kind.item(namespace_of(old.live), name_of(old.live))
    for attempt in range(_ATTEMPTS):
        live = cluster.client.get(path)
        try:
            if session.configuration.server_side_apply and not gvk_of(inputs).is_crd:
                live = take_over(cluster.client, path, live, manager)
            return _send(session, cluster, served_kind, live, with_ignored(inputs, live, ignored), manager, dry=False)
        except ApiError as error:
            # A conflict without causes concerns the version of a PUT, not the ownership of fields.
            if attempt == _ATTEMPTS - 1 or error.status != 409 or error.causes:
                raise
    raise AssertionError("the last attempt returns or raises")


def _send(
    session: Session,
    cluster: Cluster,
    served_kind: ServedKind,
    live: Object,
    inputs: Object,
    manager: str,
    *,
    dry: bool,
) -> Object:
    path = served_kind.item(namespace_of(live), name_of(live))
    query = {"fieldManager": manager, **({"dryRun": "All"} if dry else {})}
    if gvk_of(inputs).is_crd or not session.configuration.server_side_apply:
        # A merge of the lists of versions would keep a version that the program dropped, so the object is replaced.
        body = replaced(inputs, ("metadata", "resourceVersion"), value_at(live, "metadata", "resourceVersion"))
        return cluster.client.request("PUT", path, query=query, body=body, content_type=JSON)
    force = session.forces(inputs) or (dry and field_managers.must_force(live, manager))
    query["force"] = "true" if force else "false"
    return cluster.client.request("PATCH", path, query=query, body=inputs, content_type=APPLY)


def with_ignored(inputs: Object, live: Object, ignored: Sequence[str]) -> Object:
    """Return the inputs with the live values of ignored properties, because an apply removes missing ones."""
    for text in ignored:
        path = parse_path(text)
        steps = tuple(step for step in path if isinstance(step, str))
        value = value_at(live, *steps) if len(steps) == len(path) else None
        if value is not None:
            inputs = replaced(inputs, steps, value)
    return inputs


def _last_live(cluster: Cluster, served_kind: ServedKind, live: Object) -> Object:
    try:
        return cluster.client.get(served_kind.item(namespace_of(live), name_of(live)))
    except KubeError:
        # The update has succeeded, so the last observation is good enough.
        return live


def _explained(outcome: str, error: ApiError, properties: Mapping[str, Value]) -> ProviderError:
    text = f"{outcome}: the API server says: {error.message}"
    if error.status == 409 and error.causes:
        text += (
            "; another manager owns these fields: leave them out of the inputs, ignore them (ignoreChanges), "
            'or take them over with the annotation pulumi.com/patchForce: "true"'
        )
    if "immutable" in error.message:
        text += "; replace the object (`pulumi up --target-replace URN`) or take the change back"
    return ProviderError(Redaction(properties)(text))
