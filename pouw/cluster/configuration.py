"""Configuration files of the components, as text. Pure: paths and addresses in, ``{path: content}`` out."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pouw.cluster.components import CNI_FILE, Programs
from pouw.cluster.layout import (
    CONTEXT,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    Layout,
    Network,
)

PAUSE_IMAGE = "pouw.dev/pause:1"

KUBECONFIGS = {
    "kube-controller-manager": "controller-manager",
    "kube-scheduler": "scheduler",
    "kube-proxy": "proxy",
    "kubelet": "kubelet",
    "storage": "storage",
    "metrics-server": "metrics-server",
}
"""Client certificate that each component's kubeconfig names."""


def files(layout: Layout, network: Network, programs: Programs) -> Mapping[Path, str]:
    """Return every configuration file below ``layout.config``. They name keys by path, never by value."""
    kubeconfigs = {
        layout.config / f"{component}.kubeconfig": _component_kubeconfig(layout, network, certificate)
        for component, certificate in KUBECONFIGS.items()
    }
    return {
        **kubeconfigs,
        layout.config / "containerd.toml": containerd(layout, network, programs),
        layout.config / "cni" / CNI_FILE: cni(layout, network),
        layout.config / "kubelet.yaml": _yaml(kubelet(layout, network)),
        layout.config / "kube-proxy.yaml": _yaml(proxy(layout, network)),
        layout.config / "kube-scheduler.yaml": _yaml(scheduler(layout)),
    }


def _yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False)


def _kubeconfig(cluster: Mapping[str, str], user: Mapping[str, str], *, name: str) -> str:
    return _yaml(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": dict(cluster)}],
            "users": [{"name": f"{name}-admin", "user": dict(user)}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": f"{name}-admin"}}],
            "current-context": name,
        }
    )


def _component_kubeconfig(layout: Layout, network: Network, certificate: str) -> str:
    return _kubeconfig(
        {"server": network.endpoint, "certificate-authority": str(layout.pki / "ca.crt")},
        {
            "client-certificate": str(layout.pki / f"{certificate}.crt"),
            "client-key": str(layout.pki / f"{certificate}.key"),
        },
        name=CONTEXT,
    )


def admin_kubeconfig(layout: Layout, network: Network) -> str:
    """Return the administrator's kubeconfig. It holds the key, so it can be copied as one file and is secret."""

    def inline(name: str) -> str:
        return base64.b64encode((layout.pki / name).read_bytes()).decode()

    return _kubeconfig(
        {"server": network.endpoint, "certificate-authority-data": inline("ca.crt")},
        {"client-certificate-data": inline("admin.crt"), "client-key-data": inline("admin.key")},
        name=CONTEXT,
    )


def containerd(layout: Layout, network: Network, programs: Programs) -> str:
    """Return the configuration of containerd."""
    return f"""version = 3
root = {_toml(layout.containerd)}
state = {_toml(layout.run / "containerd")}
# A lower oom score is refused without CAP_SYS_RESOURCE, so the score stays as it is.
oom_score = 0
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.erofs", "io.containerd.snapshotter.v1.native", "io.containerd.differ.v1.erofs",
  "io.containerd.mount-handler.v1.erofs", "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.image-verifier.v1.bindir",
]

[grpc]
address = {_toml(layout.containerd_socket)}

[ttrpc]
address = {_toml(str(layout.containerd_socket) + ".ttrpc")}

[plugins.'io.containerd.shim.v1.manager']
socket_dir = {_toml(layout.run / "shims")}

[plugins.'io.containerd.cri.v1.images']
snapshotter = "overlayfs"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = {_toml(PAUSE_IMAGE)}

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
enable_unprivileged_ports = true
enable_unprivileged_icmp = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = [{_toml(programs.cni)}]
conf_dir = {_toml(layout.config / "cni")}
use_internal_loopback = true

[plugins.'io.containerd.cri.v1.runtime'.containerd]
default_runtime_name = "runc"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
# A restarted containerd looks for the shims of its containers on PATH only, so this is not a path.
runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = {_toml(programs.runc)}
Root = {_toml(layout.run / "runc")}
SystemdCgroup = false

[plugins.'io.containerd.grpc.v1.cri']
stream_server_address = {_toml(network.loopback)}
stream_server_port = "0"
"""


def _toml(value: object) -> str:
    return json.dumps(str(value))


def cni(layout: Layout, network: Network) -> str:
    """Return the network of pods: a bridge whose gateway is the host, with host-local addresses.

    There is no overlay and no agent, so network policies are not enforced.
    """
    return json.dumps(
        {
            "cniVersion": "1.0.0",
            "name": network.bridge,
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": network.bridge,
                    "isGateway": True,
                    "ipMasq": False,
                    "hairpinMode": True,
                    "ipam": {
                        "type": "host-local",
                        "dataDir": str(layout.cni_state),
                        "ranges": [[{"subnet": network.pods, "gateway": network.gateway}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        },
        indent=1,
    )


def kubelet(layout: Layout, network: Network) -> Mapping[str, Any]:
    """Return the configuration of the kubelet."""
    pki = layout.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network.gateway,
        "port": KUBELET_PORT,
        "readOnlyPort": 0,
        "healthzBindAddress": network.loopback,
        "healthzPort": KUBELET_HEALTH_PORT,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / "kubelet-serving.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet-serving.key"),
        "clusterDomain": network.domain,
        "clusterDNS": [network.dns],
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": network.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": ["pods"],
        # A developer's disk is rarely half empty, and a collected image cannot be pulled again.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "volumePluginDir": str(layout.kubelet / "volume-plugins"),
        "podLogsDir": str(layout.pod_logs),
        "containerLogMaxSize": "5Mi",
        "containerLogMaxFiles": 2,
        "serializeImagePulls": False,
        "registerNode": True,
        "nodeStatusUpdateFrequency": "10s",
        "nodeStatusReportFrequency": "1m",
        "nodeLeaseDurationSeconds": 40,
        # Secrets and config maps are watched, so this only limits the delay after a missed event.
        "syncFrequency": "30s",
        "shutdownGracePeriod": "0s",
        "resolvConf": str(layout.config / "resolv.conf"),
    }


def proxy(layout: Layout, network: Network) -> Mapping[str, Any]:
    """Return the configuration of kube-proxy."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": "pouw-local",
        "bindAddress": network.gateway,
        "clusterCIDR": network.pods,
        "healthzBindAddress": f"{network.loopback}:{PROXY_HEALTH_PORT}",
        "metricsBindAddress": f"{network.loopback}:{PROXY_METRICS_PORT}",
        "clientConnection": {"kubeconfig": str(layout.config / "kube-proxy.kubeconfig")},
        # Node ports answer on this machine only: on loopback and to pods, never on its other interfaces.
        "nodePortAddresses": ["127.0.0.0/8", network.pods],
        "iptables": {"localhostNodePorts": True, "syncPeriod": "5m0s", "minSyncPeriod": "100ms"},
        # Zero leaves the machine's connection tracking limits as they are.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def scheduler(layout: Layout) -> Mapping[str, Any]:
    """Return the configuration of the scheduler."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {"kubeconfig": str(layout.config / "kube-scheduler.kubeconfig")},
    }


def resolv_conf(host: str) -> str:
    """Return the host's resolver configuration without the servers on loopback, which pods cannot reach."""
    lines = []
    for line in host.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and (words[1].startswith("127.") or words[1] == "::1"):
            continue
        lines.append(line)
    return "\n".join(lines) + "\n"
