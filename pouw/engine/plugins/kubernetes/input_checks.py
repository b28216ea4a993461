"""Checks of inputs before the plan: refused kinds, names, namespaces, normal form and schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.naming import Naming
from pouw.engine.plugins.core.properties import UNKNOWN, Value, revealed
from pouw.engine.plugins.core.provider_server import Severity
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.core.validation import Validator
from pouw.engine.plugins.kubernetes.naming import with_name
from pouw.engine.plugins.kubernetes.normalization import dashed, normal_inputs, underscored
from pouw.engine.plugins.kubernetes.objects import (
    WAIT_FOR,
    Gvk,
    Object,
    annotation,
    gvk_of,
    gvk_of_urn,
    metadata,
    replaced,
    without,
)
from pouw.engine.plugins.kubernetes.session import Session
from pouw.engine.plugins.kubernetes.state import with_secrets
from pouw.kube.errors import KubeError

_SDK: Final = "pulumi_kubernetes"
_OTHER_MODULES: Final = {
    "helm.sh": "Helm releases and charts",
    "kustomize": "Kustomize directories",
    "yaml": "YAML files",
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Inputs as they are compared and sent, and their faults."""

    inputs: Mapping[str, Value]
    faults: list[Fault]


def check(session: Session, urn: Urn, news: Mapping[str, Value], olds: Mapping[str, Value], naming: Naming) -> Checked:
    """Return the normalized inputs and their faults.

    Raises:
        ProviderError: the provider does not support the kind, or a name cannot be generated.
    """
    _refuse(urn)
    document: Object = dashed(revealed(dict(news)))
    gvk = gvk_of_urn(urn)
    if document.get("apiVersion") is None or document.get("kind") is None:
        document = {"apiVersion": gvk.api_version, "kind": gvk.kind, **document}
    inputs = normal_inputs(with_name(document, revealed(dict(olds)), naming))
    inputs = _placed(session, gvk_of(inputs), inputs)
    if annotation(inputs, WAIT_FOR):
        session.log.line(Severity.WARNING, f"the annotation {WAIT_FOR} is not supported and has no effect", urn.text)
    inputs_with_secrets = with_secrets(underscored(inputs), news)
    return Checked(inputs=inputs_with_secrets, faults=_faults(session, urn, gvk_of(inputs), with_secrets(inputs, news)))


def _refuse(urn: Urn) -> None:
    family = urn.module.partition("/")[0]
    if family in _OTHER_MODULES:
        raise ProviderError(
            f"{urn.type_token}: {_OTHER_MODULES[family]} need the official kubernetes plugin; "
            "declare the objects themselves, or install it (`pulumi plugin install resource kubernetes`)"
        )
    if urn.kind.endswith("List") and urn.kind != "List":
        raise ProviderError(f"{urn.type_token}: lists cannot be created; declare each object as a resource of its own")
    if urn.kind.endswith("Patch"):
        raise ProviderError(
            f"{urn.type_token}: patches of objects that others own need the official kubernetes plugin; "
            "import the object and declare it whole, or install the plugin"
        )


def _placed(session: Session, gvk: Gvk, inputs: Object) -> Object:
    if inputs.get("metadata") is UNKNOWN:
        return inputs
    if not session.connection.namespaced(gvk):
        return without(inputs, ("metadata", "namespace"))
    if metadata(inputs).get("namespace") in (None, ""):
        return replaced(inputs, ("metadata", "namespace"), session.connection.namespace)
    return inputs


def _faults(session: Session, urn: Urn, gvk: Gvk, inputs: Mapping[str, Value]) -> list[Fault]:
    cluster = session.connection.cluster_or_none()
    if cluster is not None:
        try:
            return cluster.schemas.faults(gvk, inputs)
        except KubeError:
            # The server reports the fault when the object is sent.
            return []
    if gvk.is_custom:
        return []
    resource = _sdk().resource(urn.type_token)
    return [] if resource is None else Validator(_sdk()).faults(underscored(dict(inputs)), resource.inputs)


@cache
def _sdk() -> Sdk:
    return Sdk(_SDK)
