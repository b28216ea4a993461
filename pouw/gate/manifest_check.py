"""The Kubernetes rules on plain YAML manifests, without a Pulumi program. All values are known, no waiver applies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from infra.faults import Fault
from policies import catalogue
from policies.evaluation import evaluate
from policies.nulls import without_nulls
from policies.result import Result
from policies.rule import AnyRule, Level, Rule
from policies.stack import Resource, Stack
from pouw.errors import ExitCode, PouwError
from pouw.gate.verdict import Finding, Kind, Verdict


class ManifestError(PouwError):
    """A manifest cannot be read."""

    code = ExitCode.CONFIGURATION


def verdict(path: Path) -> Verdict:
    """Return the verdict on every object in a file, or in the YAML files below a folder.

    Raises:
        ManifestError: a file is not YAML, a document is not a Kubernetes object, or no file holds an object.
    """
    files = sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
    resources = [resource for file in files for resource in _resources(file)]
    if not resources:
        raise ManifestError(Fault(path=str(path), message="holds no Kubernetes object", expected="YAML manifests"))
    stack = Stack(resources)
    findings: list[Finding] = []
    passed: defaultdict[str, list[str]] = defaultdict(list)
    for resource in resources:
        for rule in catalogue.rules_for(resource.type):
            result = _evaluate(rule, resource, stack)
            if result.passed:
                passed[rule.id].append(resource.urn)
            else:
                findings += _findings(result, resource.urn)
    return Verdict(stack=str(path), environment="production", findings=findings, passed=passed)


def type_token(api_version: str, kind: str) -> str:
    """Return the type token of an object, such as ``kubernetes:apps/v1:Deployment``; the core group is ``core``."""
    return f"kubernetes:{api_version if '/' in api_version else 'core/' + api_version}:{kind}"


def _evaluate(rule: AnyRule, resource: Resource, stack: Stack) -> Result:
    if isinstance(rule, Rule):
        return evaluate(rule, partial(rule.check, resource.props))
    return evaluate(rule, partial(rule.check, resource, stack))


def _findings(result: Result, urn: str) -> Iterator[Finding]:
    rule = result.rule
    reports = [(Kind.VIOLATION, violation.path, violation.message) for violation in result.violations]
    if result.unevaluated:
        reports.append((Kind.UNEVALUATED, "", result.unevaluated))
    for kind, path, message in reports:
        yield Finding(
            kind=kind,
            rule=rule.id,
            urn=urn,
            path=path,
            message=message,
            severity=rule.severity,
            mandatory=rule.level is Level.MANDATORY,
            remedy=rule.remedy,
        )


def _resources(file: Path) -> Iterator[Resource]:
    try:
        documents = list(yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(Fault(path=str(file), message="is not YAML", got=str(error))) from error
    for number, document in enumerate(documents):
        for manifest in _objects(document, f"{file}: document {number + 1}"):
            metadata = manifest.get("metadata") or {}
            token, name = type_token(manifest["apiVersion"], manifest["kind"]), metadata.get("name", "")
            namespace = metadata.get("namespace", "")
            urn = f"urn:pulumi:manifests::{file}::{token}::{namespace + '/' if namespace else ''}{name}"
            props = without_nulls(manifest)
            yield Resource(urn=urn, type=token, name=name, props=props, inputs=props)


def _objects(document: Any, path: str) -> Iterator[Mapping[str, Any]]:
    if document is None:
        return
    if not isinstance(document, dict) or not {"apiVersion", "kind"} <= set(document):
        got = type(document).__name__
        raise ManifestError(
            Fault(path=path, message="is not a Kubernetes object", got=got, expected="apiVersion and kind")
        )
    if document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for entry in document["items"]:
            yield from _objects(entry, path)
    else:
        yield document
