"""Reading configuration: the only door between what somebody wrote and the settings that everything else takes.

``parse`` is pure and serves the command line, which checks the file of a stack before any engine starts; ``load``
serves the program inside the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pydantic
from pydantic import BaseModel

from infra.faults import Fault, choices, excerpt
from infra.settings import site_faults, slot_faults
from infra.settings.stack import NAMESPACE, SECRET_KEYS, Settings, model_of
from infra.settings.values import PATTERNS


class ConfigError(Exception):
    """Configuration that cannot be used; ``faults`` holds everything that is wrong, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def parse(values: Mapping[str, object]) -> Settings:
    """Validate plain values (keys without the ``pouw:`` prefix). Secrets are no settings: they are passed over.

    Raises:
        ConfigError: with every fault found.
    """
    plain = {key: value for key, value in values.items() if key not in SECRET_KEYS}
    faults = [*site_faults.faults(plain), *slot_faults.faults(plain), *_policy_faults(plain)]
    try:
        # Lists become tuples and nothing else is converted: '4' is not a number of nodes.
        settings = Settings.model_validate_json(json.dumps(plain))
    except pydantic.ValidationError as error:
        raise ConfigError([*_faults(error), *faults]) from error
    except TypeError as error:
        raise ConfigError([Fault(path=f"{NAMESPACE}:", message=str(error), expected="plain YAML values")]) from error
    if faults:
        raise ConfigError(faults)
    return settings


def load() -> Settings:
    """Settings of the stack whose program is running.

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
        raise ProgramError(error.faults, heading="the configuration of this stack is not usable:") from error


def required_images(stack: Settings) -> tuple[str, str]:
    """Images of the node and the balancer, for a site without a registry of its own.

    Raises:
        ProgramError: one is not set.
    """
    from infra.program_error import ProgramError

    if stack.images.node is None or stack.images.balancer is None:
        fault = Fault(
            path=f"{NAMESPACE}:images",
            message="does not name both images",
            got=f"node: {stack.images.node}, balancer: {stack.images.balancer}",
            expected="a tag or digest for each",
            remedy="set them in the stack's file, or run `pouw up`, which builds them for the embedded cluster",
        )
        raise ProgramError([fault])
    return stack.images.node, stack.images.balancer


def _decode(text: str) -> object:
    # The engine hands structured values over as JSON and strings bare, so a bare word is no fault.
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _policy_faults(plain: Mapping[str, object]) -> Iterator[Fault]:
    policy = plain.get("policy")
    told = policy.get("enforcement") if isinstance(policy, Mapping) else None
    if plain.get("environment") == "production" and told == "advisory":
        path, expected = f"{NAMESPACE}:policy.enforcement", "mandatory in production"
        yield Fault(path=path, message="is too lax", got="'advisory'", expected=expected)


def _faults(error: pydantic.ValidationError) -> Iterator[Fault]:
    for entry in error.errors(include_url=False):
        path = NAMESPACE + ":" + _path(entry["loc"])
        if entry["type"] == "missing":
            yield Fault(path=path, message="is missing", got="nothing", expected="a value")
        elif entry["type"] == "extra_forbidden":
            known = _known_keys(entry["loc"][:-1])
            yield Fault(
                path=path,
                message="unknown key",
                got=repr(entry["loc"][-1]),
                expected=f"one of {choices(known, entry['loc'][-1])}",
            )
        else:
            yield Fault(path=path, message="is not allowed", got=excerpt(entry["input"]), expected=_expected(entry))


def _path(location: Sequence[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _expected(entry: Mapping[str, Any]) -> str:
    text = str(entry["msg"])
    if pattern := re.search(r"should match pattern '(.+)'", text):
        return PATTERNS.get(pattern.group(1), f"text matching {pattern.group(1)}")
    return re.sub(r"^(Input should be|Tuple should have) ", "", text)


def _known_keys(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = next(f for name, f in model.model_fields.items() if part in (f.alias, name))
        model = model_of(field.annotation) or Settings
    return [field.alias or name for name, field in model.model_fields.items()]
