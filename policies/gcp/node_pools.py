"""Rules about GKE node pools: accounts, boot security, images and upgrades."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, may_be, must_be, must_not_be
from policies.gcp.clusters import CLUSTER
from policies.gcp.references import must_name_account, must_name_key
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

POOL = "gcp:container/nodePool:NodePool"

_GUIDE = "https://cloud.google.com/kubernetes-engine/docs/"
_SCOPE = "https://www.googleapis.com/auth/"
_BROAD = ("compute", "devstorage.full_control", "devstorage.read_write", "sqlservice.admin", "cloud-platform")


def _check_scopes(props: Props) -> Iterator[str]:
    config = props.get("nodeConfig") or {}
    # With a dedicated account, its roles limit access, and Google recommends the widest scope.
    broad = _BROAD[:-1] if "serviceAccount" in tuple(config) else _BROAD
    for path, scope in find(config, "oauthScopes[*]"):
        if scope is not MISSING and str(scope).removeprefix(_SCOPE) in broad:
            yield (
                f"nodeConfig.{path}: the scope is too broad; got {scope}; expected cloud-platform with a dedicated "
                "account"
            )


def _check_account(resource: Resource, stack: Stack) -> Iterator[str]:
    # Google manages the machines of an Autopilot cluster.
    if resource.inputs.get("enableAutopilot") is not True:
        yield from must_name_account("nodeConfig.serviceAccount")(resource, stack)


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="gcp-gke-nodes-require-own-account",
        types=(POOL, CLUSTER),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default account may edit the whole project, and pods on the node can obtain its token.",
        remedy="Set nodeConfig.serviceAccount to an account with roles/container.defaultNodeServiceAccount.",
        reference=_GUIDE + "how-to/hardening-your-cluster",
        check=_check_account,
    ),
    Rule(
        id="gcp-gke-nodepool-limit-scopes",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Legacy scopes let a machine change other resources, independently of its intended roles.",
        remedy="Set nodeConfig.serviceAccount and the scope cloud-platform, and limit access by roles.",
        reference="https://cloud.google.com/compute/docs/access/service-accounts",
        check=_check_scopes,
    ),
    Rule(
        id="gcp-gke-nodepool-require-secure-boot",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A modified kernel boots unnoticed and survives a clean-up of the node.",
        remedy="Set nodeConfig.shieldedInstanceConfig.enableSecureBoot: true.",
        reference=_GUIDE + "how-to/shielded-gke-nodes",
        check=must_be("nodeConfig.shieldedInstanceConfig.enableSecureBoot", True),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-unwatched-boot",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A change of the boot process stays undetected.",
        remedy="Remove nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring, or set it to true.",
        reference=_GUIDE + "how-to/shielded-gke-nodes",
        check=must_not_be("nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring", False),
    ),
    Rule(
        id="gcp-gke-nodepool-require-metadata-server",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Any pod can obtain the node's token from its metadata and act as the node.",
        remedy="Set nodeConfig.workloadMetadataConfig.mode: GKE_METADATA.",
        reference=_GUIDE + "concepts/workload-identity",
        check=must_be("nodeConfig.workloadMetadataConfig.mode", "GKE_METADATA"),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-legacy-metadata",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Legacy endpoints answer without the header that protects against forged requests.",
        remedy='Set nodeConfig.metadata.disable-legacy-endpoints: "true".',
        reference=_GUIDE + "how-to/protecting-cluster-metadata",
        check=may_be("nodeConfig.metadata.disable-legacy-endpoints", "true"),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-open-kubelet",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The kubelet shows the node's workloads and their settings to anyone in the network.",
        remedy='Set nodeConfig.kubeletConfig.insecureKubeletReadonlyPortEnabled: "FALSE".',
        reference=_GUIDE + "how-to/disable-kubelet-readonly-port",
        check=must_be("nodeConfig.kubeletConfig.insecureKubeletReadonlyPortEnabled", "FALSE"),
    ),
    Rule(
        id="gcp-gke-nodepool-match-image",
        types=(POOL,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Other images contain package managers and writable disks, which give an attacker more tools.",
        remedy="Remove nodeConfig.imageType, or set it to COS_CONTAINERD.",
        reference=_GUIDE + "concepts/node-images",
        check=may_be("nodeConfig.imageType", "COS_CONTAINERD", "cos_containerd"),
    ),
    StackRule(
        id="gcp-gke-nodepool-require-own-key",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Access to disks under a Google-managed key cannot be revoked.",
        remedy="Set nodeConfig.bootDiskKmsKey.",
        reference=_GUIDE + "how-to/using-cmek",
        check=must_name_key("nodeConfig.bootDiskKmsKey"),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-public-addresses",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A pool that overrides its cluster's setting has machines with public addresses.",
        remedy="Remove networkConfig.enablePrivateNodes, or set it to true.",
        reference=_GUIDE + "concepts/network-isolation",
        check=must_not_be("networkConfig.enablePrivateNodes", False),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-project-keys",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An SSH key for any machine of the project also works on every node.",
        remedy='Set nodeConfig.metadata.block-project-ssh-keys: "true".',
        reference="https://cloud.google.com/compute/docs/connect/restrict-ssh-keys",
        check=must_be("nodeConfig.metadata.block-project-ssh-keys", "true", "TRUE"),
    ),
    Rule(
        id="gcp-gke-nodepool-require-repair",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A failed node stays in the pool until it is repaired manually.",
        remedy="Set management.autoRepair: true.",
        reference=_GUIDE + "how-to/node-auto-repair",
        check=must_be("management.autoRepair", True),
    ),
    Rule(
        id="gcp-gke-nodepool-require-upgrades",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Vulnerabilities fixed in the control plane remain on the nodes.",
        remedy="Set management.autoUpgrade: true.",
        reference=_GUIDE + "how-to/node-auto-upgrades",
        check=must_be("management.autoUpgrade", True),
    ),
)
