"""Programs for the engine to run."""

from __future__ import annotations

COMPONENTS = """
    import pulumi


    class Part(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("tiny:x:Part", name)
            self.register_outputs({})


    config = pulumi.Config()
    for number in range(config.require_int("parts")):
        Part(f"part{number}")
    pulumi.export("said", config.get("said"))
    pulumi.export("hidden", config.get_secret("hidden"))
"""

SLOW = """
    import pathlib
    import time

    import pulumi

    config = pulumi.Config()
    pathlib.Path(config.require("begun")).touch()
    time.sleep(config.require_float("seconds"))
"""

POLICY_PACK = """
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


    def no_second(args, report):
        if args.name == "part1":
            report("part1 is one too many")


    PolicyPack(
        "tiny-pack",
        policies=[
            ResourceValidationPolicy(
                name="no-second-part",
                description="One part is enough.",
                validate=no_second,
                enforcement_level=EnforcementLevel.MANDATORY,
            )
        ],
    )
"""
