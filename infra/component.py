"""The one base class of our components: a literal type token, options for children, outputs published once."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi


class Component(pulumi.ComponentResource):
    """A component resource. Subclasses name their token: ``class Slots(Component, token="pouw:kubernetes:Slots")``."""

    token: ClassVar[str] = ""

    def __init_subclass__(cls, *, token: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.token = token

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.token, name, None, opts)

    def child(self, *, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        """Options for a child: its parent and what it waits for, never the caller's own options."""
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)

    def publish(self, **outputs: pulumi.Input[Any]) -> None:
        """Set the outputs as attributes and register them. The last line of every constructor."""
        for name, value in outputs.items():
            setattr(self, name, pulumi.Output.from_input(value))
        self.register_outputs(outputs)
