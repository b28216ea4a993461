"""What the edge refuses before anything reaches a node: rules as data, and the log of what was refused."""

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
from pulumi_aws.wafv2.web_acl_association import WebAclAssociation
from pulumi_aws.wafv2.web_acl_logging_configuration import WebAclLoggingConfiguration

from infra.aws import physical_names
from infra.aws.audit_logs import retention
from infra.component import Component
from infra.contracts import READY_PATH, Place

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
    allow_from: Sequence[str]


class Firewall(Component, token="pouw:aws:Firewall"):
    """A web firewall: whom it lets in, a rate limit, managed rules and a log. Output: ``firewall``, its ARN."""

    firewall: pulumi.Output[str]

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        clients = None
        # A set of addresses cannot hold everybody, and then there are no strangers.
        if not everybody(args.allow_from):
            clients = IpSet(
                f"{name}-clients",
                name=physical_names.named("firewall", place, "clients"),
                description=f"Whom the edge of the site {place.site.name} serves",
                scope="REGIONAL",
                ip_address_version="IPV4",
                addresses=merged(args.allow_from),
                tags=place.tags,
                opts=self.child(),
            ).arn
        made = WebAcl(
            f"{name}-rules",
            name=physical_names.named("firewall", place),
            description=f"The edge of the site {place.site.name}",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=rules(clients),
            visibility_config=visibility("edge"),
            tags=place.tags,
            opts=self.child(),
        )
        WebAclAssociation(f"{name}-place", resource_arn=args.balancer, web_acl_arn=made.arn, opts=self.child())
        log = LogGroup(
            f"{name}-log-group",
            # AWS takes only log groups whose name begins so.
            name=f"aws-waf-logs-{physical_names.named('log-group', place)}",
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


def merged(ranges: Sequence[str]) -> list[str]:
    """Ranges, each address in one of them."""
    return [str(network) for network in ipaddress.collapse_addresses(map(ipaddress.IPv4Network, ranges))]


def everybody(ranges: Sequence[str]) -> bool:
    """Whether ranges hold every address there is."""
    return merged(ranges) == ["0.0.0.0/0"]


def rules(clients: pulumi.Input[str] | None) -> list[dict[str, Any]]:
    """The rules in order: how often, then who, then what. ``clients`` is a set of addresses; ``None`` lets all in."""
    limit = {
        "name": "rate",
        "priority": 0,
        "action": {"block": {"custom_response": {"response_code": 429}}},
        "statement": {
            "rate_based_statement": {"limit": RATE_LIMIT, "aggregate_key_type": "IP", "evaluation_window_sec": 300}
        },
        "visibility_config": visibility("rate"),
    }
    strangers = [] if clients is None else _strangers(clients)
    managed = [_managed(index, *group) for index, group in enumerate(_MANAGED, start=1 + len(strangers))]
    return [limit, *strangers, *managed]


def _strangers(clients: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Whoever is no client may read whether the site is ready, and nothing else."""
    as_sent = [{"priority": 0, "type": "NONE"}]
    ready = {"search_string": READY_PATH, "positional_constraint": "EXACTLY", "field_to_match": {"uri_path": {}}}
    reads = {"regex_string": "^(GET|HEAD)$", "field_to_match": {"method": {}}}
    client = Statement(ip_set_reference_statement={"arn": clients})
    allowed = {
        "strangers-paths": Statement(byte_match_statement={**ready, "text_transformations": as_sent}),
        "strangers-methods": Statement(regex_match_statement={**reads, "text_transformations": as_sent}),
    }
    return [
        {
            "name": name,
            "priority": priority,
            "action": {"block": {}},
            "statement": {"and_statement": {"statements": [_no(client), _no(statement)]}},
            "visibility_config": visibility(name),
        }
        for priority, (name, statement) in enumerate(allowed.items(), start=1)
    ]


def _no(statement: Statement) -> Statement:
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
    """Every rule is counted; requests are not sampled, because samples carry headers."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}
