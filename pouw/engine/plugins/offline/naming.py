"""Physical names: proposed as the official providers propose them, kept from run to run, checked against the cloud."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.naming import Naming, NamingMode
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.offline.cloud import Name

AUTONAMED: Final = "__defaults"
"""Where the inputs list the properties that were proposed by us, as the official providers do."""


def named(
    inputs: Mapping[str, Value], olds: Mapping[str, Value], rule: Name | None, naming: Naming
) -> dict[str, Value]:
    """The inputs with a name: the program's, the one proposed before, or a new one.

    What an earlier check filled in stays, be it ours or an official provider's. The list under ``__defaults`` says
    which properties these are: a replacement is made beside the old resource only when the name is among them.
    """
    kept = {name: olds[name] for name in olds.get(AUTONAMED) or [] if olds.get(name) is not None}
    given = {name: value for name, value in inputs.items() if value is not None}
    filled = {name: value for name, value in kept.items() if name not in given}
    if rule is not None and rule.property not in {*given, *filled} and f"{rule.property}Prefix" not in given:
        if naming.mode is NamingMode.OWN:
            filled[rule.property] = _made(rule, naming)
        elif naming.mode is not NamingMode.DISABLED:
            filled[rule.property] = naming.proposed
    return {**given, **filled, AUTONAMED: sorted(filled)}


def is_autonamed(inputs: Mapping[str, Value], rule: Name | None) -> bool:
    """Whether the name was proposed by us."""
    return rule is not None and rule.property in (inputs.get(AUTONAMED) or [])


def name_fault(value: Value, rule: Name) -> str:
    """What the cloud would say of a name; empty when it takes it. A secret name is judged but not quoted."""
    secret = isinstance(value, Secret)
    value = value.value if isinstance(value, Secret) else value
    if value is UNKNOWN or not isinstance(value, str):
        return ""
    shown = "" if secret else f": {value!r}"
    if rule.longest and len(value) > rule.longest:
        return f"must have at most {rule.longest} characters, has {len(value)}{shown}"
    if len(value) < rule.shortest:
        return f"must have at least {rule.shortest} characters, has {len(value)}{shown}"
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        return f"must be {rule.rule}, got{shown or ' a secret'}"
    return ""


def _made(rule: Name, naming: Naming) -> str:
    stem = naming.resource.lower() if rule.lower else naming.resource
    if rule.style == "copy":
        return stem
    seed = naming.seed or naming.resource.encode()
    if rule.style == "uuid":
        return str(uuid.UUID(bytes=hashlib.sha256(seed + stem.encode()).digest()[:16], version=4))
    return f"{stem}{rule.separator}{hashlib.sha256(seed + stem.encode()).hexdigest()[: rule.random]}"
