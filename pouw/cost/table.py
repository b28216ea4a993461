"""The table of prices: read once, checked when it is read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FILES = tuple(Path(__file__).with_name(name) for name in ("prices.yaml", "machines.yaml"))
UNCHECKED = "unchecked"
"""The source of prices that were compared with nothing."""
_ANY = "*"

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ByRegion = Mapping[str, Amount]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Part):
    """Where prices were found, and of when they are."""

    of: str
    date: date


@dataclass(frozen=True, kw_only=True)
class Price:
    """What something costs a month, and whether that was compared with anything."""

    month: float
    checked: bool


class Plus(_Part):
    """A price for each entry of an input, on top of the line's own."""

    each: str
    month: ByRegion


class Line(_Part):
    """What one kind of a type costs: by the hour, by the month, or both."""

    what: str
    source: str = UNCHECKED
    when: Mapping[str, str] = Field(default_factory=dict)
    """Inputs, by path, and what they must be."""
    hour: ByRegion | None = None
    month: ByRegion | None = None
    each: str | None = None
    otherwise: int | None = None
    """How many there are where ``each`` is not known before the run."""
    plus: Plus | None = None
    usage: str = ""


class _Group(_Part):
    """Prices of one source."""

    source: str
    unchecked: frozenset[str] = frozenset()
    """Regions whose price is not of the source and was compared with nothing."""

    def is_checked(self, region: str) -> bool:
        """Whether the price in a region was compared with its source."""
        return self.source != UNCHECKED and region not in self.unchecked


class Family(_Group):
    """Machines whose prices are multiples of one."""

    sizes: Mapping[str, Annotated[float, Field(gt=0)]]
    """Names of the machines, and what multiple of ``hour`` each costs."""
    hour: ByRegion


class Disk(_Group):
    """What one kind of disk costs a month: each GiB of it, or a disk of up to so many GiB."""

    month: ByRegion | None = None
    steps: Mapping[int, ByRegion] | None = None

    @model_validator(mode="after")
    def _is_sold_one_way(self) -> Self:
        if (self.month is None) is (self.steps is None):
            raise ValueError("a disk is sold by the GiB or in steps")
        return self


class Table(_Part):
    """All prices."""

    date: date
    """When they were last compared with their sources."""
    currency: str
    hours_a_month: Annotated[int, Field(gt=0)]
    sources: Mapping[str, Source]
    resources: Mapping[str, tuple[Line, ...]]
    machines: Mapping[str, Mapping[str, Family]]
    disks: Mapping[str, Mapping[str, Disk]]
    classes: Mapping[str, Mapping[str, str]]
    """Kinds of disks by cloud and storage class, where no plan shows the class's parameters."""
    services: Mapping[str, ByRegion]
    usage: Mapping[str, str]
    free: Mapping[str, tuple[str, ...]]
    """Patterns of types, by the reason why nobody charges for them."""

    @model_validator(mode="after")
    def _names_its_sources(self) -> Self:
        if missing := sorted(set(self._named_sources()) - set(self.sources)):
            raise ValueError(f"no source is called {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _prices_a_machine_once(self) -> Self:
        for families in self.machines.values():
            names = [name for family in families.values() for name in family.sizes]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{', '.join(twice)} has two prices")
        return self

    def _named_sources(self) -> Iterator[str]:
        yield from (line.source for lines in self.resources.values() for line in lines)
        yield from (family.source for families in self.machines.values() for family in families.values())
        yield from (disk.source for disks in self.disks.values() for disk in disks.values())

    def used(self, token: str) -> str:
        """What a type is charged for by use; empty for one that is not."""
        return next((words for pattern, words in self.usage.items() if fnmatchcase(token, pattern)), "")

    def free_because(self, token: str) -> str:
        """Why a type costs nothing; empty for one of which that is not known."""
        named = ((why, pattern) for why, patterns in self.free.items() for pattern in patterns)
        return next((why for why, pattern in named if fnmatchcase(token, pattern)), "")

    def machine(self, cloud: str, name: str, region: str) -> Price | None:
        """A machine's month; none where it is not known."""
        family = next((one for one in self.machines.get(cloud, {}).values() if name in one.sizes), None)
        hour = at(family.hour, region) if family else None
        if family is None or hour is None:
            return None
        return Price(month=hour * family.sizes[name] * self.hours_a_month, checked=family.is_checked(region))

    def disk(self, cloud: str, kind: str, gib: int | None, region: str) -> Price | None:
        """A disk's month; none where it or its size is not known."""
        disk = self.disks.get(cloud, {}).get(kind)
        if disk is None or gib is None:
            return None
        if disk.steps is not None:
            size = min((step for step in disk.steps if step >= gib), default=None)
            month = None if size is None else at(disk.steps[size], region)
        else:
            each = at(disk.month, region)
            month = None if each is None else each * gib
        return None if month is None else Price(month=month, checked=disk.is_checked(region))


def at(prices: Mapping[str, float] | None, region: str) -> float | None:
    """The price in a region; none where it is not known."""
    if prices is None:
        return None
    return prices.get(region, prices.get(_ANY))


def count(found: Any, otherwise: int | None = None) -> int | None:
    """How many an input asks for: nothing is none, a list its length; ``otherwise`` where it is not known yet."""
    if found is None:
        return 0
    if isinstance(found, list):
        return len(found)
    if isinstance(found, int | float) and math.isfinite(found):
        return max(int(found), 0)
    return otherwise


@lru_cache(maxsize=1)
def load() -> Table:
    """The table of this repository."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = {}
    for file in FILES:
        content |= yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both are safe loaders
    return Table.model_validate(content)
