"""Properties that cannot change in place: a change of one replaces the object.

The list follows the official provider, so that a program plans the same operations under both. It has one line per
kind, with paths as the engine writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pouw.engine.plugins.core.changes import Path, parse_path
from pouw.engine.plugins.kubernetes.objects import Gvk, Object

_IDENTITY: Final = ("metadata.name", "metadata.namespace")

_VOLUME_SOURCES: Final = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs "
    "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)
_POD_SPEC: Final = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork "
    "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName "
    "readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName "
    "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
)
_CONTAINER: Final = (
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext "
    "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)


def _below(prefix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names.split())


_OF_KIND: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("", "PersistentVolume"): _below("spec", _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): _below("spec", "accessModes selector storageClassName volumeName"),
    ("", "Pod"): (
        *_below("spec", _POD_SPEC),
        *_below("spec.containers[*]", _CONTAINER),
        *_below("spec.initContainers[*]", _CONTAINER),
    ),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): _below(
        "spec", "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"
    ),
    ("batch", "Job"): _below("spec", "completions parallelism selector template"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}


def immutable_paths(
    gvk: Gvk, inputs: Object, *, mutable_config_maps: bool = False, mutable_secrets: bool = False
) -> list[Path]:
    """Return the paths whose change replaces an object.

    Data of ConfigMaps and Secrets is among them unless the provider is configured otherwise. Pods read it at their
    start, so a new name restarts them and a change in place does not.
    """
    texts = [*_IDENTITY, *_OF_KIND.get((gvk.group, gvk.kind), ())]
    is_immutable = inputs.get("immutable") is True
    if not gvk.group and gvk.kind == "ConfigMap" and (is_immutable or not mutable_config_maps):
        texts += ["data", "binaryData"]
    if gvk.is_secret and (is_immutable or not mutable_secrets):
        texts += ["data", "stringData"]
    return [parse_path(text) for text in texts]
