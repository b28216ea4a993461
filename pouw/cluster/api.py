"""Clients of the embedded cluster's API server, each with one of the certificates that ``up`` issues."""

from __future__ import annotations

from typing import Final

from pouw.cluster.layout import Layout, Network
from pouw.kube.client import Client
from pouw.kube.endpoint import from_certificates
from pouw.kube.policy import SINGLE_ATTEMPT, RequestPolicy

_AGENT: Final = "pouw-cluster"
"""Also the manager of the fields that ``up`` applies."""


def connect(layout: Layout, network: Network, identity: str, *, policy: RequestPolicy = SINGLE_ATTEMPT) -> Client:
    """Return a client that identifies itself with the certificate of ``identity``. The caller closes it.

    Raises:
        OSError: the certificate does not exist yet.
    """
    pki = layout.pki
    return Client(
        from_certificates(
            network.endpoint,
            authority=pki / "ca.crt",
            certificate=pki / f"{identity}.crt",
            key=pki / f"{identity}.key",
        ),
        policy=policy,
        agent=_AGENT,
    )
