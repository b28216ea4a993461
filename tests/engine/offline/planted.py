"""Faults planted into resources of each cloud, each with what the refusal must say: path, limit, remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pouw.engine.plugins.core.properties import Value


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type with inputs that are right."""

    token: str
    inputs: Mapping[str, Any]

    def with_fault(self, path: str, value: Value) -> dict[str, Any]:
        """Return the inputs with one planted value; None removes the property."""
        *parents, last = path.split(".")
        inputs: dict[str, Any] = _copied(dict(self.inputs))
        holder: Any = inputs
        for step in parents:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        if value is None:
            del holder[last]
        else:
            holder[last] = value
        return inputs


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


KINDS = {
    "vpc": Kind(token="aws:ec2/vpc:Vpc", inputs={"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}),
    "subnet": Kind(token="aws:ec2/subnet:Subnet", inputs={"vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24"}),
    "eks": Kind(
        token="aws:eks/cluster:Cluster",
        inputs={"roleArn": "arn:aws:iam::123456789012:role/x", "vpcConfig": {"subnetIds": ["subnet-1"]}},
    ),
    "s3": Kind(token="aws:s3/bucket:Bucket", inputs={"bucket": "some-data"}),
    "group": Kind(
        token="aws:ec2/securityGroup:SecurityGroup",
        inputs={"ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 2, "cidrBlocks": ["10.0.0.0/8"]}]},
    ),
    "lb": Kind(token="aws:lb/loadBalancer:LoadBalancer", inputs={"loadBalancerType": "network"}),
    "aks": Kind(
        token="azure-native:containerservice:ManagedCluster",
        inputs={
            "resourceGroupName": "some",
            "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5"}],
            "networkProfile": {"networkPlugin": "azure", "serviceCidr": "10.1.0.0/16"},
        },
    ),
    "storage": Kind(
        token="azure-native:storage:StorageAccount",
        inputs={
            "resourceGroupName": "some",
            "accountName": "some",
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS"},
        },
    ),
    "vnet": Kind(
        token="azure-native:network:VirtualNetwork",
        inputs={
            "resourceGroupName": "some",
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {"name": "a", "addressPrefix": "10.0.1.0/24"},
                {"name": "b", "addressPrefix": "10.0.2.0/24"},
            ],
        },
    ),
    "pool": Kind(
        token="azure-native:containerservice:AgentPool",
        inputs={"resourceGroupName": "some", "resourceName": "some", "agentPoolName": "miners", "mode": "User"},
    ),
    "gke": Kind(
        token="gcp:container/cluster:Cluster",
        inputs={
            "location": "europe-west1",
            "releaseChannel": {"channel": "STABLE"},
            "nodeLocations": ["europe-west1-b"],
        },
    ),
    "subnetwork": Kind(
        token="gcp:compute/subnetwork:Subnetwork",
        inputs={
            "network": "some",
            "region": "europe-west1",
            "ipCidrRange": "10.0.0.0/20",
            "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"}],
        },
    ),
    "bucket": Kind(token="gcp:storage/bucket:Bucket", inputs={"location": "EU"}),
    "key": Kind(token="gcp:kms/cryptoKey:CryptoKey", inputs={"keyRing": "some", "rotationPeriod": "7776000s"}),
    "account": Kind(token="gcp:serviceaccount/account:Account", inputs={"accountId": "some-account"}),
    "image": Kind(
        token="docker:index/image:Image",
        inputs={"imageName": "registry.example:5000/some/node:1", "build": {"context": ".", "args": {"A": "b"}}},
    ),
    "container": Kind(
        token="docker:index/container:Container",
        inputs={"image": "some", "restart": "always", "ports": [{"internal": 80}]},
    ),
    "network": Kind(
        token="docker:index/network:Network", inputs={"name": "some", "ipamConfigs": [{"subnet": "10.0.0.0/24"}]}
    ),
}

FAULTS: list[tuple[str, str, Value, str]] = [
    (
        "vpc",
        "cidrBlock",
        "10.0.0.1/16",
        "cidrBlock: must be a range in CIDR notation such as 10.0.0.0/16, got '10.0.0.1/16'; it has host bits",
    ),
    ("vpc", "cidrBlock", "10.0.0.0/8", "cidrBlock: must be a range between /16 and /28, got '10.0.0.0/8'"),
    ("vpc", "cidrBlok", "10.0.0.0/16", "cidrBlok: there is no such field; did you mean 'cidrBlock'?"),
    ("vpc", "enableDnsSupport", "yes", "enableDnsSupport: must be a boolean, got a string: 'yes'"),
    ("vpc", "instanceTenancy", "dedicatd", "instanceTenancy: must be one of default, dedicated, got 'dedicatd'"),
    ("vpc", "tags.a", 1, "tags.a: must be a string, got an integer: 1"),
    ("subnet", "vpcId", None, "vpcId: is required"),
    (
        "subnet",
        "availabilityZone",
        "us-east-1a",
        "availabilityZone: must be a zone of eu-west-1, got 'us-east-1a'",
    ),
    ("subnet", "availabilityZone", "eu-west-1x", "must be one of eu-west-1a, eu-west-1b, eu-west-1c, got 'eu-west-1x'"),
    ("eks", "roleArn", "role/x", "roleArn: must be an ARN: arn:aws:service:region:account:resource, got 'role/x'"),
    ("eks", "vpcConfig.subnetIds", "subnet-1", "vpcConfig.subnetIds: must be a list, got a string: 'subnet-1'"),
    ("eks", "vpcConfig.subnetIds", None, "vpcConfig.subnetIds: is required"),
    ("eks", "accessConfig.authenticationMode", "APIS", "accessConfig.authenticationMode: must be one of API, API_AND_"),
    ("eks", "enabledClusterLogTypes", ["api", "audits"], "enabledClusterLogTypes[1]: must be one of api, audit, "),
    ("eks", "version", "v1.34", "version: must be a Kubernetes minor version such as 1.34, got 'v1.34'"),
    ("eks", "name", "x" * 101, "name: must have at most 100 characters, got 101"),
    ("s3", "bucket", "Some_Data", "bucket: must be lower-case letters, digits, hyphens and single dots"),
    ("group", "ingress.0.cidrBlocks", ["10.0.0.0/33"], "ingress[0].cidrBlocks[0]: must be a range in CIDR notation"),
    ("group", "ingress.0.port", 1, "ingress[0].port: there is no such field; did you mean"),
    ("lb", "name", "some_balancer", "name: must be letters, digits and inner hyphens, got 'some_balancer'"),
    ("aks", "resourceGroupName", None, "resourceGroupName: is required"),
    ("aks", "location", "marsnorth", "location: must be a location of Azure such as westeurope, got 'marsnorth'"),
    ("aks", "agentPoolProfiles.0.count", "1", "agentPoolProfiles[0].count: must be an integer, got a string: '1'"),
    ("aks", "agentPoolProfiles.0.mode", "Systm", "agentPoolProfiles[0].mode: must be one of System, User"),
    ("aks", "agentPoolProfiles.0.name", None, "agentPoolProfiles[0].name: is required"),
    ("aks", "agentPoolProfiles.0.mode", "User", "agentPoolProfiles: must have a pool of mode System"),
    (
        "aks",
        "networkProfile.networkPlugin",
        "azur",
        "networkProfile.networkPlugin: must be one of azure, kubenet, none",
    ),
    ("aks", "networkProfile.serviceCidr", "10.1/16", "networkProfile.serviceCidr: must be a range in CIDR notation"),
    ("aks", "networkProfil", {}, "networkProfil: there is no such field; did you mean 'networkProfile'?"),
    ("aks", "enableRBAC", "true", "enableRBAC: must be a boolean, got a string: 'true'"),
    (
        "storage",
        "accountName",
        "some-account",
        "accountName: must be lower-case letters and digits, got 'some-account'",
    ),
    ("storage", "accountName", "a" * 25, "accountName: must have at most 24 characters, got 25"),
    ("storage", "sku.name", "Standard_ZRSS", "sku.name: must be one of "),
    ("storage", "sku", None, "sku: is required"),
    ("storage", "minimumTlsVersion", "TLS1_4", "minimumTlsVersion: must be one of TLS1_0, TLS1_1, TLS1_2, TLS1_3"),
    (
        "vnet",
        "subnets.1.addressPrefix",
        "10.0.1.128/25",
        "subnets[1].addressPrefix: overlaps 10.0.1.0/24",
    ),
    ("vnet", "subnets.1.addressPrefix", "10.9.0.0/24", "subnets[1].addressPrefix: must be in the network's"),
    ("vnet", "addressSpace.addressPrefixes", ["10.0.0.0"], "addressSpace.addressPrefixes[0]: must be a range in CIDR"),
    ("vnet", "subnets", {"name": "a"}, "subnets: must be a list, got an object"),
    ("pool", "agentPoolName", "Mining-Pool", "agentPoolName: must be lower-case letters and digits, beginning with"),
    ("gke", "location", "europe-west99-k", "location: must be a region or a zone such as europe-west1"),
    ("gke", "nodeLocations", ["us-east1-b"], "nodeLocations[0]: must be a zone of europe-west1, got 'us-east1-b'"),
    ("gke", "nodeLocations", ["europe-west1-a"], "must be one of europe-west1-b, europe-west1-c, europe-west1-d"),
    ("gke", "releaseChannel.channel", "FAST", "releaseChannel.channel: must be one of UNSPECIFIED, RAPID, REGULAR"),
    ("gke", "releaseChannel.channel", None, "releaseChannel.channel: is required"),
    ("gke", "name", "x" * 41, "name: must have at most 40 characters, got 41"),
    ("gke", "name", "Some", "name: must be lower-case letters, digits and inner hyphens, beginning with a letter"),
    ("gke", "deletionProtection", "on", "deletionProtection: must be a boolean, got a string: 'on'"),
    ("gke", "initialNodeCount", "3", "initialNodeCount: must be an integer, got a string: '3'"),
    ("gke", "databaseEncryption", {"state": "YES"}, "databaseEncryption.state: must be one of ENCRYPTED, DECRYPTED"),
    ("gke", "masterAuthorizedNetwork", {}, "masterAuthorizedNetwork: there is no such field; did you mean 'masterAuth"),
    ("subnetwork", "ipCidrRange", "10.0.0.0/33", "ipCidrRange: must be a range in CIDR notation"),
    ("subnetwork", "network", None, "network: is required"),
    ("subnetwork", "region", "europ-west1", "region: must be a region such as europe-west1, got 'europ-west1'"),
    (
        "subnetwork",
        "secondaryIpRanges.0.ipCidrRange",
        "10.0.8.0/22",
        "secondaryIpRanges[0].ipCidrRange: overl",
    ),
    ("subnetwork", "secondaryIpRanges.0.rangeName", None, "secondaryIpRanges[0].rangeName: is required"),
    ("bucket", "publicAccessPrevention", "enforce", "publicAccessPrevention: must be one of inherited, enforced"),
    ("bucket", "name", "goog-data", "name: must be lower-case letters, digits and any of ._-"),
    ("key", "rotationPeriod", "90d", "rotationPeriod: must be a duration in seconds such as 7776000s, got '90d'"),
    ("key", "purpose", "ENCRYPT", "purpose: must be one of ENCRYPT_DECRYPT, ASYMMETRIC_SIGN"),
    ("account", "accountId", "sa", "accountId: must have at least 6 characters, got 2"),
    (
        "image",
        "imageName",
        "Some/Node",
        "imageName: must be an image name: [host[:port]/]path[:tag], the path in lower",
    ),
    ("image", "imageName", "some:" + "t" * 129, "imageName: must be an image name"),
    ("image", "imageName", None, "imageName: is required"),
    ("image", "build.platform", 1, "build.platform: must be a string, got an integer: 1"),
    ("image", "build.args.A", True, "build.args.A: must be a string, got a boolean: True"),
    ("image", "build.builderVersion", "Buildkit", "build.builderVersion: must be one of "),
    ("image", "build.dockerFile", "x", "build.dockerFile: there is no such field; did you mean 'dockerfile'?"),
    ("container", "restart", "sometimes", "restart: must be one of no, on-failure, always, unless-stopped"),
    ("container", "ports.0.internal", None, "ports[0].internal: is required"),
    ("container", "ports.0.internal", "80", "ports[0].internal: must be an integer, got a string: '80'"),
    ("container", "envs", "A=b", "envs: must be a list, got a string: 'A=b'"),
    ("network", "ipamConfigs.0.subnet", "10.0.0.9/24", "ipamConfigs[0].subnet: must be a range in CIDR notation"),
    ("network", "name", "-some", "name: must be letters, digits and any of ._-"),
]
"""Kind, path, value (None for a missing property), and part of the message."""
