"""The site's machines: managed node groups with private addresses, encrypted disks and hardened launch settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pulumi
from pulumi_aws.ec2.launch_template import LaunchTemplate
from pulumi_aws.ec2.security_group import SecurityGroup
from pulumi_aws.eks.node_group import NodeGroup
from pulumi_aws.iam.role import Role
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws import access_policies, node_pool_plan, physical_names
from infra.aws.cluster import MANAGED, Cluster, addon
from infra.aws.keys import Keys
from infra.aws.network import Network
from infra.aws.roles import role, workload_role
from infra.aws.settings import AwsSite
from infra.component import Component
from infra.contracts import POOL_LABEL, SiteContext

_NODE_POLICIES: Final = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")


@dataclass(frozen=True, kw_only=True)
class NodePoolsArgs:
    """The node pools of one cluster."""

    context: SiteContext[AwsSite]
    keys: Keys
    network: Network
    cluster: Cluster


class NodePools(Component, token="pouw:aws:NodePools"):
    """Outputs: ``pools`` (names of the groups), ``scaling_group`` of the ``rpc`` pool, which the edge routes to, and
    ``security_group`` of that pool's machines. The group has no rules; the edge adds its disk_role.
    """

    pools: pulumi.Output[Sequence[str]]
    scaling_group: pulumi.Output[str]
    security_group: pulumi.Output[str]

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        machine, permissions = self._role()
        entry = SecurityGroup(
            f"{name}-entry",
            name_prefix=physical_names.name_prefix("security-group", args.context, "entry"),
            description="Machines behind the edge of the site",
            vpc_id=args.network.network,
            tags=args.context.tags,
            opts=self.child(),
        )
        templates = {
            "rpc": self._template("rpc", [args.cluster.security_group, entry.id]),
            "system": self._template("system", [args.cluster.security_group]),
            "miners": self._template("miners", [args.cluster.security_group]),
        }
        groups = {
            group.name: self._group(group, machine, templates[group.pool], permissions)
            for group in node_pool_plan.groups(args.context.site.pools)
        }
        self._addons(list(groups.values()))
        self.publish(
            pools=[group.node_group_name for group in groups.values()],
            scaling_group=groups["rpc"].resources[0].autoscaling_groups[0].name,
            security_group=entry.id,
        )

    def _role(self) -> tuple[Role, list[pulumi.Resource]]:
        """Declare the machines' role: to join the cluster and to pull images. Pods have other roles."""
        machine = role(
            self,
            f"{self._name}-role",
            self._args.context,
            self._args.keys,
            part="machine",
            description="Machines of the cluster",
            trust=access_policies.trust_service("ec2.amazonaws.com"),
        )
        return machine, [
            RolePolicyAttachment(
                f"{self._name}-{policy}", role=machine.name, policy_arn=f"{MANAGED}/{policy}", opts=self.child()
            )
            for policy in _NODE_POLICIES
        ]

    def _template(self, pool: str, security_groups: list[pulumi.Input[str]]) -> LaunchTemplate:
        context = self._args.context
        launch = launch_settings(context, pool, disk_gib(context, pool), self._args.keys.key, security_groups)
        return LaunchTemplate(
            f"{self._name}-{pool}-launch",
            name_prefix=physical_names.name_prefix("launch-template", context, pool),
            update_default_version=True,
            tags=context.tags,
            opts=self.child(),
            **launch,
        )

    def _group(
        self, group: node_pool_plan.Group, machine: Role, template: LaunchTemplate, permissions: list[pulumi.Resource]
    ) -> NodeGroup:
        args = self._args
        return NodeGroup(
            f"{self._name}-{group.name}",
            cluster_name=args.cluster.cluster,
            node_group_name_prefix=physical_names.name_prefix("node-group", args.context, group.name),
            node_role_arn=machine.arn,
            subnet_ids=args.network.node_subnets,
            version=args.context.site.cluster.version,
            ami_type=group.image,
            capacity_type=group.capacity,
            instance_types=list(group.instances),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": group.minimum, "max_size": group.maximum, "desired_size": group.minimum},
            update_config={"max_unavailable_percentage": 33},
            node_repair_config={"enabled": True},
            labels={POOL_LABEL: group.pool},
            taints=taints(group.pool),
            tags=args.context.tags,
            # The autoscaler changes the number of machines; a deployment must not reset it.
            opts=self.child(
                depends_on=[*permissions, args.cluster],
                ignore=["scalingConfig.desiredSize"],
            ),
        )

    def _addons(self, groups: Sequence[pulumi.Resource]) -> None:
        """Declare the add-ons for DNS and disks. Both need machines, and run on the ``system`` pool."""
        args, name = self._args, self._name
        account = "ebs-csi-controller-sa"
        disk_role = workload_role(self, f"{name}-disks", args.context, args.keys, ("kube-system", account))
        driver = RolePolicyAttachment(
            f"{name}-disks-policy",
            role=disk_role.name,
            policy_arn=f"{MANAGED}/service-role/AmazonEBSCSIDriverPolicy",
            opts=self.child(),
        )
        key = RolePolicy(
            f"{name}-disks-key",
            role=disk_role.id,
            policy=access_policies.use_for_disks(physical_names.key(args.context, args.context.region)),
            opts=self.child(),
        )
        system_pool = {"nodeSelector": {POOL_LABEL: "system"}}
        add = partial(addon, self, name, args.cluster.cluster, args.context)
        add("coredns", depends_on=list(groups), configuration_values=json.dumps(system_pool))
        add(
            "aws-ebs-csi-driver",
            depends_on=[*groups, driver, key],
            configuration_values=json.dumps({"controller": system_pool}),
            pod_identity_associations=[{"role_arn": disk_role.arn, "service_account": account}],
        )


def disk_gib(context: SiteContext, pool: str) -> int:
    """Return the disk size of a pool's machines."""
    pools = context.site.pools
    return {"system": pools.system, "miners": pools.miners, "rpc": pools.rpc}[pool].disk_gib


def launch_settings(
    context: SiteContext, pool: str, gib: int, key: pulumi.Input[str], security_groups: list[pulumi.Input[str]]
) -> dict[str, Any]:
    """Return launch settings: session-bound metadata, an encrypted disk, no public address, no SSH key."""
    tags = {**context.tags, "Name": f"{context.environment}-{context.site.name}-{pool}"}
    disk = {
        "volume_type": "gp3",
        "volume_size": gib,
        "encrypted": "true",
        "kms_key_id": key,
        "delete_on_termination": "true",
    }
    interface = {
        "device_index": 0,
        "associate_public_ip_address": "false",
        "delete_on_termination": "true",
        "security_groups": security_groups,
    }
    return {
        "metadata_options": {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
        "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": disk}],
        "network_interfaces": [interface],
        "monitoring": {"enabled": True},
        "tag_specifications": [
            {"resource_type": kind, "tags": tags} for kind in ("instance", "network-interface", "volume")
        ],
    }


def taints(pool: str) -> list[dict[str, str]]:
    """Return the taint of the miners' pool, which keeps other workloads away."""
    return [{"key": POOL_LABEL, "value": pool, "effect": "NO_SCHEDULE"}] if pool == "miners" else []
