"""Stacks with violations planted into them, and stacks without any: what a gate must find, and must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROGRAM = """
    import json

    import pulumi


    class Raw(pulumi.CustomResource):
        def __init__(self, token, name, inputs):
            super().__init__(token, name, inputs)


    made = {}


    def resolved(value):
        if isinstance(value, dict):
            return made[value["$id"]].id if "$id" in value else {key: resolved(one) for key, one in value.items()}
        return [resolved(one) for one in value] if isinstance(value, list) else value


    for part in json.loads(pulumi.Config().require("parts")):
        made[part["name"]] = Raw(part["type"], part["name"], resolved(part["props"]))
"""
"""Declares the parts that its configuration lists, in order."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A resource of a planted stack."""

    name: str
    type: str
    props: Mapping[str, Any]

    def as_json(self) -> Mapping[str, Any]:
        """What the program takes."""
        return {"name": self.name, "type": self.type, "props": self.props}


def id_of(name: str) -> Mapping[str, str]:
    """In a part's properties: the id of an earlier part, which no preview knows."""
    return {"$id": name}
