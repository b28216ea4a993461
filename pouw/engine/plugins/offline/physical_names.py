"""Physical names: proposed as the official providers propose them, kept from run to run, checked against the cloud."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core.input_faults import mismatch
from pouw.engine.plugins.core.naming import Naming, NamingMode
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.offline.cloud_description import Name

AUTONAMED: Final = "__defaults"
"""Input that lists the properties which a provider proposed, as the official providers write it."""


def with_name(
    inputs: Mapping[str, Value], olds: Mapping[str, Value], rule: Name | None, naming: Naming
) -> dict[str, Value]:
    """Return the inputs with a name: the program's, the one proposed before, or a new one.

    A value that an earlier check proposed stays, also one of an official provider. The list under ``__defaults`` holds
    these properties: a replacement is created beside the old resource only when the name is among them.
    """
    earlier = {name: olds[name] for name in olds.get(AUTONAMED) or [] if olds.get(name) is not None}
    program_inputs = {name: value for name, value in inputs.items() if value is not None}
    proposed = {name: value for name, value in earlier.items() if name not in program_inputs}
    if (
        rule is not None
        and rule.property not in {*program_inputs, *proposed}
        and f"{rule.property}Prefix" not in program_inputs
    ):
        if naming.mode is NamingMode.DEFAULT:
            proposed[rule.property] = _proposal(rule, naming)
        elif naming.mode is not NamingMode.DISABLED:
            proposed[rule.property] = naming.proposed
    return {**program_inputs, **proposed, AUTONAMED: sorted(proposed)}


def is_autonamed(inputs: Mapping[str, Value], rule: Name | None) -> bool:
    """True if the name was proposed by a provider."""
    return rule is not None and rule.property in (inputs.get(AUTONAMED) or [])


def name_fault(value: Value, rule: Name) -> Fault | None:
    """Return the fault of a name that the cloud would refuse. A secret name is checked and not quoted."""
    secret = isinstance(value, Secret)
    value = value.value if isinstance(value, Secret) else value
    if value is UNKNOWN or not isinstance(value, str):
        return None
    got = "a string" if secret else repr(value)
    if rule.longest and len(value) > rule.longest:
        return _wrong_length(rule, f"at most {rule.longest} characters", value, secret=secret)
    if len(value) < rule.shortest:
        return _wrong_length(rule, f"at least {rule.shortest} characters", value, secret=secret)
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        return mismatch(rule.property, rule.rule, got=got)
    return None


def _wrong_length(rule: Name, expected: str, value: str, *, secret: bool) -> Fault:
    got = f"{len(value)}" + ("" if secret else f": {value!r}")
    return Fault(path=rule.property, message=f"must have {expected}", got=got, expected=expected)


def _proposal(rule: Name, naming: Naming) -> str:
    stem = naming.resource.lower() if rule.lower else naming.resource
    if rule.style == "copy":
        return stem
    seed = naming.seed or naming.resource.encode()
    if rule.style == "uuid":
        return str(uuid.UUID(bytes=hashlib.sha256(seed + stem.encode()).digest()[:16], version=4))
    return f"{stem}{rule.separator}{hashlib.sha256(seed + stem.encode()).hexdigest()[: rule.random]}"
