"""Versions of the add-ons of managed clusters: reviewed here, so that two stacks of one program get the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from infra.settings.site import Addon, Cluster

ADDONS: Final[tuple[Addon, ...]] = get_args(Addon)
"""Add-ons of a cluster on AWS; the other clouds bring theirs with the cluster's own version."""
_EVERYWHERE: Final[Mapping[Addon, str]] = {
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "vpc-cni": "v1.22.4-eksbuild.3",
}
REVIEWED: Final[Mapping[str, Mapping[Addon, str]]] = {
    "1.33": {
        **_EVERYWHERE,
        "aws-ebs-csi-driver": "v1.63.0-eksbuild.1",
        "coredns": "v1.12.4-eksbuild.18",
        "kube-proxy": "v1.33.10-eksbuild.18",
    },
    "1.34": {
        **_EVERYWHERE,
        "aws-ebs-csi-driver": "v1.63.0-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.11",
        "kube-proxy": "v1.34.6-eksbuild.17",
    },
    "1.35": {
        **_EVERYWHERE,
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.11",
        "kube-proxy": "v1.35.3-eksbuild.18",
    },
}
"""By the cluster's minor version; AWS lists them by ``aws eks describe-addon-versions --kubernetes-version``."""


def version(cluster: Cluster, addon: Addon) -> str:
    """The version of an add-on: the one that the settings name, or the reviewed one; they were found to have one."""
    return cluster.addons.get(addon) or REVIEWED[cluster.version][addon]


def missing(cluster: Cluster) -> list[Addon]:
    """Add-ons of which no version is known for the cluster's."""
    known = {**REVIEWED.get(cluster.version, {}), **cluster.addons}
    return [name for name in ADDONS if name not in known]
