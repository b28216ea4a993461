"""The node's Prometheus metrics, in a registry of their own."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

_ITERATION_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_REQUEST_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Metrics that a node exposes; their names are a contract with dashboards and alerts."""

    def __init__(self, *, version: str, role: str, site: str, slot: str, node: str) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.height = Gauge("pouw_chain_height", "Height of the head.", registry=registry)
        self.best_known_height = Gauge(
            "pouw_chain_best_known_height", "Greatest height that a peer reported.", registry=registry
        )
        self.lag = Gauge(
            "pouw_sync_lag_blocks", "Blocks behind the greatest height that a peer reported.", registry=registry
        )
        self.reorgs = Counter(
            "pouw_chain_reorganisations_total", "Reorganisations: times that blocks left the chain.", registry=registry
        )
        self.peers = Gauge("pouw_peers", "Connected peers.", registry=registry)
        self.peer_limit = Gauge("pouw_peer_limit", "Limit of connected peers.", registry=registry)
        self.ready = Gauge("pouw_ready", "1 while the node is ready, else 0.", registry=registry)
        self.iterations = Counter("pouw_work_iterations_total", "Iterations that this node trained.", registry=registry)
        self.iteration_s = Histogram(
            "pouw_work_iteration_seconds", "Time to train one iteration.", buckets=_ITERATION_S, registry=registry
        )
        self.loss = Gauge("pouw_work_loss", "Mean loss of the last block's winning iteration.", registry=registry)
        self.accuracy = Gauge("pouw_work_accuracy", "Validation accuracy at the head, 0 to 1.", registry=registry)
        self.blocks_mined = Counter(
            "pouw_blocks_mined_total", "Blocks that this node mined and the chain accepted.", registry=registry
        )
        self.blocks_rejected = Counter(
            "pouw_blocks_rejected_total", "Blocks that were refused, by reason.", ["reason"], registry=registry
        )
        self.verifications = Counter(
            "pouw_verifications_total", "Blocks that were verified, by result.", ["result"], registry=registry
        )
        self.mempool = Gauge("pouw_mempool_transactions", "Transactions that wait for a block.", registry=registry)
        self.tasks = Gauge("pouw_tasks", "Client tasks by state.", ["state"], registry=registry)
        self.rpc_requests = Counter(
            "pouw_rpc_requests_total", "RPC calls, by method and result code.", ["method", "code"], registry=registry
        )
        self.rpc_s = Histogram(
            "pouw_rpc_request_seconds", "Time of HTTP requests to the RPC.", buckets=_REQUEST_S, registry=registry
        )
        info = Info("pouw_build", "Version, role, site, slot and name of the node.", registry=registry)
        info.info({"version": version, "role": role, "site": site, "slot": slot, "node": node})

    def expose(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
