"""A kubeconfig that holds no credential: ``kubelogin`` asks for a token when one is needed. Pure text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

SERVER_ID: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Application that tokens for managed clusters are for, the same in every directory."""
LISTING_VERSION: Final = "2025-09-01"


def listing_template() -> dict[str, Any]:
    """A deployment that makes nothing: it reads the cluster's own kubeconfig, for the authority in it.

    No property of a managed cluster carries its certificate authority. With local accounts disabled, what is read
    holds no credential.
    """
    listing = f"listClusterUserCredential(parameters('cluster'), '{LISTING_VERSION}').kubeconfigs[0].value"
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"cluster": {"type": "string"}},
        "resources": [],
        "outputs": {"kubeconfig": {"type": "string", "value": f"[base64ToString({listing})]"}},
    }


def authority(outputs: Mapping[str, Any] | None) -> str | None:
    """The certificate authority (base64) in the outputs of that deployment; ``None`` before it has run."""
    text = ((outputs or {}).get("kubeconfig") or {}).get("value")
    if not text:
        return None
    found: str = yaml.safe_load(text)["clusters"][0]["cluster"]["certificate-authority-data"]
    return found


def kubeconfig(*, cluster: str, host: str, tenant: str, certificate_authority: str | None) -> str:
    """The kubeconfig, as JSON. Without an authority it trusts those of the system, which do not vouch for a cluster."""
    server: dict[str, Any] = {"server": f"https://{host}:443"}
    if certificate_authority is not None:
        server["certificate-authority-data"] = certificate_authority
    login = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "kubelogin",
        "args": ["get-token", "--login", "azurecli", "--server-id", SERVER_ID, "--tenant-id", tenant],
        "interactiveMode": "Never",
        "installHint": "kubelogin and az are needed: run `az aks install-cli`, then `az login`",
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": server}],
            "users": [{"name": cluster, "user": {"exec": login}}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
            "current-context": cluster,
        },
        sort_keys=True,
    )
