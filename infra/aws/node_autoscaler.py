"""How the autoscaler inside the cluster finds the site's pools: EKS has none built in."""

from __future__ import annotations

from infra.aws import physical_names
from infra.contracts import Scaler, SiteContext


def scaler(context: SiteContext) -> Scaler:
    """By the tags that EKS itself puts on the groups of its pools; the bounds are those of the groups."""
    tags = f"k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{physical_names.cluster_name(context)}"
    return Scaler(
        arguments=("--cloud-provider=aws", f"--node-group-auto-discovery=asg:tag={tags}"),
        environment={"AWS_REGION": context.region},
    )
