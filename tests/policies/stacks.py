"""Stacks with violations planted into them, and their twins without any: what a gate must find, and must not.

Each cloud has a file in ``planted`` and one in ``clean``. It lists resources as a program would declare them:

    config: {gcp:project: some-project}
    resources:
      bucket: # gcp-storage-bucket-require-versions
        type: gcp:storage/bucket:Bucket
        properties:
          forceDestroy: true # gcp-storage-bucket-deny-forced-deletion
          encryption: {defaultKmsKeyName: "${key.id}"}

``${key.id}`` is what a preview knows of it; ``fn::toJSON`` makes a text of what it holds. Kubernetes' files are plain
manifests, as many tools read them. A comment names the rules that its line breaks, or the next line where it stands
alone: the line of the property that is wrong, or of the innermost one that should hold what is missing. What a whole
resource lacks stands at its beginning. A rule is named once for each time that it is to be reported.
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
from policies.checks import steps_of
from policies.interface import STACK_TYPE
from policies.pack_config import subject_of
from policies.rule import CLOUDS
from pouw.gate.manifests import type_token
from pouw.gate.verdict import Finding
from tests.policies.analyzer import Given

SETTINGS = "pouw:"
_FOLDER = Path(__file__).parent
_COMMENT = re.compile(r"(?:^|\s)#.*")
_RULE = re.compile(rf"\b(?:{'|'.join(CLOUDS)})(?:-[a-z0-9]+){{4,}}\b")


def rules_of(cloud: str) -> set[str]:
    """The ids of a cloud's rules."""
    return {name for name in catalogue.every_rule() if name.startswith(f"{cloud}-")}


@dataclass(frozen=True, kw_only=True)
class Part(Given):
    """A resource of a stack."""

    lines: Mapping[str, int]
    """Where in the file each of its properties is, by path; the resource itself is at the empty one."""
    second: int
    """The line after its first, where what it lacks as a whole may stand, too."""

    def line(self, path: str) -> int:
        """The line of a property; of the innermost one on the way to it, where it is missing."""
        at = way = ""
        for step in steps_of(path):
            way += step if step.startswith("[") or not way else f".{step}"
            at = way if way in self.lines else at
        return self.lines[at]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a file declares."""

    parts: Sequence[Part]
    config: Mapping[str, str]
    """Where providers work."""
    settings: Mapping[str, Any]
    """Our own settings of the stack."""
    planted: Counter[str]
    """How often each line breaks each rule: ``12: rule``."""
    own: Part
    """The stack itself, which holds the settings."""

    def found(self, findings: Iterable[Finding]) -> Counter[str]:
        """How often each rule was reported of each line."""
        return Counter(f"{self.part(one.urn).line(one.path)}: {one.rule}" for one in findings)

    def part(self, urn: str) -> Part:
        """What the engine, or a check of manifests, gave this URN."""
        token, name = subject_of(urn).split("::")
        # An object of a manifest has its namespace before its name.
        called = token, name.rpartition("/")[2]
        return self.own if token == STACK_TYPE else next(one for one in self.parts if (one.type, one.name) == called)


@cache
def declared(folder: str, cloud: str) -> Declared:
    """The stack in a file: ``declared("planted", "aws")``."""
    text = file_of(folder, cloud).read_text(encoding="utf-8")
    documents = [*zip(yaml.safe_load_all(text), yaml.compose_all(text, yaml.SafeLoader), strict=True)]
    lines: Mapping[str, int] = {}
    if cloud == "kubernetes":
        parts, config = [_object(value, node) for value, node in documents], {}
    else:
        ((value, root),) = documents
        config, lines = value["config"], _lines(root)
        parts = [_resource(name, one, lines) for name, one in value.get("resources", {}).items()]
    starts = {part.second: part.lines[""] for part in parts}
    held = {path.removeprefix(f"config.{SETTINGS}"): line for path, line in lines.items()}
    return Declared(
        parts=parts,
        config={key: value for key, value in config.items() if not key.startswith(SETTINGS)},
        settings={key.removeprefix(SETTINGS): value for key, value in config.items() if key.startswith(SETTINGS)},
        planted=Counter(f"{starts.get(line, line)}: {rule}" for line, rule in _comments(text)),
        own=Part(type=STACK_TYPE, props={}, lines={"": 1, **held}, second=1),
    )


def file_of(folder: str, cloud: str) -> Path:
    """The file that declares a stack."""
    return _FOLDER / folder / f"{cloud}.yaml"


def _object(value: Mapping[str, Any], node: yaml.Node) -> Part:
    token = type_token(value["apiVersion"], value["kind"])
    lines = _lines(node)
    inner = {**lines, "": _line(node), "kind": _line(node)}
    return Part(name=value["metadata"]["name"], type=token, props=value, lines=inner, second=lines["kind"])


def _resource(name: str, value: Mapping[str, Any], lines: Mapping[str, int]) -> Part:
    at = f"resources.{name}"
    held = f"{at}.properties."
    inner = {path.removeprefix(held): line for path, line in lines.items() if path.startswith(held)}
    return Part(
        name=name,
        type=value["type"],
        props=value.get("properties", {}),
        lines={**inner, "": lines[at]},
        second=lines[f"{at}.type"],
    )


def _lines(node: yaml.Node, at: str = "") -> Mapping[str, int]:
    """The line of each key and each item, by path."""
    inner: list[tuple[str, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        inner = [(f"{at}.{key.value}" if at else key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inner = [(f"{at}[{index}]", value, value) for index, value in enumerate(node.value)]
    found: dict[str, int] = {}
    for path, mark, value in inner:
        found |= {path: _line(mark), **_lines(value, path)}
    return found


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Each rule that is named by a comment, with the line that the comment is about."""
    waiting: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        comment = _COMMENT.search(line)
        waiting += _RULE.findall(comment[0]) if comment else ()
        if line.strip() and not line.lstrip().startswith("#"):
            yield from ((number, rule) for rule in waiting)
            waiting = []
