"""Kubeconfigs: text or files, merged as kubectl merges them, with a provider's overrides applied.

Pure but for reading the files; what a kubeconfig means (certificates, tokens, exec plugins) is the official client's
business.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.faults import choices
from pouw.engine.plugins.core import simulation
from pouw.engine.plugins.core.errors import ProviderError

_FILES_OF_CLUSTER = ("certificate-authority",)
_FILES_OF_USER = ("client-certificate", "client-key", "tokenFile")


class KubeconfigError(ProviderError):
    """A kubeconfig that cannot be used. Never quotes its content: it holds credentials."""


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A merged kubeconfig with its overrides applied."""

    content: Mapping[str, Any]

    @property
    def context(self) -> Mapping[str, Any]:
        """The active context; empty if there is none."""
        name = self.content.get("current-context")
        return _named(self.content, "contexts", name, "context")

    @property
    def namespace(self) -> str:
        """The active context's namespace."""
        return str(self.context.get("namespace") or "default")

    @property
    def cluster(self) -> Mapping[str, Any]:
        """The active cluster: what decides whether objects are still in the same place."""
        return _named(self.content, "clusters", self.context.get("cluster"), "cluster")


def parse(text: str, *, context: str = "", cluster: str = "") -> Kubeconfig:
    """A kubeconfig given as its content (YAML or JSON) or as the path of a file."""
    if not is_content(text):
        return load([Path(text).expanduser()], context=context, cluster=cluster)
    return _overridden(_document(text, "kubeconfig"), context, cluster)


def is_content(text: str) -> bool:
    """Whether a ``kubeconfig`` setting is a kubeconfig's content; else it is the path of one."""
    return "\n" in text or text.lstrip().startswith(("{", "apiVersion"))


def load(paths: Sequence[Path], *, context: str = "", cluster: str = "") -> Kubeconfig:
    """Files merged: the first to name something wins. Files that do not exist are skipped, but not all of them.

    A rehearsal reads none: they hold credentials of real clusters.
    """
    if simulation.folder() is not None:
        raise KubeconfigError("a rehearsal reads no kubeconfig files; give the content")
    present = [path for path in paths if path.is_file()]
    if not present:
        raise KubeconfigError(
            f"no kubeconfig at {', '.join(map(str, paths))}: "
            "start a cluster, set KUBECONFIG or the provider's kubeconfig"
        )
    merged: dict[str, Any] = {"clusters": [], "contexts": [], "users": []}
    for path in present:
        document = _absolute(_document(path.read_text(encoding="utf-8"), str(path)), path.parent)
        merged.setdefault("current-context", document.get("current-context"))
        for section in ("clusters", "contexts", "users"):
            known = {entry["name"] for entry in merged[section]}
            merged[section] += [entry for entry in document.get(section) or [] if entry.get("name") not in known]
    return _overridden(merged, context, cluster)


def ambient_paths(environment: Mapping[str, str] = os.environ) -> Sequence[Path]:
    """Where kubectl would look."""
    named = [Path(text).expanduser() for text in environment.get("KUBECONFIG", "").split(os.pathsep) if text]
    return named or [Path("~/.kube/config").expanduser()]


def _document(text: str, origin: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise KubeconfigError(f"{origin}: not valid YAML{where}") from None
    if not isinstance(document, dict) or not isinstance(document.get("clusters") or [], list):
        raise KubeconfigError(f"{origin}: not a kubeconfig: it must be an object with clusters, contexts and users")
    return document


def _absolute(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for section, key, names in (("clusters", "cluster", _FILES_OF_CLUSTER), ("users", "user", _FILES_OF_USER)):
        for entry in document.get(section) or []:
            body = entry.get(key) or {}
            for name in names:
                if body.get(name):
                    body[name] = str((folder / body[name]).resolve())
    return document


def _overridden(document: dict[str, Any], context: str, cluster: str) -> Kubeconfig:
    content = copy.deepcopy(document)
    if context:
        content["current-context"] = context
    active = content.get("current-context")
    if not _named(content, "contexts", active, "context"):
        known = sorted(str(entry.get("name")) for entry in content.get("contexts") or [])
        raise KubeconfigError(f"kubeconfig: no context {active!r}; it has: {choices(known, active) or 'none'}")
    if cluster:
        for entry in content["contexts"]:
            if entry.get("name") == active:
                entry["context"]["cluster"] = cluster
    found = Kubeconfig(content=content)
    if not found.cluster:
        raise KubeconfigError(f"kubeconfig: context {active!r} names a cluster that the file does not have")
    return found


def _named(content: Mapping[str, Any], section: str, name: object, key: str) -> Mapping[str, Any]:
    for entry in content.get(section) or []:
        if entry.get("name") == name:
            body = entry.get(key)
            return body if isinstance(body, Mapping) else {}
    return {}
