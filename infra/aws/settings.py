"""The settings of a site on AWS."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.aws.regions import ZONES
from infra.settings.site import Cluster, ManagedSite, Network
from infra.settings.values import AddonVersion, AwsAccount, Identity

Addon = Literal["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"]


class AwsNetwork(Network):
    """The network of a site on AWS. Pods have addresses of the machines' subnets."""

    flow_log_days: Annotated[int, Field(ge=1, le=3653)] = 90
    """Days that flow logs are kept. On AWS this holds for access logs of the edge and of buckets, too."""


class AwsCluster(Cluster):
    """The EKS cluster of a site."""

    administrators: tuple[Identity, ...] = ()
    """Roles and users that administer the cluster. Required on AWS, with the role that deploys the stack among them:
    EKS gives the creator of a cluster no rights in it."""
    addons: dict[Addon, AddonVersion] = Field(default_factory=dict)
    """Versions of EKS add-ons that replace the reviewed ones. Needed for a Kubernetes version without reviewed ones."""


class AwsSite(ManagedSite):
    """One EKS cluster in one region of AWS."""

    title: ClassVar = "AWS"
    regions: ClassVar = ZONES

    cloud: Literal["aws"]
    """Cloud of the site. The value `kubernetes` means any existing cluster."""
    account: AwsAccount
    """AWS account of the site. `up` refuses credentials of another one."""
    network: AwsNetwork = AwsNetwork()
    """The network of the site."""
    cluster: AwsCluster = AwsCluster()
    """The managed Kubernetes cluster of the site."""
