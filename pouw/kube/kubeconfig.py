"""The reader of kubeconfigs: text or files, merged as kubectl merges them, with overrides of context and cluster."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.faults import choices
from pouw.kube.errors import KubeconfigError

_FILES_OF_CLUSTER = ("certificate-authority",)
_FILES_OF_USER = ("client-certificate", "client-key", "tokenFile")
_SECTIONS = ("clusters", "contexts", "users")


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A merged kubeconfig with its overrides applied."""

    content: Mapping[str, Any] = field(repr=False)

    @property
    def context(self) -> Mapping[str, Any]:
        """The active context; empty if there is none."""
        return _body(self.content, "contexts", self.content.get("current-context"), "context")

    @property
    def namespace(self) -> str:
        """The active context's namespace."""
        return str(self.context.get("namespace") or "default")

    @property
    def cluster(self) -> Mapping[str, Any]:
        """The active cluster. Another one means that objects are in another place."""
        return _body(self.content, "clusters", self.context.get("cluster"), "cluster")

    @property
    def user(self) -> Mapping[str, Any]:
        """The active user's credentials; empty if the context names no user."""
        return _body(self.content, "users", self.context.get("user"), "user")


def is_content(text: str) -> bool:
    """True if a ``kubeconfig`` setting is a kubeconfig's content, False if it is the path of one."""
    return "\n" in text or text.lstrip().startswith(("{", "apiVersion"))


def parse(text: str, *, context: str = "", cluster: str = "") -> Kubeconfig:
    """Return the kubeconfig with the content ``text``, which is YAML or JSON.

    Raises:
        KubeconfigError: the text is not a kubeconfig, or has no such context or cluster.
    """
    return _overridden(_document(text, "kubeconfig"), "kubeconfig", context, cluster)


def load(paths: Sequence[Path], *, context: str = "", cluster: str = "") -> Kubeconfig:
    """Return the merged files. The first file that has an entry of a name wins. Missing files are skipped.

    Raises:
        KubeconfigError: no file exists, one is not a kubeconfig, or none has such a context or cluster.
    """
    present = [path for path in paths if path.is_file()]
    names = os.pathsep.join(map(str, paths))
    if not present:
        raise KubeconfigError(
            names,
            "the file does not exist",
            expected="a kubeconfig",
            remedy="start a cluster, set KUBECONFIG or the provider's kubeconfig",
        )
    merged: dict[str, Any] = {section: [] for section in _SECTIONS}
    for path in present:
        document = _absolute(_document(_text(path), str(path)), path.parent)
        merged.setdefault("current-context", document.get("current-context"))
        for section in _SECTIONS:
            present_names = {entry["name"] for entry in merged[section]}
            merged[section] += [
                entry for entry in document.get(section) or [] if entry.get("name") not in present_names
            ]
    return _overridden(merged, names, context, cluster)


def expanded(path: str) -> Path:
    """Return the path of a setting, with ``~`` as the user's home folder."""
    return Path(path).expanduser()


def default_paths(environment: Mapping[str, str]) -> Sequence[Path]:
    """Return the files that kubectl reads: those of ``KUBECONFIG``, else the one in the user's home folder."""
    paths = [Path(text).expanduser() for text in environment.get("KUBECONFIG", "").split(os.pathsep) if text]
    return paths or [Path("~/.kube/config").expanduser()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KubeconfigError(str(path), "the file cannot be read", got=getattr(error, "strerror", "") or "") from None


def _document(text: str, origin: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError:
        raise KubeconfigError(origin, f"not valid YAML{_position(text)}") from None
    if not isinstance(document, dict) or not all(_is_section(document.get(section), section) for section in _SECTIONS):
        raise KubeconfigError(
            origin, "not a kubeconfig", expected="an object with the lists clusters, contexts and users"
        )
    return document


def _position(text: str) -> str:
    """Return the position of the first fault. The loader in Python finds it; the one in C names the end of the text."""
    try:
        yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    return ""


def _is_section(value: object, section: str) -> bool:
    """True if each entry of a section has a body that is an object, or none."""
    body = section.removesuffix("s")
    return value is None or (
        isinstance(value, list)
        and all(isinstance(entry, dict) and isinstance(entry.get(body) or {}, dict) for entry in value)
    )


def _absolute(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for section, key, fields in (("clusters", "cluster", _FILES_OF_CLUSTER), ("users", "user", _FILES_OF_USER)):
        for entry in document.get(section) or []:
            body = entry.get(key) or {}
            for name in fields:
                if body.get(name):
                    body[name] = str((folder / body[name]).resolve())
    return document


def _overridden(document: dict[str, Any], origin: str, context: str, cluster: str) -> Kubeconfig:
    content = copy.deepcopy(document)
    if context:
        content["current-context"] = context
    active = content.get("current-context")
    if not _body(content, "contexts", active, "context"):
        names = sorted(str(entry.get("name")) for entry in content.get("contexts") or [])
        raise KubeconfigError(origin, f"no context {active!r}", expected=f"one of: {choices(names, active) or 'none'}")
    if cluster:
        for entry in content["contexts"]:
            if entry.get("name") == active:
                entry["context"]["cluster"] = cluster
    kubeconfig = Kubeconfig(content=content)
    if not kubeconfig.cluster:
        raise KubeconfigError(origin, f"context {active!r} names a cluster that the file does not have")
    return kubeconfig


def _body(content: Mapping[str, Any], section: str, name: object, key: str) -> Mapping[str, Any]:
    for entry in content.get(section) or []:
        if entry.get("name") == name:
            body = entry.get(key)
            return body if isinstance(body, Mapping) else {}
    return {}
