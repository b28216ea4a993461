"""The base class of every component: a literal type token, options for children, outputs published once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi


class Component(pulumi.ComponentResource):
    """A component resource. A subclass sets its token: ``class Edge(Component, token="pouw:aws:Edge")``.

    ``former_tokens`` are the tokens of earlier revisions, so that a deployed stack keeps its resources.
    """

    token: ClassVar[str] = ""
    former_tokens: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, token: str, former_tokens: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.token = token
        cls.former_tokens = former_tokens

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        aliases = [pulumi.Alias(type_=former) for former in self.former_tokens]
        if aliases:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=aliases))
        super().__init__(self.token, name, None, opts)

    def child(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] | None = None,
        protect: bool = False,
        retain: bool = False,
        ignore: Sequence[str] = (),
    ) -> pulumi.ResourceOptions:
        """Return the options of a child: its parent and what is listed here, never the caller's own options.

        Args:
            depends_on: resources that exist before the child is created.
            protect: the engine refuses to delete or replace the child.
            retain: the engine forgets the child on deletion and leaves it in the cloud.
            ignore: properties whose changes are ignored, because another program changes them.
        """
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on or ()) or None,
            protect=protect or None,
            retain_on_delete=retain or None,
            ignore_changes=list(ignore) or None,
        )

    def publish(self, **outputs: pulumi.Input[Any]) -> None:
        """Set the outputs as attributes and register them. It is the last line of every constructor."""
        for name, value in outputs.items():
            setattr(self, name, pulumi.Output.from_input(value))
        self.register_outputs(outputs)
