"""Flow logs of the site's network. They have a log group of their own, because their retention differs."""

from __future__ import annotations

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.ec2.flow_log import FlowLog
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws import access_policies, physical_names
from infra.aws.audit_logs import retention
from infra.aws.keys import Keys
from infra.aws.roles import role
from infra.component import Component
from infra.contracts import SiteContext


def flow_log(name: str, context: SiteContext, network: pulumi.Input[str], keys: Keys, parent: Component) -> None:
    """Declare the log of all accepted and rejected connections in ``network``."""
    group_name = f"/pouw/{context.environment}/{context.site.name}/flow"
    group = LogGroup(
        f"{name}-flow-log-group",
        name=group_name,
        kms_key_id=keys.key,
        retention_in_days=retention(context.site.network.flow_log_days),
        tags=context.tags,
        opts=parent.child(),
    )
    writer = role(
        parent,
        f"{name}-flow-log-role",
        context,
        keys,
        part="flow-log",
        description="Writes the flow log of the network",
        trust=access_policies.trust_service(
            "vpc-flow-logs.amazonaws.com", access_policies.from_account(physical_names.account(context))
        ),
    )
    document = access_policies.write_logs(physical_names.log_group_arn(context, group_name))
    permission = RolePolicy(f"{name}-flow-log-policy", role=writer.id, policy=document, opts=parent.child())
    FlowLog(
        f"{name}-flow-log",
        vpc_id=network,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=writer.arn,
        max_aggregation_interval=60,
        tags=context.tags,
        opts=parent.child(depends_on=[permission]),
    )
