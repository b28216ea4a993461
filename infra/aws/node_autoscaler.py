"""Settings by which the node autoscaler finds the site's node pools. EKS has no built-in autoscaler."""

from __future__ import annotations

from infra.aws import physical_names
from infra.contracts import Scaler, SiteContext


def scaler(context: SiteContext) -> Scaler:
    """Return the autoscaler's arguments: it finds scaling groups by the tags that EKS sets, and uses their bounds."""
    tags = f"k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{physical_names.cluster_name(context)}"
    return Scaler(
        arguments=("--cloud-provider=aws", f"--node-group-auto-discovery=asg:tag={tags}"),
        environment={"AWS_REGION": context.region},
    )
