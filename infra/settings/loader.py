"""The loader: the one way from a stack's configuration to its settings.

``parse`` is pure. The command line calls it with the file of a stack before any engine starts; ``load`` calls it inside
the program, with the engine's configuration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from infra.faults import Fault
from infra.settings import stack_faults, value_faults
from infra.settings.draft import Draft, draft
from infra.settings.stack import NAMESPACE, SECRET_KEYS, Settings


class ConfigError(Exception):
    """Configuration that cannot be used; ``faults`` holds everything that is wrong, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def parse(values: Mapping[str, object]) -> Settings:
    """Validate plain values (keys without the ``pouw:`` prefix). Secrets are not settings and are ignored.

    Raises:
        ConfigError: with all faults of values, within sites, and between them.
    """
    settable = {key: value for key, value in values.items() if key not in SECRET_KEYS}
    try:
        text = json.dumps(settable)
    except TypeError as error:
        raise ConfigError([Fault(path=f"{NAMESPACE}:", message=str(error), expected="plain YAML values")]) from error
    try:
        # Lists become tuples and nothing else is converted: '4' is not a number of nodes.
        settings = Settings.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise ConfigError(_all_faults(error, json.loads(text))) from error
    complete = Draft(stack=settings, positions=range(len(settings.sites)))
    if faults := list(dict.fromkeys(stack_faults.faults(complete, settable))):
        raise ConfigError(faults)
    return settings


def _all_faults(error: pydantic.ValidationError, values: Mapping[str, Any]) -> list[Fault]:
    """Return the faults of single values, and those between the values that are left."""
    faults = list(value_faults.faults(error))
    paths = [fault.path for fault in faults]
    between = dict.fromkeys(stack_faults.faults(draft(values), values))
    return [*faults, *(fault for fault in between if not any(_covers(path, fault.path) for path in paths))]


def _covers(reported: str, path: str) -> bool:
    """True if a fault at ``path`` may only follow from one that is reported there, or further inside."""
    return reported == path or reported.startswith((f"{path}.", f"{path}["))


def load() -> Settings:
    """Return the settings of the stack whose program is running.

    Raises:
        ProgramError: with every fault found; the engine prints it without a traceback.
    """
    from pulumi.runtime.config import CONFIG, get_config_env

    from infra.program_error import ProgramError

    bag = {**get_config_env(), **CONFIG.get()}
    prefix = f"{NAMESPACE}:"
    values = {key.removeprefix(prefix): _decode(text) for key, text in bag.items() if key.startswith(prefix)}
    try:
        return parse(values)
    except ConfigError as error:
        raise ProgramError(error.faults, heading="the configuration of this stack is not valid:") from error


def required_images(stack: Settings) -> tuple[str, str]:
    """Return the images of the node and the balancer, for a site without a registry of its own.

    Raises:
        ProgramError: one is not set.
    """
    from infra.program_error import ProgramError

    if stack.images.node is None or stack.images.balancer is None:
        fault = Fault(
            path=f"{NAMESPACE}:images",
            message="lacks an image",
            got=f"node: {stack.images.node}, balancer: {stack.images.balancer}",
            expected="a tag or digest for each",
            reason="an existing cluster has no registry that the stack could push to",
            remedy="set them in the stack's file, or run `pouw up`, which builds them for the embedded cluster",
        )
        raise ProgramError([fault])
    return stack.images.node, stack.images.balancer


def _decode(text: str) -> object:
    # The engine passes structured values as JSON and strings bare, so a bare word is valid.
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
