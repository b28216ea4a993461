"""Stacks with planted violations and their clean twins: what a gate must report, and what it must not.

Each cloud has a file in ``planted`` and one in ``clean``. It lists resources as a program would declare them:

    config: {gcp:project: some-project}
    resources:
      bucket: # gcp-storage-bucket-require-versions
        type: gcp:storage/bucket:Bucket
        properties:
          forceDestroy: true # gcp-storage-bucket-deny-forced-deletion
          encryption: {defaultKmsKeyName: "${key.id}"}

``${key.id}`` is the value in a preview; ``fn::toJSON`` renders its argument as text. Kubernetes files are plain
manifests, as many tools read them. A comment names the rules that its line violates; a comment on a line of its own is
about the next line. The line is that of the wrong property, or of the innermost object without a required one. A
property that the whole resource lacks is marked at its beginning. A rule is named once per expected finding.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policies import catalogue
from policies.checks import join, steps_of
from policies.interface import STACK_TYPE
from policies.pack_config import subject_of
from policies.rule import CLOUDS
from pouw.gate.manifest_check import type_token
from pouw.gate.verdict import Finding
from tests.policies.analyzer import Declaration

SETTINGS = "pouw:"
_FOLDER = Path(__file__).parent
_COMMENT = re.compile(r"(?:^|\s)#.*")
_RULE = re.compile(rf"\b(?:{'|'.join(CLOUDS)})(?:-[a-z0-9]+){{4,}}\b")


def rules_of(cloud: str) -> set[str]:
    """Return the ids of a cloud's rules."""
    return {name for name in catalogue.every_rule() if name.startswith(f"{cloud}-")}


@dataclass(frozen=True, kw_only=True)
class Part(Declaration):
    """A resource of a stack, with its place in the file."""

    lines: Mapping[str, int]
    """Lines of the properties in the file, by path; the empty path is the resource."""
    second_line: int
    """The line after the first one, which may mark what the whole resource lacks."""

    def line(self, path: str) -> int:
        """Return the line of a property; of the innermost object on its path where it is missing."""
        innermost = prefix = ""
        for step in steps_of(path):
            prefix = join(prefix, step)
            innermost = prefix if prefix in self.lines else innermost
        return self.lines[innermost]


@dataclass(frozen=True, kw_only=True)
class DeclaredStack:
    """The declarations of a file."""

    parts: Sequence[Part]
    config: Mapping[str, str]
    """The configuration of providers."""
    settings: Mapping[str, Any]
    """The stack's own settings."""
    planted: Counter[str]
    """The number of planted violations by line and rule: ``12: rule``."""
    stack_resource: Part
    """The stack resource, which contains the settings."""

    def count(self, findings: Iterable[Finding]) -> Counter[str]:
        """Return the number of findings by line and rule."""
        return Counter(f"{self.part(finding.urn).line(finding.path)}: {finding.rule}" for finding in findings)

    def part(self, urn: str) -> Part:
        """Return the resource with this URN from the engine or from a check of manifests."""
        token, name = subject_of(urn).split("::")
        # The name of an object in a manifest is preceded by its namespace.
        key = token, name.rpartition("/")[2]
        if token == STACK_TYPE:
            return self.stack_resource
        return next(part for part in self.parts if (part.type, part.name) == key)


@cache
def load_stack(folder: str, cloud: str) -> DeclaredStack:
    """Return the stack in a file: ``load_stack("planted", "aws")``."""
    text = file_of(folder, cloud).read_text(encoding="utf-8")
    documents = [*zip(yaml.safe_load_all(text), yaml.compose_all(text, yaml.SafeLoader), strict=True)]
    lines: Mapping[str, int] = {}
    if cloud == "kubernetes":
        parts, config = [_object(value, node) for value, node in documents], {}
    else:
        ((value, root),) = documents
        config, lines = value["config"], _lines(root)
        parts = [_resource(name, body, lines) for name, body in value.get("resources", {}).items()]
    starts = {part.second_line: part.lines[""] for part in parts}
    settings_lines = {path.removeprefix(f"config.{SETTINGS}"): line for path, line in lines.items()}
    return DeclaredStack(
        parts=parts,
        config={key: value for key, value in config.items() if not key.startswith(SETTINGS)},
        settings={key.removeprefix(SETTINGS): value for key, value in config.items() if key.startswith(SETTINGS)},
        planted=Counter(f"{starts.get(line, line)}: {rule}" for line, rule in _comments(text)),
        stack_resource=Part(type=STACK_TYPE, props={}, lines={"": 1, **settings_lines}, second_line=1),
    )


def file_of(folder: str, cloud: str) -> Path:
    """Return the file that declares a stack."""
    return _FOLDER / folder / f"{cloud}.yaml"


def _object(value: Mapping[str, Any], node: yaml.Node) -> Part:
    token = type_token(value["apiVersion"], value["kind"])
    lines = _lines(node)
    inner = {**lines, "": _line(node), "kind": _line(node)}
    return Part(name=value["metadata"]["name"], type=token, props=value, lines=inner, second_line=lines["kind"])


def _resource(name: str, value: Mapping[str, Any], lines: Mapping[str, int]) -> Part:
    base = f"resources.{name}"
    prefix = f"{base}.properties."
    inner = {path.removeprefix(prefix): line for path, line in lines.items() if path.startswith(prefix)}
    return Part(
        name=name,
        type=value["type"],
        props=value.get("properties", {}),
        lines={**inner, "": lines[base]},
        second_line=lines[f"{base}.type"],
    )


def _lines(node: yaml.Node, parent: str = "") -> Mapping[str, int]:
    """Return the line of each key and each item, by path."""
    inner: list[tuple[str, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        inner = [(join(parent, key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inner = [(f"{parent}[{index}]", value, value) for index, value in enumerate(node.value)]
    lines: dict[str, int] = {}
    for path, mark, value in inner:
        lines |= {path: _line(mark), **_lines(value, path)}
    return lines


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield each rule named in a comment, with the line that the comment is about."""
    pending: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        comment = _COMMENT.search(line)
        pending += _RULE.findall(comment[0]) if comment else ()
        if line.strip() and not line.lstrip().startswith("#"):
            yield from ((number, rule) for rule in pending)
            pending = []
