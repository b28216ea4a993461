"""Lookup of live objects, for a refresh, an import or a get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.errors import PartialError, ProviderError
from pouw.engine.plugins.core.properties import Value, revealed
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.kubernetes import state
from pouw.engine.plugins.kubernetes.connection import Cluster
from pouw.engine.plugins.kubernetes.discovery import NoKindError
from pouw.engine.plugins.kubernetes.normalization import dashed, normal_inputs, pruned, underscored
from pouw.engine.plugins.kubernetes.objects import (
    LAST_APPLIED,
    SKIP_AWAIT,
    Gvk,
    Object,
    annotated_true,
    gvk_of,
    gvk_of_urn,
    identifier,
    split_identifier,
    without,
)
from pouw.engine.plugins.kubernetes.readiness.kinds import awaited
from pouw.engine.plugins.kubernetes.readiness.status import Phase
from pouw.engine.plugins.kubernetes.session import Session
from pouw.kube.errors import ApiError, UnreachableError

_REVISION: Final = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, kw_only=True)
class LiveResource:
    """A live resource as the state holds it."""

    identifier: str
    state: Mapping[str, Value]
    inputs: Mapping[str, Value]


def read(
    session: Session, urn: Urn, identifier_text: str, olds: Mapping[str, Value], properties: Mapping[str, Value]
) -> LiveResource | None:
    """Return the live resource, or None if it does not exist.

    With inputs (a refresh, or the adoption of an interrupted create), the live values of those properties become its
    inputs. With an id alone (an import), every property becomes an input that the server does not own.

    Raises:
        PartialError: the object exists but is not ready.
        ProviderError: the cluster cannot be reached.
    """
    namespace, name = split_identifier(identifier_text)
    old = state.parse_state(olds)
    inputs: Object = normal_inputs(dashed(revealed(dict(properties))))
    has_inputs = bool(inputs.get("kind"))
    gvk = gvk_of(inputs) if has_inputs else gvk_of(old.live) if old.live.get("kind") else gvk_of_urn(urn)
    try:
        cluster = session.connection.cluster()
        served_kind = cluster.discovery.find(gvk)
        live = cluster.client.get(served_kind.item(namespace, name))
    except NoKindError:
        return None
    except UnreachableError as error:
        raise ProviderError(
            f"{identifier_text} cannot be read, the cluster cannot be reached: {error.message}. "
            "If the cluster is gone for good, let a refresh remove its objects from the state: "
            "PULUMI_K8S_DELETE_UNREACHABLE=true"
        ) from None
    except ApiError as error:
        if error.not_found:
            return None
        raise
    live_inputs = pruned(live, inputs) if has_inputs else _all_inputs(live)
    resource = LiveResource(
        identifier=identifier_text or identifier(live),
        state=state.make_state(
            inputs=live_inputs,
            live=live,
            properties=properties,
            field_manager=state.manager_of(
                inputs, old.field_manager, urn.text, server_side=session.configuration.server_side_apply
            ),
            initial_api_version=old.initial_api_version or gvk.api_version,
        ),
        inputs=state.with_secrets(underscored(live_inputs), properties),
    )
    if has_inputs:
        _check_readiness(session, cluster, urn, live, inputs, properties, resource)
    return resource


def _all_inputs(live: Object) -> Object:
    return without(
        normal_inputs(without(live, ("status",))),
        ("metadata", "annotations", _REVISION),
        ("metadata", "annotations", LAST_APPLIED),
        ("metadata", "selfLink"),
    )


def _check_readiness(
    session: Session,
    cluster: Cluster,
    urn: Urn,
    live: Object,
    inputs: Object,
    properties: Mapping[str, Value],
    resource: LiveResource,
) -> None:
    gvk: Gvk = gvk_of(live)
    readiness = awaited(gvk)
    if readiness is None or annotated_true(inputs, SKIP_AWAIT):
        return
    waiter = session.waiter(cluster, urn.text, properties)
    status = waiter.look(live, readiness)
    if status.phase is Phase.READY:
        return
    raise PartialError(
        waiter.redact(f"{resource.identifier} is not ready: {status.text}"),
        identifier=resource.identifier,
        state=resource.state,
        inputs=resource.inputs,
        reasons=[waiter.redact(text) for text in status.reasons],
    )
