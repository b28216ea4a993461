"""A kubeconfig without a credential: ``kubelogin`` requests a token when a client needs one. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

SERVER_ID: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Id of AKS's server application, the audience of its tokens, the same in every tenant."""
LISTING_VERSION: Final = "2025-09-01"


def listing_template() -> dict[str, Any]:
    """Return a deployment template without resources that reads the certificate authority of a cluster.

    No property of a managed cluster holds its certificate authority. Its kubeconfig does,
    without a credential because local accounts are disabled.
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
    """Return the certificate authority (base64) from the deployment's outputs; ``None`` before the deployment."""
    text = ((outputs or {}).get("kubeconfig") or {}).get("value")
    if not text:
        return None
    certificate: str = yaml.safe_load(text)["clusters"][0]["cluster"]["certificate-authority-data"]
    return certificate


def kubeconfig(*, cluster: str, host: str, tenant: str, certificate_authority: str | None) -> str:
    """Return the kubeconfig as JSON. Without an authority, clients use the system's, which do not sign for clusters."""
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
