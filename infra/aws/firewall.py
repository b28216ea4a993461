"""What the edge refuses before anything reaches a node: rules as data, and the log of what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.wafv2.web_acl import WebAcl
from pulumi_aws.wafv2.web_acl_association import WebAclAssociation
from pulumi_aws.wafv2.web_acl_logging_configuration import WebAclLoggingConfiguration

from infra.aws import limits
from infra.aws.monitoring import retention
from infra.component import Component
from infra.contracts import Place

RATE_LIMIT: Final = 2000
"""Requests that one address may send in five minutes."""
_MANAGED: Final = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    # A batch of calls or a signed task is longer than the 8 KiB that the rule takes for an attack.
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY",)),
)
"""Rule groups kept by AWS, each with those of its rules that only count."""


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """The firewall of one application balancer."""

    place: Place
    key: pulumi.Input[str]
    balancer: pulumi.Input[str]


class Firewall(Component, token="pouw:aws:Firewall"):
    """A web firewall with managed rules, a rate limit and a log. Output: ``firewall``, its ARN."""

    firewall: pulumi.Output[str]

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        made = WebAcl(
            f"{name}-rules",
            name=limits.named("firewall", place),
            description=f"The edge of the site {place.site.name}",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=rules(),
            visibility_config=visibility("edge"),
            tags=place.tags,
            opts=self.child(),
        )
        WebAclAssociation(f"{name}-place", resource_arn=args.balancer, web_acl_arn=made.arn, opts=self.child())
        log = LogGroup(
            f"{name}-log-group",
            # AWS takes only log groups whose name begins so.
            name=f"aws-waf-logs-{limits.named('log-group', place)}",
            kms_key_id=args.key,
            retention_in_days=retention(place.site.network.flow_log_days),
            tags=place.tags,
            opts=self.child(),
        )
        WebAclLoggingConfiguration(
            f"{name}-log",
            resource_arn=made.arn,
            log_destination_configs=[log.arn],
            # It carries the token of the write methods.
            redacted_fields=[{"single_header": {"name": "authorization"}}],
            opts=self.child(),
        )
        self.publish(firewall=made.arn)


def rules() -> list[dict[str, Any]]:
    """The rules in order: first how often, then what."""
    limit = {
        "name": "rate",
        "priority": 0,
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {"limit": RATE_LIMIT, "aggregate_key_type": "IP", "evaluation_window_sec": 300}
        },
        "visibility_config": visibility("rate"),
    }
    return [limit, *(_managed(index, *group) for index, group in enumerate(_MANAGED, start=1))]


def _managed(priority: int, group: str, counting: tuple[str, ...]) -> dict[str, Any]:
    overrides = [{"name": rule, "action_to_use": {"count": {}}} for rule in counting]
    statement = {"vendor_name": "AWS", "name": group, "rule_action_overrides": overrides}
    return {
        "name": group,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {"managed_rule_group_statement": statement},
        "visibility_config": visibility(group),
    }


def visibility(metric: str) -> dict[str, Any]:
    """Every rule is counted; requests are not sampled, because samples carry headers."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}
