"""Resource types of a cloud's SDK, read from its sources without an import.

The import of an SDK costs a plugin seconds and a hundred megabytes. Its sources are generated, and the generator writes
every property the same way: a getter with the wire name in its decorator and the type in its annotation. A type is
therefore a slice of a mapped file, found by its name and read by a pattern, in well under a millisecond. Nothing is
written to disk, so nothing can be stale.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Literal

PlainKind = Literal["string", "integer", "number", "boolean", "any", "file"]


@dataclass(frozen=True, slots=True)
class Plain:
    """A type without parts; ``file`` is an asset or an archive, ``any`` is not checked."""

    kind: PlainKind


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any keys."""

    item: Type


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of some types."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """An object type or an enum of the SDK: the file, relative to the package, and the class in it."""

    file: str
    name: str


@dataclass(frozen=True, slots=True)
class Exactly:
    """One of a few values that the annotation itself lists."""

    values: tuple[str | int | float | bool, ...]


Type = Plain | ListOf | MapOf | OneOf | Named | Exactly
ANY_TYPE: Final = Plain("any")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object type or a resource."""

    type: Type
    required: bool
    constant: str | None = None
    """The only value that the SDK allows: it distinguishes the members of a union."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enum: its name in the SDK and its values."""

    name: str
    values: tuple[str | int | float, ...]


Properties = Mapping[str, Property]
"""Properties by their names on the wire."""

_GETTER: Final = re.compile(
    r'@pulumi\.getter(?:\(name="(?P<wire>[^"]+)"\))?\n'
    r'(?:    @_utilities\.deprecated\(""".*?"""\)\n)?'
    r"    def (?P<name>\w+)\(self\) -> (?P<type>[^\n]+):\n",
    re.DOTALL,
)
_CONSTANT: Final = re.compile(r"pulumi\.set\(__self__, \"(?P<name>\w+)\", '(?P<value>[^']*)'\)")
_DEFAULT: Final = re.compile(r"^ {8}if (?P<name>\w+) is None:\n {12}(?P=name) = ", re.MULTILINE)
_MEMBER: Final = re.compile(r'^    \w+ = (?P<value>"(?:[^"\\]|\\.)*"|-?[\d.]+)$', re.MULTILINE)
_TABLE: Final = re.compile(r'resource_modules="""\n(?P<json>.*?)\n"""', re.DOTALL)
_PLAIN_KINDS: Final[Mapping[str, PlainKind]] = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "Any": "any",
    "Asset": "file",
    "Archive": "file",
}


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type of the SDK."""

    token: str
    inputs: Properties
    outputs: Properties


class Sdk:
    """One installed SDK package. Each part is read on its first use, and kept."""

    def __init__(self, package: str) -> None:
        """``package`` is the Python package, ``pulumi_aws``.

        Raises:
            LookupError: it is not installed.
        """
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise LookupError(f"{package} is not installed")
        self.package = package
        self._root = Path(spec.origin).parent
        self._files: dict[str, mmap.mmap | None] = {}
        self._resources: dict[str, ResourceType | None] = {}
        self._objects: dict[Named, Properties | Enumeration | None] = {}

    def resource(self, token: str) -> ResourceType | None:
        """Return a resource type; None if the SDK does not have it."""
        if token not in self._resources:
            self._resources[token] = self._read_resource(token)
        return self._resources[token]

    def resolve(self, reference: Named) -> Properties | Enumeration | None:
        """Return the object type or enum of a reference; None for another class, such as a resource."""
        if reference not in self._objects:
            self._objects[reference] = self._read_named(reference)
        return self._objects[reference]

    def tokens(self) -> list[str]:
        """Return every resource type of the SDK except providers."""
        return list(self._classes)

    def module(self, token: str) -> str | None:
        """Return the module that defines a token's class, so that it can be imported without its package."""
        location = self._location(token)
        if location is None:
            return None
        return f"{self.package}.{location[0].removesuffix('.py').replace('/', '.')}"

    @cached_property
    def _classes(self) -> Mapping[str, tuple[str, str]]:
        """Folders and classes by token, from the table that the package registers on import."""
        text = (self._root / "__init__.py").read_text(encoding="utf-8")
        table = _TABLE.search(text)
        modules = json.loads(table["json"]) if table else []
        return {
            token: ("/".join(module["fqn"].split(".")[1:]), name)
            for module in modules
            for token, name in module["classes"].items()
        }

    def _location(self, token: str) -> tuple[str, str] | None:
        """Return the file that defines a token's class, and the class."""
        if token.startswith("pulumi:providers:"):
            return "provider.py", "Provider"
        if token not in self._classes:
            return None
        folder, name = self._classes[token]
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
        start = f"\nclass {name}(pulumi.".encode()
        likely = _joined(folder, f"{snake}.py")
        siblings = (_joined(folder, path.name) for path in sorted((self._root / folder).glob("*.py")))
        for file in (likely, *siblings):
            content = self._file(file)
            if content is not None and content.find(start) >= 0:
                return file, name
        return None

    def _read_resource(self, token: str) -> ResourceType | None:
        location = self._location(token)
        if location is None:
            return None
        file, name = location
        inputs = self._class(file, f"{name}Args") or self._class(file, f"{name}InitArgs") or ""
        outputs = self._class(file, name) or ""
        return ResourceType(token=token, inputs=self._properties(file, inputs), outputs=self._properties(file, outputs))

    def _read_named(self, reference: Named) -> Properties | Enumeration | None:
        body = self._class(reference.file, reference.name)
        if body is None:
            return None
        if reference.file.endswith("_enums.py"):
            values = tuple(ast.literal_eval(member["value"]) for member in _MEMBER.finditer(body))
            return Enumeration(name=reference.name, values=values)
        return self._properties(reference.file, body)

    def _properties(self, file: str, body: str) -> Properties:
        constants = {match["name"]: match["value"] for match in _CONSTANT.finditer(body)}
        defaults = {match["name"] for match in _DEFAULT.finditer(body)}
        folder = file.rpartition("/")[0]
        properties: dict[str, Property] = {}
        for getter in _GETTER.finditer(body):
            annotation, required = _annotation(folder, getter["type"])
            wire, name = getter["wire"] or getter["name"], getter["name"]
            required = required and name not in defaults
            properties[wire] = Property(type=annotation, required=required, constant=constants.get(name))
        return properties

    def _class(self, file: str, name: str) -> str | None:
        """Return the text of a top-level class."""
        content = self._file(file)
        if content is None:
            return None
        starts = [index for mark in "(:" if (index := content.find(f"\nclass {name}{mark}".encode())) >= 0]
        if not starts:
            return None
        begin = min(starts) + 1
        ends = [index for mark in (b"\nclass ", b"\n@pulumi.") if (index := content.find(mark, begin)) >= 0]
        return content[begin : min(ends, default=len(content))].decode()

    def _file(self, file: str) -> mmap.mmap | None:
        if file not in self._files:
            path = self._root / file
            try:
                with path.open("rb") as source:
                    self._files[file] = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
            except FileNotFoundError:
                self._files[file] = None
        return self._files[file]


@lru_cache(maxsize=4096)
def _annotation(folder: str, text: str) -> tuple[Type, bool]:
    """Return the type of an annotation in the modules of ``folder``, and True if a value is required."""
    node = ast.parse(text, mode="eval").body
    optional = False
    while isinstance(node, ast.Subscript) and _last(node.value) in ("Input", "Output", "Optional", "InputType"):
        optional = optional or _last(node.value) == "Optional"
        node = node.slice
    return _type(folder, node), not optional


def _type(folder: str, node: ast.expr) -> Type:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _reference(folder, node.value)
    if not isinstance(node, ast.Subscript):
        kind = _PLAIN_KINDS.get(_last(node))
        return Plain(kind) if kind else ANY_TYPE
    container = _last(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if container in ("Input", "Output", "Optional"):
        return _type(folder, parts[0])
    if container in ("Sequence", "List"):
        return ListOf(_type(folder, parts[0]))
    if container in ("Mapping", "Dict"):
        return MapOf(_type(folder, parts[-1]))
    if container == "Literal":
        return Exactly(tuple(ast.literal_eval(part) for part in parts))
    if container == "Union":
        return OneOf(tuple(_type(folder, part) for part in parts))
    return ANY_TYPE


def _reference(folder: str, text: str) -> Type:
    """Return the type of a name: ``'RuleArgs'``, ``'outputs.Rule'``, or of another module: ``'_iam.PolicyArgs'``."""
    *modules, name = text.split(".")
    file = "_inputs.py" if name.endswith("Args") else "_enums.py"
    if modules and modules[-1] in ("outputs", "_root_outputs"):
        file = "outputs.py"
    folders = [
        module.removeprefix("_") for module in modules if module not in ("outputs", "_root_outputs", "_root_inputs")
    ]
    parent = "" if modules and modules[0].startswith("_root_") else "/".join(folders) or folder
    return Named(_joined(parent, file), name)


def _joined(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
