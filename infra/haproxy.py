"""The configuration of HAProxy as text: a pure function of the slots that it balances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from infra.workload import RPC_PORT, WS_PORT

METRICS_PORT = 8404


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A slot behind the balancer."""

    slot: str
    active: bool
    weight: int
    """Percentage of requests. The balancer checks the health of a slot of weight 0 and sends it no requests."""
    service: str
    """DNS name of a headless service, which resolves to one address per ready node."""
    max_nodes: int


def configuration(backends: Sequence[Backend]) -> str:
    """Return the configuration: JSON-RPC and WebSocket over the nodes, each with a health check on ``/ready``.

    A node leaves within 2 s after it fails or drains, and returns after two successful checks. A request without an
    answer is sent to another node: the read-only methods may be repeated, and the nonce refuses a repeated write.

    Each request draws a number below 100, and the weights of the slots divide that range. A slot without a ready node
    gets no requests: those go to another slot that has a weight, and in the end to the active slot. The share of a
    slot is independent of its number of nodes.
    """
    sections = "\n".join(
        _backend(_name(backend, backends, suffix), backend, port)
        for suffix, port in (("", RPC_PORT), ("_ws", WS_PORT))
        for backend in backends
    )
    return f"""\
global
    log stdout format raw local0 notice
    maxconn 4096
    hard-stop-after 20s

defaults
    mode http
    log global
    option dontlognull
    option redispatch
    option http-server-close
    retries 2
    retry-on conn-failure empty-response
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    timeout http-request 10s
    timeout queue 5s
    errorfile 503 /etc/haproxy/503.http

resolvers cluster
    parse-resolv-conf
    accepted_payload_size 8192
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 1s
    hold nx 5s
    hold other 5s
    hold obsolete 5s

frontend rpc
    bind :{RPC_PORT}
    http-request set-header X-Forwarded-For %[src]
    acl own_health path /balancer/health
    http-request return status 200 content-type application/json string '{{"status":"ok"}}' if own_health
{_routing(backends, "")}

frontend ws
    bind :{WS_PORT}
{_routing(backends, "_ws")}

frontend metrics
    bind :{METRICS_PORT}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    http-request return status 404 unless {{ path /metrics }}

{sections}"""


def _name(backend: Backend, backends: Sequence[Backend], suffix: str) -> str:
    return f"nodes_{backend.slot}{suffix}" if len(backends) > 1 else f"nodes{suffix}"


def _routing(backends: Sequence[Backend], suffix: str) -> str:
    active = next(backend for backend in backends if backend.active)
    lines = [*_shares(backends, suffix)] if len(backends) > 1 else []
    return "\n".join(f"    {line}" for line in [*lines, f"default_backend {_name(active, backends, suffix)}"])


def _shares(backends: Sequence[Backend], suffix: str) -> Iterator[str]:
    """Yield the rules that divide requests: first by the drawn number, then to any slot that is ready."""
    weighted = [backend for backend in backends if backend.weight]
    names = [_name(backend, backends, suffix) for backend in weighted]
    yield "http-request set-var(txn.share) rand(100)"
    for name, limit in zip(names, accumulate(backend.weight for backend in weighted), strict=True):
        yield f"use_backend {name} if {{ var(txn.share) -m int lt {limit} }} {{ nbsrv({name}) gt 0 }}"
    for name in names:
        yield f"use_backend {name} if {{ nbsrv({name}) gt 0 }}"


def _backend(name: str, backend: Backend, port: int) -> str:
    return f"""\
backend {name}
    balance leastconn
    option httpchk
    http-check send meth GET uri /ready ver HTTP/1.1 hdr Host node
    http-check expect status 200
    default-server check port {RPC_PORT} inter 1s fall 2 rise 2 init-addr none resolvers cluster resolve-prefer ipv4
    server-template node {backend.max_nodes} {backend.service}:{port}
"""


def unavailable_page() -> str:
    """Return the raw response while no node is ready. It is JSON, because the clients are programs."""
    body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no node is ready; try again shortly"}}'
    lines = (
        "HTTP/1.1 503 Service Unavailable",
        "Content-Type: application/json",
        "Cache-Control: no-cache",
        "Retry-After: 2",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        body,
    )
    return "\r\n".join(lines)
