"""Facts about resources in the installed SDKs: types and their properties, read as text."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

_TABLE = re.compile(r'resource_modules="""\n(.*?)\n"""', re.DOTALL)
_CUSTOM = frozenset(
    f"kubernetes:{one}"
    for one in (
        "argoproj.io/v1alpha1:Rollout",
        "argoproj.io/v1alpha1:AnalysisTemplate",
        "argoproj.io/v1alpha1:ClusterAnalysisTemplate",
        "flagger.app/v1beta1:Canary",
        "flagger.app/v1beta1:MetricTemplate",
    )
)
"""Custom resources, which no SDK describes."""
_GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n\s+def (\w+)')


@cache
def _folders(package: str) -> dict[str, Path]:
    """Return the folder of the module that holds each type's class."""
    spec = importlib.util.find_spec("pulumi_" + package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise LookupError(f"no SDK for {package} is installed")
    root = Path(spec.origin).parent
    table = _TABLE.search(Path(spec.origin).read_text(encoding="utf-8"))
    return {
        token: root.joinpath(*module["fqn"].split(".")[1:])
        for module in json.loads(table.group(1) if table else "[]")
        for token in module["classes"]
    }


def has(token: str) -> bool:
    """True if the SDK has a resource of this type, or if the type is a custom resource."""
    return token in _CUSTOM or token in _folders(token.partition(":")[0])


@cache
def properties(token: str) -> frozenset[str]:
    """Return the properties of the type, inputs and outputs, at their top."""
    if token in _CUSTOM:
        return frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
    mark = f'@pulumi.type_token("{token}")'
    for path in _folders(token.partition(":")[0])[token].glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if mark in text:
            return frozenset(wire or name for wire, name in _GETTER.findall(text))
    raise LookupError(f"{token}: no class with this token")
