"""The table of prices: read once, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("prices.yaml")
_ANY = "*"

Amount = Annotated[float, Field(ge=0)]
ByRegion = Mapping[str, Amount]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Plus(_Part):
    """A price for each entry of an input, on top of the line's own."""

    each: str
    month: ByRegion


class Line(_Part):
    """What one kind of a type costs."""

    what: str
    when: Mapping[str, str] = Field(default_factory=dict)
    """Inputs, by path, and what they must be."""
    hour: ByRegion | None = None
    month: ByRegion | None = None
    each: str | None = None
    otherwise: int | None = None
    """How many there are where ``each`` is not known before the run."""
    plus: Plus | None = None
    usage: str = ""


class Table(_Part):
    """All prices."""

    date: date
    currency: str
    hours_a_month: Annotated[int, Field(gt=0)]
    resources: Mapping[str, tuple[Line, ...]]
    machines: Mapping[str, Mapping[str, ByRegion]]
    disks: Mapping[str, Mapping[str, ByRegion]]
    disk_steps: Mapping[str, Mapping[str, Mapping[int, ByRegion]]]
    services: Mapping[str, ByRegion]
    usage: Mapping[str, str]
    free: tuple[str, ...]

    def used(self, token: str) -> str:
        """What a type is charged for by use; empty for one that is not."""
        return next((words for pattern, words in self.usage.items() if fnmatchcase(token, pattern)), "")

    def is_free(self, token: str) -> bool:
        """Whether a type is known to cost nothing."""
        return any(fnmatchcase(token, pattern) for pattern in self.free)

    def machine(self, cloud: str, name: str, region: str) -> float | None:
        """A machine's month; none where it is not known."""
        hour = at(self.machines.get(cloud, {}).get(name), region)
        return None if hour is None else hour * self.hours_a_month

    def disk(self, cloud: str, kind: str, gib: int, region: str) -> float | None:
        """A disk's month; none where it is not known."""
        if steps := self.disk_steps.get(cloud, {}).get(kind):
            size = min((step for step in steps if step >= gib), default=None)
            return None if size is None else at(steps[size], region)
        price = at(self.disks.get(cloud, {}).get(kind), region)
        return None if price is None else price * gib


def at(prices: Mapping[str, float] | None, region: str) -> float | None:
    """The price in a region; none where it is not known."""
    if prices is None:
        return None
    return prices.get(region, prices.get(_ANY))


@lru_cache(maxsize=1)
def load() -> Table:
    """The table of this repository."""
    content: Any = yaml.load(FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    return Table.model_validate(content)
