"""Versions of EKS add-ons, reviewed and pinned, so that two stacks of one program get the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from infra.aws.settings import Addon, AwsCluster

ADDONS: Final[tuple[Addon, ...]] = get_args(Addon)
"""Add-ons of a cluster. The other clouds update theirs with the cluster."""
_COMMON: Final[Mapping[Addon, str]] = {
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "vpc-cni": "v1.22.4-eksbuild.3",
}
REVIEWED: Final[Mapping[str, Mapping[Addon, str]]] = {
    "1.33": {
        **_COMMON,
        "aws-ebs-csi-driver": "v1.63.0-eksbuild.1",
        "coredns": "v1.12.4-eksbuild.18",
        "kube-proxy": "v1.33.10-eksbuild.18",
    },
    "1.34": {
        **_COMMON,
        "aws-ebs-csi-driver": "v1.63.0-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.11",
        "kube-proxy": "v1.34.6-eksbuild.17",
    },
    "1.35": {
        **_COMMON,
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "coredns": "v1.13.2-eksbuild.11",
        "kube-proxy": "v1.35.3-eksbuild.18",
    },
}
"""Versions by the cluster's minor version. ``aws eks describe-addon-versions --kubernetes-version`` lists all."""


def version(cluster: AwsCluster, addon: Addon) -> str:
    """Return the version of an add-on: that of the settings, or the reviewed one. Valid settings have one."""
    return cluster.addons.get(addon) or REVIEWED[cluster.version][addon]


def missing(cluster: AwsCluster) -> list[Addon]:
    """Return the add-ons without a reviewed version for the cluster's, and without one in the settings."""
    versions = {**REVIEWED.get(cluster.version, {}), **cluster.addons}
    return [name for name in ADDONS if name not in versions]
