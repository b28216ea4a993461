"""Updating objects in place: server-side apply, and a PUT for CustomResourceDefinitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.errors import PartialError, ProviderError
from pouw.engine.plugins.core.properties import Value, has_unknown, plain
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.kubernetes import field_managers, state
from pouw.engine.plugins.kubernetes.connection import Cluster
from pouw.engine.plugins.kubernetes.discovery import NoKindError, ServedKind
from pouw.engine.plugins.kubernetes.field_ownership import take_over
from pouw.engine.plugins.kubernetes.normalization import dashed
from pouw.engine.plugins.kubernetes.objects import Object, at, gvk_of, identifier, name_of, namespace_of, replaced
from pouw.engine.plugins.kubernetes.readiness.waiter import NotReadyError
from pouw.engine.plugins.kubernetes.session import Session
from pouw.kube.client import APPLY, JSON
from pouw.kube.errors import ApiError, KubeError, UnreachableError

_ATTEMPTS: Final = 5
"""Against controllers that write at the same moment."""


def preview_update(
    session: Session, urn: str, old: state.State, asked: Mapping[str, Value], ignored: Sequence[str]
) -> Mapping[str, Value]:
    """The state that an update would leave; the inputs where no cluster can tell."""
    inputs: Object = dashed(plain(dict(asked)))
    cluster = None if has_unknown(inputs) else session.connection.cluster_or_none()
    if cluster is None:
        return asked
    manager = state.manager_of(inputs, old.field_manager, urn, server_side=session.configuration.server_side_apply)
    try:
        served = cluster.discovery.find(gvk_of(inputs))
        live = cluster.client.get(served.item(namespace_of(old.live), name_of(old.live)))
        answer = _sent(session, cluster, served, live, kept(inputs, live, ignored), manager, dry=True)
    except (NoKindError, UnreachableError):
        return asked
    except ApiError as error:
        if error.status in (403, 404) or "dry run" in error.message:
            return asked
        raise _explained("would not be updated", error, asked) from None
    return state.make_state(
        inputs=inputs,
        live=answer,
        asked=asked,
        field_manager=manager,
        initial_api_version=old.initial_api_version or str(inputs.get("apiVersion")),
    )


def update(
    session: Session,
    urn: str,
    old: state.State,
    asked: Mapping[str, Value],
    *,
    ignored: Sequence[str],
    timeout: float,
) -> Mapping[str, Value]:
    """Bring a live object to its new inputs and wait. Raises PartialError when it is updated but not ready."""
    inputs: Object = dashed(plain(dict(asked)))
    manager = state.manager_of(inputs, old.field_manager, urn, server_side=session.configuration.server_side_apply)
    try:
        cluster = session.connection.cluster()
        served = cluster.discovery.find(gvk_of(inputs))
        live = _applied(session, cluster, served, old, inputs, manager, ignored)
    except UnreachableError as error:
        raise ProviderError(
            f"{name_of(inputs)} was not updated, the cluster cannot be reached: {error.message}"
        ) from None
    except ApiError as error:
        raise _explained("was not updated", error, asked) from None
    failure: NotReadyError | None = None
    try:
        live = session.settle(session.waiter(cluster, urn, asked), live, served, inputs, timeout)
    except NotReadyError as error:
        failure = error
    if gvk_of(inputs).is_crd:
        cluster.schemas.forget()
    live = _seen(cluster, served, live)
    made = state.make_state(
        inputs=inputs,
        live=live,
        asked=asked,
        field_manager=manager,
        initial_api_version=old.initial_api_version or str(inputs.get("apiVersion")),
    )
    if failure is not None:
        raise PartialError(
            f"{identifier(live)} was updated but did not become ready: {failure}",
            identifier=identifier(live),
            state=made,
            reasons=failure.reasons,
        )
    return made


def _applied(
    session: Session,
    cluster: Cluster,
    served: ServedKind,
    old: state.State,
    inputs: Object,
    manager: str,
    ignored: Sequence[str],
) -> Object:
    path = served.item(namespace_of(old.live), name_of(old.live))
    for attempt in range(_ATTEMPTS):
        live = cluster.client.get(path)
        try:
            if session.configuration.server_side_apply and not gvk_of(inputs).is_crd:
                live = take_over(cluster.client, path, live, manager)
            return _sent(session, cluster, served, live, kept(inputs, live, ignored), manager, dry=False)
        except ApiError as error:
            # Without causes a conflict is about the version of a PUT, not about who owns which field.
            if attempt == _ATTEMPTS - 1 or error.status != 409 or error.causes:
                raise
    raise AssertionError("the last attempt returns or raises")


def _sent(
    session: Session, cluster: Cluster, served: ServedKind, live: Object, inputs: Object, manager: str, *, dry: bool
) -> Object:
    path = served.item(namespace_of(live), name_of(live))
    query = {"fieldManager": manager, **({"dryRun": "All"} if dry else {})}
    if gvk_of(inputs).is_crd or not session.configuration.server_side_apply:
        # Replaced as a whole: merging lists of versions would keep what the program dropped.
        body = replaced(inputs, ("metadata", "resourceVersion"), at(live, "metadata", "resourceVersion"))
        return cluster.client.request("PUT", path, query=query, body=body, content_type=JSON)
    force = session.forces(inputs) or (dry and field_managers.must_force(live, manager))
    query["force"] = "true" if force else "false"
    return cluster.client.request("PATCH", path, query=query, body=inputs, content_type=APPLY)


def kept(inputs: Object, live: Object, ignored: Sequence[str]) -> Object:
    """Inputs with what the user ignores set to what the object has: leaving it out would take it away."""
    for text in ignored:
        path = parse_path(text)
        steps = tuple(step for step in path if isinstance(step, str))
        value = at(live, *steps) if len(steps) == len(path) else None
        if value is not None:
            inputs = replaced(inputs, steps, value)
    return inputs


def _seen(cluster: Cluster, served: ServedKind, live: Object) -> Object:
    try:
        return cluster.client.get(served.item(namespace_of(live), name_of(live)))
    except KubeError:
        # The update is done whatever a last look says.
        return live


def _explained(what: str, error: ApiError, asked: Mapping[str, Value]) -> ProviderError:
    text = f"{what}: the API server says: {error.message}"
    if error.status == 409 and error.causes:
        text += (
            "; another manager owns these fields: leave them out of the inputs, ignore them (ignoreChanges), "
            'or take them over with the annotation pulumi.com/patchForce: "true"'
        )
    if "immutable" in error.message:
        text += "; replace the object (`pulumi up --target-replace URN`) or take the change back"
    return ProviderError(Redaction(asked)(text))
