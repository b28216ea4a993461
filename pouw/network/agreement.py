"""Waiting until a network works: every node holds the same block, and it was earned after the start."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from infra.faults import Fault
from infra.settings.stack import Settings
from pouw.errors import ExitCode, PouwError
from pouw.kube.access import Connections, NodeError
from pouw.network import observation
from pouw.network.observation import NodeView
from pouw.progress import Step

_POLL_SECONDS = 0.5


class AgreementTimeoutError(PouwError):
    """The nodes did not agree in time."""

    code = ExitCode.TIMEOUT


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A block that every node holds."""

    height: int
    hash: str
    nodes: int


class Network(Protocol):
    """What waiting needs of a network."""

    def views(self) -> Sequence[NodeView]:
        """All nodes, as they are now."""

    def block_hashes(self, views: Sequence[NodeView], height: int) -> list[str | None]:
        """The hash that each node holds at a height."""


class LiveNetwork:
    """The nodes of a stack, asked through its clusters."""

    def __init__(self, settings: Settings, connections: Connections) -> None:
        self._settings, self._connections = settings, connections

    def views(self) -> Sequence[NodeView]:
        """All nodes of all sites."""
        return observation.nodes(observation.observe(self._settings, self._connections))

    def block_hashes(self, views: Sequence[NodeView], height: int) -> list[str | None]:
        """Ask every node for its block at ``height``; ``None`` for one that has none or does not answer."""

        def block_hash(node: NodeView) -> str | None:
            try:
                block = self._connections.to(node.site).rpc(node.name, "eth_getBlockByNumber", [hex(height), False])
            except NodeError:
                return None
            return str(block["hash"]) if block else None

        with ThreadPoolExecutor(max(1, len(views))) as workers:
            return list(workers.map(block_hash, views))


def height_before(network: Network) -> int:
    """The greatest height that any node has now; 0 where there is no network yet."""
    return max((node.height for node in network.views()), default=0)


def wait(
    network: Network,
    *,
    expected: int,
    above: int,
    deadline_seconds: float,
    step: Step,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Agreement:
    """Wait until all ``expected`` nodes hold one block higher than ``above``.

    Raises:
        AgreementTimeoutError: with what each node was doing when the time was up.
    """
    end = clock() + deadline_seconds
    while True:
        views = network.views()
        height = observation.common_height(views, expected)
        if height is not None and height > above:
            hashes = network.block_hashes(views, height)
            if observation.same_block(hashes):
                return Agreement(height=height, hash=str(hashes[0]), nodes=len(views))
        answering = sum(node.answering for node in views)
        best = max((node.height for node in views), default=0)
        step.update(f"{answering}/{expected} nodes answer, best height {max(best, 0)}", done=answering, total=expected)
        if clock() >= end:
            raise _timeout(views, expected, above, deadline_seconds)
        pause(_POLL_SECONDS)


def _timeout(views: Sequence[NodeView], expected: int, above: int, seconds: float) -> AgreementTimeoutError:
    found = "; ".join(
        f"{node.name}: " + (f"height {node.height}, {node.peers} peers" if node.answering else node.trouble or "silent")
        for node in views
    )
    return AgreementTimeoutError(
        Fault(
            path="network",
            message=f"no agreed block within {seconds:.0f} s",
            got=found or "no nodes",
            expected=f"{expected} nodes on one block above height {above}",
            remedy="see `pouw status`, and the nodes' logs by kubectl logs",
        )
    )
