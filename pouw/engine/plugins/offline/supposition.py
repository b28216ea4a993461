"""Previews that suppose what a cloud will call things, so that what is made of such names can be judged beforehand.

An id, an ARN or an address is given by the cloud and is part of other resources' policies. Nobody decides by it: it may
be supposed. Whatever a program could have declared, and every number, switch and list that a cloud chooses, stays
unknown; to suppose one of those would be to answer for the cloud.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.core.sdk_types import Properties

VARIABLE: Final = "POUW_SUPPOSE"
"""Set for a preview that supposes; nothing else does."""
_NAMES: Final = re.compile(
    r"(?:.*A|a)rn|id|.*I[dD]|selfLink|issuer|fqdn|.*(?:Url|URL|Uri|URI|[eE]ndpoint|[dD]nsName|[dD]omainName|[hH]ostname)"
    r"|.*(?:[iI]p|IP|[aA]ddress)|principal|email|member|uniqueName|fullyQualifiedName"
)


def is_asked_for() -> bool:
    """Whether this process serves a preview that supposes."""
    return bool(os.environ.get(VARIABLE))


def supposed(planned: Mapping[str, Value], invented: Mapping[str, Value], inputs: Properties) -> dict[str, Value]:
    """What is planned, with invented names where only the cloud can give one. ``inputs`` can be declared."""
    return {
        name: invented.get(name, UNKNOWN)
        if value is UNKNOWN and name not in inputs and _is_name(name, invented.get(name))
        else value
        for name, value in planned.items()
    }


def _is_name(name: str, value: Value) -> bool:
    """Whether a value is a name and nothing else: a text under such a key, or an object or list of nothing else."""
    if isinstance(value, Secret):
        return _is_name(name, value.value)
    if isinstance(value, dict):
        return bool(value) and all(_is_name(key, one) for key, one in value.items())
    if isinstance(value, list):
        return bool(value) and all(_is_name(name, one) for one in value)
    return isinstance(value, str) and bool(_NAMES.fullmatch(name))
