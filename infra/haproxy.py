"""The balancer's configuration as text: a pure function of what it balances."""

from __future__ import annotations

from dataclasses import dataclass

from infra.workload import RPC_PORT, WS_PORT

METRICS_PORT = 8404


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A slot behind the balancer: a headless service that names its ready nodes."""

    service: str
    """DNS name that resolves to one address a node."""
    max_nodes: int


def configuration(backend: Backend) -> str:
    """HAProxy configuration: JSON-RPC and WebSocket over the nodes, each checked on ``/ready``.

    A node leaves within 2 s of failing or draining and returns after two good answers. A request that no node has
    answered yet is sent to another one: the read-only methods may be repeated, and a write is refused by its nonce.
    """
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
    default_backend nodes

frontend ws
    bind :{WS_PORT}
    default_backend nodes_ws

frontend metrics
    bind :{METRICS_PORT}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    http-request return status 404 unless {{ path /metrics }}

backend nodes
    balance leastconn
{_servers(backend, RPC_PORT)}

backend nodes_ws
    balance leastconn
{_servers(backend, WS_PORT)}
"""


def _servers(backend: Backend, port: int) -> str:
    template = f"server-template node {backend.max_nodes} {backend.service}:{port}"
    return f"""\
    option httpchk
    http-check send meth GET uri /ready ver HTTP/1.1 hdr Host node
    http-check expect status 200
    default-server check port {RPC_PORT} inter 1s fall 2 rise 2 init-addr none resolvers cluster resolve-prefer ipv4
    {template}"""


def unavailable_page() -> str:
    """The raw answer while no node is ready: JSON, because the callers are programs."""
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
