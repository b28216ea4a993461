"""Machines of Kubernetes clusters on Google Cloud: as whom they act, what they start from, who keeps them up."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, may_be, must_be, must_not_be
from policies.gcp.clusters import CLUSTER
from policies.gcp.relations import must_name_account, must_name_key
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

POOL = "gcp:container/nodePool:NodePool"

_GUIDE = "https://cloud.google.com/kubernetes-engine/docs/"
_SCOPE = "https://www.googleapis.com/auth/"
_BROAD = ("compute", "devstorage.full_control", "devstorage.read_write", "sqlservice.admin", "cloud-platform")


def _may_do_much(props: Props) -> Iterator[str]:
    config = props.get("nodeConfig") or {}
    # With an account of its own, roles say what a machine may do, and scopes are to be as wide as they can be.
    broad = _BROAD[:-1] if "serviceAccount" in tuple(config) else _BROAD
    for at, scope in find(config, "oauthScopes[*]"):
        if scope is not MISSING and str(scope).removeprefix(_SCOPE) in broad:
            yield f"nodeConfig.{at}: is {scope}"


def _acts_as_itself(resource: Resource, stack: Stack) -> Iterator[str]:
    # The machines of an autopilot are Google's own affair.
    if resource.inputs.get("enableAutopilot") is not True:
        yield from must_name_account("nodeConfig.serviceAccount")(resource, stack)


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="gcp-gke-nodes-require-own-account",
        types=(POOL, CLUSTER),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default account edits the whole project, and every pod on the node is one step from it.",
        remedy="Name an account with roles/container.defaultNodeServiceAccount in nodeConfig.serviceAccount.",
        reference=_GUIDE + "how-to/hardening-your-cluster",
        check=_acts_as_itself,
    ),
    Rule(
        id="gcp-gke-nodepool-limit-scopes",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Scopes of old allow a machine to change others, whatever its roles were meant to be.",
        remedy="Name an account of its own and cloud-platform, and say by roles what it may do.",
        reference="https://cloud.google.com/compute/docs/access/service-accounts",
        check=_may_do_much,
    ),
    Rule(
        id="gcp-gke-nodepool-require-secure-boot",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A changed kernel starts like any other, and stays after the node is cleaned.",
        remedy="Set nodeConfig.shieldedInstanceConfig.enableSecureBoot: true.",
        reference=_GUIDE + "how-to/shielded-gke-nodes",
        check=must_be("nodeConfig.shieldedInstanceConfig.enableSecureBoot", True),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-unwatched-boot",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Nobody hears that a node started differently from last time.",
        remedy="Remove nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring, or set it to true.",
        reference=_GUIDE + "how-to/shielded-gke-nodes",
        check=must_not_be("nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring", False),
    ),
    Rule(
        id="gcp-gke-nodepool-require-metadata-server",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Any pod asks the node's metadata for the node's own token, and acts as the node.",
        remedy="Set nodeConfig.workloadMetadataConfig.mode: GKE_METADATA.",
        reference=_GUIDE + "concepts/workload-identity",
        check=must_be("nodeConfig.workloadMetadataConfig.mode", "GKE_METADATA"),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-legacy-metadata",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Endpoints of old answer without the header that a forged request cannot send.",
        remedy='Set nodeConfig.metadata.disable-legacy-endpoints: "true".',
        reference=_GUIDE + "how-to/protecting-cluster-metadata",
        check=may_be("nodeConfig.metadata.disable-legacy-endpoints", "true"),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-open-kubelet",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The kubelet tells everybody in the network what runs on the node, and with which settings.",
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
        why="Other systems come with package managers and more to attack, and their disks can be changed.",
        remedy="Remove nodeConfig.imageType, or set COS_CONTAINERD.",
        reference=_GUIDE + "concepts/node-images",
        check=may_be("nodeConfig.imageType", "COS_CONTAINERD", "cos_containerd"),
    ),
    StackRule(
        id="gcp-gke-nodepool-require-own-key",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Who may read the machines' disks is Google's to say, and cannot be taken back.",
        remedy="Name a key in nodeConfig.bootDiskKmsKey.",
        reference=_GUIDE + "how-to/using-cmek",
        check=must_name_key("nodeConfig.bootDiskKmsKey"),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-public-addresses",
        types=(POOL,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A pool that says otherwise than its cluster gets machines that anybody reaches.",
        remedy="Remove networkConfig.enablePrivateNodes, or set it to true.",
        reference=_GUIDE + "concepts/network-isolation",
        check=must_not_be("networkConfig.enablePrivateNodes", False),
    ),
    Rule(
        id="gcp-gke-nodepool-deny-project-keys",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever has a key to any machine of the project has one to every node.",
        remedy='Set nodeConfig.metadata.block-project-ssh-keys: "true".',
        reference="https://cloud.google.com/compute/docs/connect/restrict-ssh-keys",
        check=must_be("nodeConfig.metadata.block-project-ssh-keys", "true", "TRUE"),
    ),
    Rule(
        id="gcp-gke-nodepool-require-repair",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A node that fails stays until somebody sees it.",
        remedy="Set management.autoRepair: true.",
        reference=_GUIDE + "how-to/node-auto-repair",
        check=must_be("management.autoRepair", True),
    ),
    Rule(
        id="gcp-gke-nodepool-require-upgrades",
        types=(POOL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Holes that the control plane has closed stay open on the nodes.",
        remedy="Set management.autoUpgrade: true.",
        reference=_GUIDE + "how-to/node-auto-upgrades",
        check=must_be("management.autoUpgrade", True),
    ),
)
