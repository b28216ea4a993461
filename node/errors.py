"""Errors of a node, by the party at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SettingFault:
    """One thing wrong with one setting. ``got`` is fit to print: never a secret."""

    name: str
    message: str
    got: str = ""
    expected: str = ""

    def __str__(self) -> str:
        parts = [f"{self.name}: {self.message}"]
        if self.got:
            parts.append(f"got {self.got}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        return "; ".join(parts)


class NodeError(Exception):
    """Anything this package raises on purpose."""


class SettingsError(NodeError):
    """The environment or the network file is wrong; carries every fault found."""

    def __init__(self, faults: Sequence[SettingFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class EncodingError(NodeError):
    """Bytes that are not the canonical encoding of what they claim to be."""


class InvalidError(NodeError):
    """A block, transaction or message breaks a rule. ``reason`` is a stable word for metrics and verdicts."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class DatasetError(NodeError):
    """A data set is missing, or its content is not the pinned one."""


class StoreError(NodeError):
    """The data directory cannot be used."""


class PeerError(NodeError):
    """A peer broke the protocol or cannot be reached. ``penalty`` adds to its ban score (100 bans)."""

    def __init__(self, message: str, *, penalty: int = 0) -> None:
        super().__init__(message)
        self.penalty = penalty
