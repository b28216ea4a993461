"""A program whose parts come from its configuration, and packs to judge it by."""

from __future__ import annotations

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
    from tests.policy.tiny_rules import BY_ID, rules_for

    PolicyPack("pouw", policies(Dispatcher(Record.of_environment(), rules_for, lambda: BY_ID)))
"""

BROKEN_PACK = """
    raise RuntimeError("this pack does not load")
"""

SILENT_PACK = PACK.replace("Record.of_environment()", "Record(None)")
