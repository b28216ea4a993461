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
"""The source of prices that were compared with no source."""
_EVERY_REGION = "*"

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ByRegion = Mapping[str, Amount]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Part):
    """A source of prices, and its date."""

    of: str
    date: date


@dataclass(frozen=True, kw_only=True)
class Price:
    """A monthly price."""

    month: float
    is_checked: bool
    """True if it was compared with its source."""


class Plus(_Part):
    """A price for each entry of an input, added to that of the line."""

    per_input: str
    month: ByRegion


class Line(_Part):
    """The price of one variant of a type: per hour, per month, or both."""

    title: str
    source: str = UNCHECKED
    conditions: Mapping[str, str] = Field(default_factory=dict)
    """Inputs by path, with the values for which the line applies."""
    hour: ByRegion | None = None
    month: ByRegion | None = None
    per_input: str | None = None
    otherwise: int | None = None
    """The number of entries if ``per_input`` is unknown before the run."""
    plus: Plus | None = None
    usage: str = ""


class _Group(_Part):
    """Prices of one source."""

    source: str
    unchecked: frozenset[str] = frozenset()
    """Regions whose price is from no source."""

    def is_checked(self, region: str) -> bool:
        """True if the price in a region was compared with its source."""
        return self.source != UNCHECKED and region not in self.unchecked


class Family(_Group):
    """Machines whose prices are multiples of one price."""

    sizes: Mapping[str, Annotated[float, Field(gt=0)]]
    """Names of the machines, with the multiple of ``hour`` that each costs."""
    hour: ByRegion


class Disk(_Group):
    """The monthly price of one kind of disk: per GiB, or in steps by the largest size of each."""

    month: ByRegion | None = None
    steps: Mapping[int, ByRegion] | None = None

    @model_validator(mode="after")
    def _has_one_price(self) -> Self:
        if (self.month is None) is (self.steps is None):
            raise ValueError("a disk has a price per GiB or in steps")
        return self


class Table(_Part):
    """All prices."""

    date: date
    """The date of the last comparison with the sources."""
    currency: str
    hours_a_month: Annotated[int, Field(gt=0)]
    sources: Mapping[str, Source]
    resources: Mapping[str, tuple[Line, ...]]
    machines: Mapping[str, Mapping[str, Family]]
    disks: Mapping[str, Mapping[str, Disk]]
    classes: Mapping[str, Mapping[str, str]]
    """Kinds of disks by cloud and storage class, for classes whose parameters no plan shows."""
    services: Mapping[str, ByRegion]
    usage: Mapping[str, str]
    free: Mapping[str, tuple[str, ...]]
    """Patterns of types without a price, by the reason."""

    @model_validator(mode="after")
    def _has_all_sources(self) -> Self:
        if missing := sorted(set(self._named_sources()) - set(self.sources)):
            raise ValueError(f"no source is called {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _has_unique_machines(self) -> Self:
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
        """Return the use that a type is charged for; empty for other types."""
        return next((usage for pattern, usage in self.usage.items() if fnmatchcase(token, pattern)), "")

    def free_because(self, token: str) -> str:
        """Return the reason why a type is free; empty for other types."""
        entries = ((reason, pattern) for reason, patterns in self.free.items() for pattern in patterns)
        return next((reason for reason, pattern in entries if fnmatchcase(token, pattern)), "")

    def machine(self, cloud: str, name: str, region: str) -> Price | None:
        """Return a machine's monthly price; None if it is unknown."""
        families = self.machines.get(cloud, {}).values()
        family = next((family for family in families if name in family.sizes), None)
        hour = price_in(family.hour, region) if family else None
        if family is None or hour is None:
            return None
        return Price(month=hour * family.sizes[name] * self.hours_a_month, is_checked=family.is_checked(region))

    def disk(self, cloud: str, kind: str, gib: int | None, region: str) -> Price | None:
        """Return a disk's monthly price; None if its price or size is unknown."""
        disk = self.disks.get(cloud, {}).get(kind)
        if disk is None or gib is None:
            return None
        if disk.steps is not None:
            size = min((step for step in disk.steps if step >= gib), default=None)
            month = None if size is None else price_in(disk.steps[size], region)
        else:
            price = price_in(disk.month, region)
            month = None if price is None else price * gib
        return None if month is None else Price(month=month, is_checked=disk.is_checked(region))


def price_in(prices: Mapping[str, float] | None, region: str) -> float | None:
    """Return the price in a region; None if it is unknown."""
    if prices is None:
        return None
    return prices.get(region, prices.get(_EVERY_REGION))


def count(content: Any, otherwise: int | None = None) -> int | None:
    """Return the number in an input: 0 if missing, the length of a list; ``otherwise`` if it is unknown."""
    if content is None:
        return 0
    if isinstance(content, list):
        return len(content)
    if isinstance(content, int | float) and math.isfinite(content):
        return max(int(content), 0)
    return otherwise


@lru_cache(maxsize=1)
def load() -> Table:
    """Return the table of this repository."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = {}
    for file in FILES:
        content |= yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both are safe loaders
    return Table.model_validate(content)
