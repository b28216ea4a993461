"""The provider's configuration, from ``kubernetes:Provider`` or the stack's ``kubernetes:…`` settings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core import simulation
from pouw.engine.plugins.core.properties import UNKNOWN, Value, revealed
from pouw.kube.errors import KubeconfigError
from pouw.kube.kubeconfig import Kubeconfig, expanded, is_content, load, parse

_PREFIX: Final = "kubernetes:config:"
_ENVIRONMENT: Final = {
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
}
_UNSUPPORTED: Final = {
    "renderYamlToDirectory": (
        "this provider does not render YAML to a directory; "
        "use `pulumi preview --json`, or the official kubernetes plugin"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Settings of one provider instance; ``kubeconfig`` holds credentials."""

    kubeconfig: str = ""
    """Content or path. Empty selects the user's own."""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    server_side_apply: bool = True
    mutable_config_maps: bool = False
    mutable_secrets: bool = False
    delete_unreachable: bool = False
    keep_unreachable: bool = False
    force_conflicts: bool | None = None

    def __repr__(self) -> str:
        return f"Configuration(context={self.context!r}, namespace={self.namespace!r})"


def read(variables: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Configuration:
    """Return the configuration of a ``Configure`` call. A variable wins over the environment."""
    settings = {key.removeprefix(_PREFIX): value for key, value in variables.items()}

    def flag(name: str, *, default: bool) -> bool:
        value = settings.get(name) or environment.get(_ENVIRONMENT[name], "")
        return value == "true" if value else default

    force = environment.get("PULUMI_K8S_ENABLE_PATCH_FORCE")
    return Configuration(
        kubeconfig=settings.get("kubeconfig", ""),
        context=settings.get("context", ""),
        cluster=settings.get("cluster", ""),
        namespace=settings.get("namespace", ""),
        server_side_apply=flag("enableServerSideApply", default=True),
        mutable_config_maps=flag("enableConfigMapMutable", default=False),
        mutable_secrets=flag("enableSecretMutable", default=False),
        delete_unreachable=flag("deleteUnreachable", default=False),
        keep_unreachable=flag("skipUpdateUnreachable", default=False),
        force_conflicts=None if force is None else force == "true",
    )


def kubeconfig_of(settings: Configuration) -> Kubeconfig | None:
    """Return the kubeconfig of a configuration, from its content or its file; None if it has none.

    Raises:
        KubeconfigError: it cannot be used, or it is a file and this is a rehearsal.
    """
    return _loaded(settings.kubeconfig, settings.context, settings.cluster)


def _loaded(text: str, context: str, cluster: str) -> Kubeconfig | None:
    if not text:
        return None
    if is_content(text):
        return parse(text, context=context, cluster=cluster)
    if simulation.folder() is not None:
        raise KubeconfigError("kubeconfig", "a rehearsal reads no kubeconfig files, because they hold credentials")
    return load([expanded(text)], context=context, cluster=cluster)


def faults(news: Mapping[str, Value]) -> list[Fault]:
    """Return the faults of a provider's inputs. They hold no value, because a value may be secret."""
    faults_found = [
        Fault(path=name, message=reason)
        for name, reason in _UNSUPPORTED.items()
        if news.get(name) not in (None, "", False, "false")
    ]
    text = revealed(news.get("kubeconfig"))
    if isinstance(text, str) and text and not _has_unknown_override(news):
        try:
            _loaded(text, _text(news.get("context")), _text(news.get("cluster")))
        except KubeconfigError as error:
            # A file may appear later in the same run, but content cannot change.
            if is_content(text):
                faults_found += error.faults
    return faults_found


_IDENTIFIER: Final = "clusterIdentifier"


@dataclass(frozen=True, kw_only=True)
class ConfigurationChange:
    """The keys that differ between two configurations, and those among them that mean another cluster."""

    differs: list[str]
    replaces: list[str]


def difference(olds: Mapping[str, Value], news: Mapping[str, Value]) -> ConfigurationChange:
    """Compare two configurations. Another active cluster, or an unknown one, replaces everything in it.

    If the program identifies its cluster by ``clusterIdentifier``, only that identifies it. Other changes update.
    """
    old, new = revealed(dict(olds)), revealed(dict(news))
    differs = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    identifier, before = new.get(_IDENTIFIER), old.get(_IDENTIFIER)
    if identifier is not None:
        moved = identifier is UNKNOWN or (before is not None and before != identifier)
        return ConfigurationChange(differs=differs, replaces=[_IDENTIFIER] if moved else [])
    location_keys = [key for key in ("kubeconfig", "context", "cluster") if key in differs]
    if any(new.get(key) is UNKNOWN for key in location_keys):
        return ConfigurationChange(differs=differs, replaces=[key for key in location_keys if new.get(key) is UNKNOWN])
    before, after = _active_cluster(old), _active_cluster(new)
    moved = before is not None and after is not None and before != after
    return ConfigurationChange(differs=differs, replaces=location_keys if moved else [])


def _active_cluster(values: Mapping[str, Value]) -> Mapping[str, object] | None:
    value = values.get("kubeconfig")
    text = json.dumps(value) if isinstance(value, Mapping) else _text(value)
    try:
        faults_found = _loaded(text, _text(values.get("context")), _text(values.get("cluster")))
    except KubeconfigError:
        return None
    return None if faults_found is None else dict(faults_found.cluster)


def _has_unknown_override(news: Mapping[str, Value]) -> bool:
    return any(revealed(news.get(key)) is UNKNOWN for key in ("context", "cluster"))


def _text(value: Value) -> str:
    value = revealed(value)
    return value if isinstance(value, str) else ""
