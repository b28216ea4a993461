"""What a run tells the pack: the environment, levels that differ from the rules' own, what is waived.

    {"environment": "staging", "advisory": true, "levels": {"<rule id>": "advisory"},
     "waived": [{"rule": "<rule id>", "resource": "<pattern of type::name>"}], "settings": {...},
     "remediate": false}

Without any of it a pack is as strict as in production.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from policies.rule import AnyRule, Level

PRODUCTION = "production"
_KEYS = frozenset({"environment", "advisory", "levels", "waived", "settings", "remediate"})


class PackConfigError(Exception):
    """The pack was told something that it does not understand, or must not obey."""


@dataclass(frozen=True, kw_only=True)
class Waived:
    """A rule that is waived for some resources. Who allowed that, and until when, is decided before the pack runs."""

    rule: str
    resource: str
    """Pattern of ``type::name``, with ``*`` and ``?``."""

    def covers(self, rule: str, subject: str) -> bool:
        """Whether it waives the rule for the resource."""
        return rule == self.rule and fnmatchcase(subject, self.resource)


@dataclass(frozen=True, kw_only=True)
class PackConfig:
    """One run's configuration, checked."""

    environment: str = PRODUCTION
    advisory: bool = False
    """Whether nothing is refused in this environment."""
    levels: Mapping[str, Level] = field(default_factory=dict)
    waived: tuple[Waived, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The stack's own settings, for the rules about them."""
    remediate: bool = False
    """Whether rules may add what is missing."""

    def level(self, rule: AnyRule) -> Level:
        """The level that the rule has in this run."""
        asked = self.environment == PRODUCTION or not rule.production_only
        own = self.levels.get(rule.id, rule.level if asked else Level.DISABLED)
        return Level.ADVISORY if self.advisory and own is Level.MANDATORY else own

    def tags(self, urn: str) -> Mapping[str, str]:
        """The tags of every resource of the stack. Which site one is of is certain only where there is one site."""
        if not self.settings:
            return {}
        own = {"project": urn.split("::")[1], "environment": self.environment, "managed-by": "pulumi"}
        sites = list(self.settings.get("sites") or ())
        return {**own, "site": sites[0]["name"]} if len(sites) == 1 else own

    def is_waived(self, rule: str, urn: str) -> bool:
        """Whether the rule is waived for the resource."""
        return bool(self.waived) and any(one.covers(rule, subject_of(urn)) for one in self.waived)


def subject_of(urn: str) -> str:
    """The resource as waivers name it: ``type::name``, without its parents' types."""
    _, _, rest = urn.partition("::")
    _, _, tail = rest.partition("::")
    types, _, name = tail.partition("::")
    return f"{types.rsplit('$', 1)[-1]}::{name}"


def parse(told: Mapping[str, Any], rules: Mapping[str, AnyRule]) -> PackConfig:
    """Check what a run told the pack.

    Raises:
        PackConfigError: unknown key, rule or level, or a lower level in production.
    """
    if unknown := sorted(set(told) - _KEYS):
        raise PackConfigError(f"unknown keys {unknown}; known are {sorted(_KEYS)}")
    environment = str(told.get("environment", PRODUCTION))
    levels = {name: _level(name, text) for name, text in dict(told.get("levels", {})).items()}
    waived = tuple(Waived(rule=one["rule"], resource=one["resource"]) for one in told.get("waived", ()))
    if missing := sorted({*levels, *(one.rule for one in waived)} - set(rules)):
        raise PackConfigError(f"no such rules: {missing}")
    advisory = told.get("advisory", False) is True
    lowered = sorted(name for name, level in levels.items() if _is_lower(level, rules[name].level))
    if environment == PRODUCTION and (advisory or lowered):
        raise PackConfigError(f"production takes no rule's level down, and was told to: {lowered or 'every rule'}")
    return PackConfig(
        environment=environment,
        advisory=advisory,
        levels=levels,
        waived=waived,
        settings=dict(told.get("settings", {})),
        remediate=told.get("remediate", False) is True,
    )


def _level(rule: str, text: object) -> Level:
    try:
        return Level(str(text))
    except ValueError:
        raise PackConfigError(f"{rule}: the level is {text!r}, and must be one of {[*Level]}") from None


def _is_lower(level: Level, own: Level) -> bool:
    order = (Level.MANDATORY, Level.ADVISORY, Level.DISABLED)
    return order.index(level) > order.index(own)
