"""A program whose parts come from its configuration, and packs to judge it by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pouw.engine.project import Project
from tests.engine.conftest import MakeProject
from tests.policies.analyzer import Declaration

PROGRAM = """
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class Scales(ResourceProvider):
        def create(self, props):
            return CreateResult("scales", {"weight": props["reading"]})


    class Reading(Resource):
        weight: pulumi.Output[float]

        def __init__(self, name, reading):
            super().__init__(Scales(), name, {"reading": reading, "weight": None})


    class Part(pulumi.ComponentResource):
        def __init__(self, name, props):
            super().__init__("tiny:x:Part", name, props)
            self.register_outputs(props)


    config = pulumi.Config()
    for name, props in config.require_object("parts").items():
        if "weighed" in props:
            props["size"] = Reading(f"{name}-reading", props.pop("weighed")).weight
        Part(name, props)
"""

SEALED = """
    weight = Reading("reading", 2).weight
    pin = pulumi.Output.secret("1234")
    Part("sealed", {"size": 1, "finish": "matt", "label": "one", "pin": pin, "weight": weight})
"""
"""More of the program: a part with a secret, and with a value that a preview does not know."""

PACK = """
    import sys

    sys.path.insert(0, {repository!r})

    from pulumi_policy import PolicyPack

    from policies.dispatch import Dispatcher, policies
    from policies.record import Record
    from tests.gate.tiny_rules import BY_ID, rules_for

    PolicyPack("pouw", policies(Dispatcher(Record.of_environment(), rules_for, lambda: BY_ID)))
"""

BROKEN_PACK = """
    raise RuntimeError("this pack does not load")
"""

SILENT_PACK = PACK.replace("Record.of_environment()", "Record(None)")

DECLARING = """
    import json
    import pathlib
    import re

    import pulumi


    class Raw(pulumi.CustomResource):
        def __init__(self, token, name, inputs):
            super().__init__(token, name, inputs)


    NAMED = re.compile(r"\\$\\{([^.}]+)\\.([^}]+)\\}")
    text = pathlib.Path("parts.json").read_text()
    parts = json.loads(text)
    asked = set(NAMED.findall(text))
    by_name = {part["name"]: part for part in parts}
    made = {}


    def resolved(value):
        match value:
            case {"fn::toJSON": inner}:
                return pulumi.Output.json_dumps(resolved(inner))
            case dict():
                return {key: resolved(one) for key, one in value.items()}
            case list():
                return [resolved(one) for one in value]
            case str() if NAMED.fullmatch(value):
                name, key = NAMED.fullmatch(value).groups()
                return getattr(declare(by_name[name]), key)
            case str() if found := NAMED.search(value):
                head, tail = value[: found.start()], value[found.end() :]
                return pulumi.Output.concat(head, resolved(found[0]), resolved(tail))
        return value


    def declare(part):
        key = part["type"], part["name"]
        if key not in made:
            outputs = {key: None for name, key in asked if name == part["name"] and key not in ("id", "urn")}
            made[key] = Raw(*key, {**outputs, **resolved(part["props"])})
        return made[key]


    for part in parts:
        declare(part)
"""
"""Declares what ``parts.json`` lists, as resources that their providers check."""


def declaring(make_project: MakeProject, parts: Iterable[Declaration], config: Mapping[str, str]) -> Project:
    """Return a project that declares the parts. ``${name.key}`` in a property is an output of the part ``name``."""
    project = make_project(DECLARING, config)
    entries = [{"name": part.name, "type": part.type, "props": part.props} for part in parts]
    (project.root / "parts.json").write_text(json.dumps(entries))
    return project
