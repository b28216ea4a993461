"""Clients of the embedded cluster's API server, each with one of the certificates that ``up`` issues."""

from __future__ import annotations

from typing import Final

from pouw.cluster.layout import Layout
from pouw.kube.client import Client
from pouw.kube.endpoint import from_certificates
from pouw.kube.policy import SINGLE_ATTEMPT, RequestPolicy

_AGENT: Final = "pouw-cluster"
"""Also the manager of the fields that ``up`` applies."""


def connect(layout: Layout, identity: str, *, policy: RequestPolicy = SINGLE_ATTEMPT) -> Client:
    """Return a client that identifies itself with the certificate of ``identity``. The caller closes it.

    Raises:
        OSError: the certificate does not exist yet.
    """
    endpoint = from_certificates(
        layout.network.endpoint,
        authority=layout.pki / "ca.crt",
        certificate=layout.pki / f"{identity}.crt",
        key=layout.pki / f"{identity}.key",
    )
    return Client(endpoint, policy=policy, agent=_AGENT)
