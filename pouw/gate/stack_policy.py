"""The policy of one stack: the pack, its configuration, and the waivers that name the stack."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeAlias

from infra.faults import Fault
from infra.settings.stack import Settings
from policies import catalogue, pack_config
from policies.interface import REMEDIES, RESOURCE_ADVICE, RESOURCES, STACK, STACK_ADVICE
from policies.pack_config import PackConfig, PackConfigError
from policies.rule import AnyRule
from pouw.errors import ExitCode, PouwError
from pouw.gate import waivers
from pouw.gate.waivers import Waiver
from pouw.paths import REPOSITORY

PACK = REPOSITORY / "policies"
RulesFor: TypeAlias = Callable[[str], Sequence[AnyRule]]
"""Returns the rules that run on resources of a type."""


class PolicyConfigurationError(PouwError):
    """The settings below ``pouw:policy`` cannot be used; nothing was started."""

    code = ExitCode.CONFIGURATION


@dataclass(frozen=True, kw_only=True)
class StackPolicy:
    """Rules, levels and waivers for one stack."""

    stack: str
    configuration: Mapping[str, Any]
    """The configuration that the pack receives, as JSON."""
    config: PackConfig
    """The same configuration, parsed."""
    waivers: Sequence[Waiver]
    """Waivers that name the stack, in force or not."""
    today: date
    """The day on which waivers are compared with their end."""
    pack: Path = PACK
    rules: Mapping[str, AnyRule] = field(default_factory=catalogue.every_rule)
    rules_for: RulesFor = catalogue.rules_for


def utc_today() -> date:
    """Return the day in UTC, which decides whether a waiver has expired."""
    return datetime.now(UTC).date()


def load(stack: str, settings: Settings, *, today: date | None = None, waivers_file: Path | None = None) -> StackPolicy:
    """Return the policy of a stack from its settings and the file of waivers.

    Raises:
        PolicyConfigurationError: the settings name an unknown rule, or weaken a rule in production.
        WaiverError: the file of waivers cannot be used.
    """
    rules = catalogue.every_rule()
    day = today or utc_today()
    stack_waivers = waivers.of_stack(waivers.load(rules, waivers_file or waivers.FILE), stack)
    configuration = {
        "environment": settings.environment,
        "advisory": settings.policy.enforcement == "advisory",
        "levels": dict(settings.policy.levels),
        "waived": waivers.pack_entries(waivers.in_force(stack_waivers, day)),
        "remediate": settings.policy.remediate,
        "settings": settings.model_dump(mode="json", by_alias=True, exclude={"kubeconfig"}),
    }
    try:
        config = pack_config.parse(configuration, rules)
    except PackConfigError as error:
        raise PolicyConfigurationError(Fault(path="pouw:policy", message=str(error))) from error
    return StackPolicy(
        stack=stack, configuration=configuration, config=config, waivers=stack_waivers, today=day, rules=rules
    )


@dataclass(frozen=True, kw_only=True)
class PackFiles:
    """The files through which a run and the pack communicate."""

    config: Path
    """The pack's configuration; the pack reads it."""
    record: Path
    """The pack's record of the run; the pack writes it."""


@contextmanager
def pack_files(policy: StackPolicy) -> Iterator[PackFiles]:
    """Provide a temporary folder with the pack's configuration and space for its record."""
    with tempfile.TemporaryDirectory(prefix="pouw-policy-") as folder:
        files = PackFiles(config=Path(folder, "config.json"), record=Path(folder, "record.jsonl"))
        mandatory = {"enforcementLevel": "mandatory", **policy.configuration}
        remediate = {"enforcementLevel": "remediate", **policy.configuration}
        config: Mapping[str, Any] = {
            RESOURCES: mandatory,
            STACK: mandatory,
            REMEDIES: remediate if policy.config.remediate else "disabled",
            # The record holds advice, so the engine does not need to report it.
            RESOURCE_ADVICE: "disabled",
            STACK_ADVICE: "disabled",
        }
        files.config.write_text(json.dumps(config), encoding="utf-8")
        yield files
