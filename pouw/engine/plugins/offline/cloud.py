"""What tells one cloud from another: the shape of the data in ``clouds``.

Everything that an SDK says of its types is read from the SDK. What it does not say and what decides whether a plan is
right stands in these records: which changes replace a resource, which texts the cloud accepts, what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.settings import Settings

Format = Callable[[str, Settings], str]
"""What is wrong with a text, as a phrase that follows the path; empty when nothing is."""
Answer = Callable[[Mapping[str, Value], Settings], Mapping[str, Value]]
"""What a function returns for its arguments; raises ProviderError when it cannot know."""
Siblings = Callable[[str], Sequence[Mapping[str, Value]]]
"""The inputs of everything else of a type that the cloud holds."""
Conflict = Callable[[str, Mapping[str, Value], Siblings], str]
"""Why a resource of that type, with those inputs, cannot stand beside the others; empty when it can."""
Rule = Callable[[Mapping[str, Value]], Iterable[str]]
"""What is wrong between some inputs, path first. They are plain and may hold unknowns."""
NamingStyle = Literal["suffix", "copy", "uuid"]


@dataclass(frozen=True, kw_only=True)
class Name:
    """The property that is a resource's name in the cloud, and what the cloud accepts there."""

    property: str = "name"
    longest: int = 0
    """Characters; 0 when the cloud sets no limit that we know of."""
    shortest: int = 1
    pattern: str = ""
    """A regular expression for the whole name."""
    rule: str = ""
    """The pattern in words."""
    style: NamingStyle = "suffix"
    separator: str = "-"
    random: int = 7
    """How many hexadecimal digits make a proposed name one of its kind."""
    lower: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one resource type besides its SDK's types. Paths are written as the engine writes them."""

    replaces: Sequence[str] = ()
    """Inputs whose change makes another resource of it."""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Inputs that the SDK types as text but that the cloud takes only these values for."""
    formats: Mapping[str, Format] = field(default_factory=dict)
    name: Name | None = None
    computed: Mapping[str, Value] = field(default_factory=dict)
    """Outputs that the cloud decides on: what a rehearsal gives for them. Texts are templates; a function makes them
    from what is known of the resource's properties."""
    counts: Sequence[str] = ()
    """Whole numbers among them that every change raises: what refers to one is changed with it."""
    id: str = ""
    """Template of the identifier that a rehearsal gives."""
    protects: str = ""
    """Input that, when true, forbids the deletion."""
    unique: bool = False
    """Whether the cloud gives the name once, although the id is not made of it."""


NOTHING: Final = Facts()


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One provider package."""

    package: str
    """As the engine calls it: ``azure-native``."""
    title: str
    """As people call it."""
    facts: Mapping[str, Facts]
    """By resource type token."""
    replaces: Sequence[str]
    """Inputs whose change replaces whatever resource has them."""
    places: Sequence[str] = ()
    """Inputs that say where a resource stands if not in the provider's region, the first that is given."""
    is_address: Callable[[str], bool] = lambda _: False
    """Whether an input that is no output is part of the resource's address: then its change replaces it."""
    formats: Sequence[tuple[str, Format]]
    """Regular expressions for the names of properties, at any depth, with the format of their texts."""
    open_enums: frozenset[str]
    """Enums of the SDK that lag behind the cloud: any text passes."""
    name_of: Callable[[ResourceType], Name | None]
    """The naming of a resource type that ``facts`` does not speak of."""
    answers: Mapping[str, Answer]
    """Functions, by token."""
    settings: Callable[[Mapping[str, Value]], Settings]
    """What a provider's configuration says."""
    identify: Callable[[ResourceType, Mapping[str, Value], Settings, str], str]
    """The identifier of a resource in a rehearsal, from its properties and a text that no other resource has."""
    nobody: str
    """The account of every rehearsal: one that no real one can be."""
    regional: Callable[[str], bool] = lambda _: False
    """Whether the names of a resource type are taken in one region alone."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """What must hold between the inputs of a resource type."""
    conflict: Conflict = lambda *_: ""
    """What a rehearsal refuses."""
    defaults: Callable[[Settings], Mapping[str, Value]] = lambda _: {}
    """Inputs that the provider fills in where a resource type has them and the program does not give them."""

    def facts_of(self, token: str) -> Facts:
        """What is known of a resource type."""
        return self.facts.get(token, NOTHING)

    def naming(self, described: ResourceType) -> Name | None:
        """Which property names the resource, if any does."""
        return self.facts_of(described.token).name or self.name_of(described)
