"""Deletion of objects, with a wait until they and everything that they own are gone."""

from __future__ import annotations

from typing import Final

from pouw.engine.plugins.core.errors import PartialError, ProviderError
from pouw.engine.plugins.core.provider_server import Severity
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.kubernetes import state
from pouw.engine.plugins.kubernetes.discovery import NoKindError
from pouw.engine.plugins.kubernetes.objects import (
    DELETION_PROPAGATION,
    SKIP_AWAIT,
    Object,
    annotated_true,
    annotation,
    gvk_of,
    gvk_of_urn,
    namespace_of,
    split_identifier,
    value_at,
)
from pouw.engine.plugins.kubernetes.readiness.kinds import deletion_seconds
from pouw.engine.plugins.kubernetes.readiness.waiter import NotReadyError
from pouw.engine.plugins.kubernetes.session import Session, seconds
from pouw.kube.errors import ApiError, UnreachableError

_POLICIES: Final = {"orphan": "Orphan", "background": "Background"}


def delete(session: Session, urn: Urn, identifier_text: str, old: state.State, timeout: float) -> None:
    """Delete an object and wait until it is gone. A missing object or kind counts as deleted.

    Raises:
        PartialError: the object still exists after the timeout.
        ProviderError: the object cannot be deleted.
    """
    namespace, name = split_identifier(identifier_text)
    namespace = namespace or namespace_of(old.live)
    gvk = gvk_of(old.live) if old.live.get("kind") else gvk_of_urn(urn)
    try:
        cluster = session.connection.cluster()
        served_kind = cluster.discovery.find(gvk)
        answer = cluster.client.request("DELETE", served_kind.item(namespace, name), body=_options(old.inputs))
        if annotated_true(old.inputs, SKIP_AWAIT):
            return
        waiter = session.waiter(cluster, urn.text)
        uid = str(value_at(answer, "details", "uid") or value_at(answer, "metadata", "uid") or "")
        waiter.until_gone(served_kind, namespace, name, uid, seconds(old.inputs, timeout, deletion_seconds(gvk)))
    except NoKindError:
        return
    except UnreachableError as error:
        _unreachable(session, urn, identifier_text, error)
    except ApiError as error:
        if not error.not_found:
            raise ProviderError(f"{identifier_text} was not deleted: the API server says: {error.message}") from None
    except NotReadyError as error:
        remains = state.make_state(
            inputs=old.inputs,
            live=error.live,
            properties=old.properties,
            field_manager=old.field_manager,
            initial_api_version=old.initial_api_version,
        )
        raise PartialError(
            f"{identifier_text} was deleted but is {error}",
            identifier=identifier_text,
            state=remains,
            reasons=error.reasons,
        ) from None
    if gvk.is_crd:
        session.connection.cluster().schemas.forget()


def _options(inputs: Object) -> Object:
    policy = _POLICIES.get(annotation(inputs, DELETION_PROPAGATION).lower(), "Foreground")
    return {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}


def _unreachable(session: Session, urn: Urn, identifier_text: str, error: UnreachableError) -> None:
    if session.configuration.delete_unreachable:
        session.log.line(
            Severity.WARNING,
            f"{identifier_text} is removed from the state with its unreachable cluster",
            urn.text,
        )
        return
    raise ProviderError(
        f"{identifier_text} was not deleted, the cluster cannot be reached: {error.message}. "
        "If the cluster is gone for good, let `destroy` remove its objects from the state: "
        "PULUMI_K8S_DELETE_UNREACHABLE=true"
    )
