"""The web firewall in front of the edge: its rules as data, and the log of the requests that it blocks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.wafv2._inputs import WebAclRuleStatementArgs as Statement
from pulumi_aws.wafv2.ip_set import IpSet
from pulumi_aws.wafv2.web_acl import WebAcl
from pulumi_aws.wafv2.web_acl_logging_configuration import WebAclLoggingConfiguration

from infra.aws import physical_names
from infra.aws.audit_logs import retention
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import READY_PATH, SiteContext

RATE_LIMIT: Final = 2000
"""Requests that one address may send within ``RATE_WINDOW_SECONDS``."""
RATE_WINDOW_SECONDS: Final = 300
_MANAGED_RULE_GROUPS: Final = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    # A batch of calls or a signed task may be longer than 8 KiB, the limit of this rule.
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY",)),
)
"""Rule groups that AWS maintains, each with the rules that only count requests."""


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """The web firewall of one edge."""

    context: SiteContext
    keys: Keys
    allow_from: Sequence[str]


class WebFirewall(Component, token="pouw:aws:WebFirewall"):
    """A web ACL with an allow-list, a rate limit, managed rules and a log. Output: ``firewall``, its ARN."""

    firewall: pulumi.Output[str]

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        clients = None
        # An IP set cannot hold 0.0.0.0/0. Such an allow-list needs no rule against other addresses.
        if not allows_all(args.allow_from):
            clients = IpSet(
                f"{name}-clients",
                name=physical_names.compose_name("firewall", context, "clients"),
                description=f"Clients that the edge of the site {context.site.name} serves",
                scope="REGIONAL",
                ip_address_version="IPV4",
                addresses=merged(args.allow_from),
                tags=context.tags,
                opts=self.child(),
            ).arn
        acl = WebAcl(
            f"{name}-rules",
            name=physical_names.compose_name("firewall", context),
            description=f"The edge of the site {context.site.name}",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=rules(clients),
            visibility_config=visibility("edge"),
            tags=context.tags,
            opts=self.child(),
        )
        log = LogGroup(
            f"{name}-log-group",
            # AWS accepts only log groups whose name begins with this prefix.
            name=f"aws-waf-logs-{physical_names.compose_name('log-group', context)}",
            kms_key_id=args.keys.key,
            retention_in_days=retention(context.site.network.flow_log_days),
            tags=context.tags,
            opts=self.child(),
        )
        WebAclLoggingConfiguration(
            f"{name}-log",
            resource_arn=acl.arn,
            log_destination_configs=[log.arn],
            # The header carries the token of the write methods.
            redacted_fields=[{"single_header": {"name": "authorization"}}],
            opts=self.child(),
        )
        self.publish(firewall=acl.arn)


def merged(ranges: Sequence[str]) -> list[str]:
    """Return the ranges without overlaps."""
    return [str(network) for network in ipaddress.collapse_addresses(map(ipaddress.IPv4Network, ranges))]


def allows_all(ranges: Sequence[str]) -> bool:
    """True if the ranges contain every IPv4 address."""
    return merged(ranges) == ["0.0.0.0/0"]


def rules(clients: pulumi.Input[str] | None) -> list[dict[str, Any]]:
    """Return the rules in order: the rate limit, the allow-list, the managed rules.

    ``clients`` is the ARN of an IP set; with ``None`` every address is a client.
    """
    limit = {
        "name": "rate",
        "priority": 0,
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {
                "limit": RATE_LIMIT,
                "aggregate_key_type": "IP",
                "evaluation_window_sec": RATE_WINDOW_SECONDS,
            }
        },
        "visibility_config": visibility("rate"),
    }
    allow_list = [] if clients is None else _allow_list(clients)
    managed = [
        _managed(priority, *group) for priority, group in enumerate(_MANAGED_RULE_GROUPS, start=1 + len(allow_list))
    ]
    return [limit, *allow_list, *managed]


def _allow_list(clients: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Return rules that let addresses outside ``clients`` read ``READY_PATH`` and block all their other requests."""
    as_sent = [{"priority": 0, "type": "NONE"}]
    ready = {"search_string": READY_PATH, "positional_constraint": "EXACTLY", "field_to_match": {"uri_path": {}}}
    reads = {"regex_string": "^(GET|HEAD)$", "field_to_match": {"method": {}}}
    client = Statement(ip_set_reference_statement={"arn": clients})
    exceptions = {
        "others-paths": Statement(byte_match_statement={**ready, "text_transformations": as_sent}),
        "others-methods": Statement(regex_match_statement={**reads, "text_transformations": as_sent}),
    }
    return [
        {
            "name": name,
            "priority": priority,
            "action": {"block": {}},
            "statement": {"and_statement": {"statements": [_not(client), _not(statement)]}},
            "visibility_config": visibility(name),
        }
        for priority, (name, statement) in enumerate(exceptions.items(), start=1)
    ]


def _not(statement: Statement) -> Statement:
    return Statement(not_statement={"statement": statement})


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
    """Return a rule's metrics settings. Requests are not sampled, because samples contain headers."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}
