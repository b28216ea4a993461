"""Agreement of a network: every node holds one block that was earned after the start."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from infra.faults import Fault
from infra.settings.stack import Settings
from pouw import poll
from pouw.errors import ExitCode, PouwError
from pouw.network import observation
from pouw.network.nodes import Connections, NodeError, Sites
from pouw.network.observation import NodeView
from pouw.progress import Step

_INTERVAL_SECONDS = 0.5


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
    """The nodes of a network, as :func:`wait` needs them."""

    def views(self) -> Sequence[NodeView]:
        """Return all nodes in their present state."""

    def block_hashes(self, views: Sequence[NodeView], height: int) -> list[str | None]:
        """Return the hash that each node holds at a height."""


class LiveNetwork:
    """The nodes of a stack, asked through its clusters."""

    def __init__(self, settings: Settings, connections: Connections) -> None:
        self._settings, self._connections = settings, connections

    def views(self) -> Sequence[NodeView]:
        """Return all nodes of all sites."""
        return observation.nodes(observation.observe(self._settings, self._connections))

    def block_hashes(self, views: Sequence[NodeView], height: int) -> list[str | None]:
        """Ask every node for its block at ``height``; None for a node that has none or does not answer."""

        return block_hashes(self._connections, views, height)


def block_hashes(connections: Sites, views: Sequence[NodeView], height: int) -> list[str | None]:
    """Ask every node for its block at ``height``; None for a node that has none or does not answer."""

    def block_hash(node: NodeView) -> str | None:
        try:
            block = connections.to(node.site).rpc(node.name, "eth_getBlockByNumber", [hex(height), False])
        except NodeError:
            return None
        return str(block["hash"]) if block else None

    with ThreadPoolExecutor(max(1, len(views))) as workers:
        return list(workers.map(block_hash, views))


def height_before(network: Network) -> int:
    """Return the greatest height of any node; 0 for a network that does not exist yet."""
    return max((node.height for node in network.views()), default=0)


def wait(
    network: Network,
    *,
    expected: int,
    above: int,
    deadline_seconds: float,
    step: Step,
    clock: poll.Clock = poll.SYSTEM,
) -> Agreement:
    """Wait until all ``expected`` nodes hold one block higher than ``above``.

    Raises:
        AgreementTimeoutError: they do not in time. The fault has the state of each node.
    """
    views: Sequence[NodeView] = ()
    for _ in poll.attempts(deadline_seconds, interval_seconds=_INTERVAL_SECONDS, clock=clock):
        views = network.views()
        height = observation.common_height(views, expected)
        if height is not None and height > above:
            hashes = network.block_hashes(views, height)
            if observation.is_same_block(hashes):
                return Agreement(height=height, hash=str(hashes[0]), nodes=len(views))
        answering = sum(node.answering for node in views)
        best = max((node.height for node in views), default=0)
        step.update(
            f"{answering}/{expected} nodes answer, best height {max(best, 0)}", completed=answering, total=expected
        )
    raise _timeout(views, expected, above, deadline_seconds)


def _timeout(views: Sequence[NodeView], expected: int, above: int, seconds: float) -> AgreementTimeoutError:
    states = (
        f"height {node.height}, {node.peers} peers" if node.answering else node.trouble or "no answer" for node in views
    )
    return AgreementTimeoutError(
        Fault(
            path="network",
            message=f"no agreed block within {seconds:.0f} s",
            got="; ".join(f"{node.name}: {state}" for node, state in zip(views, states, strict=True)) or "no nodes",
            expected=f"{expected} nodes on one block above height {above}",
            remedy="see `pouw status`, and the nodes' logs by kubectl logs",
        )
    )
