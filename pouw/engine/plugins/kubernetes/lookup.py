"""Reading live objects: for a refresh, an import, or a lookup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.errors import PartialError, ProviderError
from pouw.engine.plugins.core.properties import Value, plain
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
class Found:
    """A live resource as the state should hold it."""

    identifier: str
    state: Mapping[str, Value]
    inputs: Mapping[str, Value]


def read(
    session: Session, urn: Urn, identifier_text: str, olds: Mapping[str, Value], asked: Mapping[str, Value]
) -> Found | None:
    """The resource now, or None if it is gone.

    With inputs (a refresh, or the adoption of a create that was cut off) the live values of exactly those properties
    are its inputs. With nothing but an id (an import) everything that is not the server's own is. Raises PartialError
    for an object that is there but not ready, ProviderError if the cluster cannot be reached.
    """
    namespace, name = split_identifier(identifier_text)
    old = state.parse_state(olds)
    inputs: Object = normal_inputs(dashed(plain(dict(asked))))
    known = bool(inputs.get("kind"))
    gvk = gvk_of(inputs) if known else gvk_of(old.live) if old.live.get("kind") else gvk_of_urn(urn)
    try:
        cluster = session.connection.cluster()
        served = cluster.discovery.find(gvk)
        live = cluster.client.get(served.item(namespace, name))
    except NoKindError:
        return None
    except UnreachableError as error:
        raise ProviderError(
            f"{identifier_text} cannot be read, the cluster cannot be reached: {error.message}. "
            "If the cluster is gone for good, PULUMI_K8S_DELETE_UNREACHABLE=true lets a refresh forget what was in it"
        ) from None
    except ApiError as error:
        if error.not_found:
            return None
        raise
    live_inputs = pruned(live, inputs) if known else _all_inputs(live)
    found = Found(
        identifier=identifier_text or identifier(live),
        state=state.make_state(
            inputs=live_inputs,
            live=live,
            asked=asked,
            field_manager=state.manager_of(
                inputs, old.field_manager, urn.text, server_side=session.configuration.server_side_apply
            ),
            initial_api_version=old.initial_api_version or gvk.api_version,
        ),
        inputs=state.with_secrets(underscored(live_inputs), asked),
    )
    if known:
        _check_readiness(session, cluster, urn, live, inputs, asked, found)
    return found


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
    asked: Mapping[str, Value],
    found: Found,
) -> None:
    gvk: Gvk = gvk_of(live)
    how = awaited(gvk)
    if how is None or annotated_true(inputs, SKIP_AWAIT):
        return
    waiter = session.waiter(cluster, urn.text, asked)
    status = waiter.look(live, how)
    if status.phase is Phase.READY:
        return
    raise PartialError(
        waiter.redact(f"{found.identifier} is not ready: {status.text}"),
        identifier=found.identifier,
        state=found.state,
        inputs=found.inputs,
        reasons=[waiter.redact(text) for text in status.reasons],
    )
