"""Configuration of the pack for one run: the environment, levels of rules, and waivers.

    {"environment": "staging", "advisory": true, "levels": {"<rule id>": "advisory"},
     "waived": [{"rule": "<rule id>", "resource": "<pattern of type::name>"}], "settings": {...},
     "remediate": false}

Without a configuration the pack is as strict as in production.
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
    """Raised for a configuration that is malformed or not allowed."""


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A rule that is waived for some resources. The gate checks approval and expiry before the pack runs."""

    rule: str
    resource: str
    """Pattern of ``type::name``, with ``*`` and ``?``."""

    def covers(self, rule: str, subject: str) -> bool:
        """True if the waiver covers the rule for the resource."""
        return rule == self.rule and fnmatchcase(subject, self.resource)


@dataclass(frozen=True, kw_only=True)
class PackConfig:
    """The validated configuration of one run."""

    environment: str = PRODUCTION
    advisory: bool = False
    """True if all rules are advisory in this environment."""
    levels: Mapping[str, Level] = field(default_factory=dict)
    waived: tuple[Waiver, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the stack, for the rules about them."""
    remediate: bool = False
    """True if fixes may add missing properties."""

    def level(self, rule: AnyRule) -> Level:
        """Return the level of the rule in this run."""
        applies = self.environment == PRODUCTION or not rule.production_only
        level = self.levels.get(rule.id, rule.level if applies else Level.DISABLED)
        return Level.ADVISORY if self.advisory and level is Level.MANDATORY else level

    def tags(self, urn: str) -> Mapping[str, str]:
        """Return the tags of every resource of the stack. The site is certain only in a stack with one site."""
        if not self.settings:
            return {}
        tags = {"project": urn.split("::")[1], "environment": self.environment, "managed-by": "pulumi"}
        sites = list(self.settings.get("sites") or ())
        return {**tags, "site": sites[0]["name"]} if len(sites) == 1 else tags

    def is_waived(self, rule: str, urn: str) -> bool:
        """True if a waiver covers the rule for the resource."""
        return bool(self.waived) and any(waiver.covers(rule, subject_of(urn)) for waiver in self.waived)


def subject_of(urn: str) -> str:
    """Return the resource as waivers name it: ``type::name``, without the types of its parents."""
    _, _, without_stack = urn.partition("::")
    _, _, tail = without_stack.partition("::")
    types, _, name = tail.partition("::")
    return f"{types.rsplit('$', 1)[-1]}::{name}"


def parse(arguments: Mapping[str, Any], rules: Mapping[str, AnyRule]) -> PackConfig:
    """Return the validated configuration.

    Raises:
        PackConfigError: It has an unknown key, rule or level, or a lower level in production.
    """
    if unknown := sorted(set(arguments) - _KEYS):
        raise PackConfigError(f"unknown keys; got {unknown}; expected some of {sorted(_KEYS)}")
    environment = str(arguments.get("environment", PRODUCTION))
    levels = {name: _level(name, text) for name, text in dict(arguments.get("levels", {})).items()}
    waivers = tuple(Waiver(rule=entry["rule"], resource=entry["resource"]) for entry in arguments.get("waived", ()))
    if missing := sorted({*levels, *(waiver.rule for waiver in waivers)} - set(rules)):
        raise PackConfigError(f"the pack configuration names unknown rules; got {missing}; expected ids of rules")
    advisory = arguments.get("advisory", False) is True
    lowered = sorted(name for name, level in levels.items() if _is_lower(level, rules[name].level))
    if environment == PRODUCTION and (advisory or lowered):
        raise PackConfigError(
            f"a level is lowered in production; got {lowered or 'every rule'}; expected no lower level"
        )
    return PackConfig(
        environment=environment,
        advisory=advisory,
        levels=levels,
        waived=waivers,
        settings=dict(arguments.get("settings", {})),
        remediate=arguments.get("remediate", False) is True,
    )


def _level(rule: str, text: object) -> Level:
    try:
        return Level(str(text))
    except ValueError:
        raise PackConfigError(f"{rule}: is not a level; got {text!r}; expected one of {', '.join(Level)}") from None


def _is_lower(level: Level, default: Level) -> bool:
    order = (Level.MANDATORY, Level.ADVISORY, Level.DISABLED)
    return order.index(level) > order.index(default)
