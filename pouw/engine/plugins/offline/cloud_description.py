"""Records that describe one cloud: the shape of the data in ``clouds``.

Everything that an SDK says of its types is read from the SDK. These records hold what it does not say and what decides
whether a plan is right: changes that replace a resource, texts that the cloud accepts, outputs that it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from infra.faults import Fault
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """A text that a format refuses."""

    expected: str
    """Noun phrase that follows "must be"."""
    reason: str = ""
    """Sentence about the text that does not quote it, because the text may be secret."""


Format = Callable[[str, Settings], Mismatch | None]
"""Check of a text; None when the text is accepted."""
Function = Callable[[Mapping[str, Value], Settings], Mapping[str, Value]]
"""Function of a provider, from its arguments to its result. Raises ProviderError when only the cloud knows it."""
Siblings = Callable[[str], Sequence[Mapping[str, Value]]]
"""Inputs of every other resource of a type that the cloud holds."""
Conflict = Callable[[str, Mapping[str, Value], Siblings], Fault | None]
"""Check of a resource type and its inputs against the other resources; None when they can exist together."""
Rule = Callable[[Mapping[str, Value]], Iterable[Fault]]
"""Check of inputs against each other. They hold no secret marks and may hold unknown values."""
NamingStyle = Literal["suffix", "copy", "uuid"]


@dataclass(frozen=True, kw_only=True)
class Name:
    """The property that is a resource's name in the cloud, and the names that the cloud accepts."""

    property: str = "name"
    longest: int = 0
    """Characters; 0 when the cloud sets no limit that is documented."""
    shortest: int = 1
    pattern: str = ""
    """Regular expression for the complete name."""
    rule: str = ""
    """Description of the pattern."""
    style: NamingStyle = "suffix"
    separator: str = "-"
    random: int = 7
    """Number of hexadecimal digits that make a proposed name unique."""
    lower: bool = False


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """Properties of one resource type that its SDK does not describe. Paths are written as the engine writes them."""

    replaces: Sequence[str] = ()
    """Inputs whose change replaces the resource."""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Allowed values of inputs that the SDK types as text."""
    formats: Mapping[str, Format] = field(default_factory=dict)
    name: Name | None = None
    computed: Mapping[str, Value] = field(default_factory=dict)
    """Outputs that the cloud decides on, with the value that a rehearsal gives them. Texts are templates; a function
    makes a value from the known properties of the resource."""
    counts: Sequence[str] = ()
    """Computed whole numbers that every change raises: a resource that refers to one changes with it."""
    id: str = ""
    """Template of the identifier that a rehearsal gives."""
    protects: str = ""
    """Input that, when true, forbids the deletion."""
    unique: bool = False
    """True if the cloud gives the name only once, although the id is not made of it."""


EMPTY_ENTRY: Final = CatalogueEntry()


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One provider package."""

    package: str
    """Name in the engine: ``azure-native``."""
    title: str
    """Name in messages."""
    catalogue: Mapping[str, CatalogueEntry]
    """Entries by resource type token."""
    replaces: Sequence[str]
    """Inputs whose change replaces any resource that has them."""
    location_inputs: Sequence[str] = ()
    """Inputs that place a resource outside of the provider's region; the first that is given decides."""
    is_address: Callable[[str], bool] = lambda _: False
    """Predicate of inputs that are part of the resource's address: a change of one replaces the resource."""
    formats: Sequence[tuple[str, Format]]
    """Regular expressions for the names of properties, at any depth, with the format of their texts."""
    open_enums: frozenset[str]
    """Enums of the SDK that lag behind the cloud: any text passes."""
    name_of: Callable[[ResourceType], Name | None]
    """Naming of a resource type that ``catalogue`` does not name."""
    functions: Mapping[str, Function]
    """Functions by token."""
    settings: Callable[[Mapping[str, Value]], Settings]
    """Settings of a provider's configuration."""
    identify: Callable[[ResourceType, Mapping[str, Value], Settings, str], str]
    """Identifier of a resource in a rehearsal, from its properties and a text that no other resource has."""
    placeholder_account: str
    """Account of every rehearsal: no real account has this identifier."""
    regional: Callable[[str], bool] = lambda _: False
    """Predicate of resource types whose names are unique per region only."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """Checks between the inputs of a resource type."""
    conflict: Conflict = lambda *_: None
    """Check of a new resource that a rehearsal makes against the existing ones."""
    defaults: Callable[[Settings], Mapping[str, Value]] = lambda _: {}
    """Inputs that the provider adds where a resource type has them and the program does not set them."""

    def entry_of(self, token: str) -> CatalogueEntry:
        """Return the catalogue entry of a resource type, empty if there is none."""
        return self.catalogue.get(token, EMPTY_ENTRY)

    def naming(self, definition: ResourceType) -> Name | None:
        """Return the property that names the resource, None if no property does."""
        return self.entry_of(definition.token).name or self.name_of(definition)
