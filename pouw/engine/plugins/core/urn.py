"""Resource names of the engine: ``urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Urn:
    """The parts of a resource's name that a provider uses."""

    text: str
    type_token: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Urn:
        """Return the parts of a URN.

        Raises:
            ValueError: the text is not a URN.
        """
        parts = text.split("::", 3)
        if len(parts) != 4 or not text.startswith("urn:pulumi:"):
            raise ValueError(f"{text!r} is not a URN")
        return cls(text=text, type_token=parts[2].rsplit("$", 1)[-1], name=parts[3])

    @property
    def module(self) -> str:
        """``core/v1`` of ``kubernetes:core/v1:ConfigMap``."""
        return self.type_token.split(":")[1]

    @property
    def kind(self) -> str:
        """``ConfigMap`` of ``kubernetes:core/v1:ConfigMap``."""
        return self.type_token.split(":")[2]
