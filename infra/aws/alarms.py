"""The channel that sends the site's alarms to its contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws.sns.topic import Topic
from pulumi_aws.sns.topic_policy import TopicPolicy
from pulumi_aws.sns.topic_subscription import TopicSubscription

from infra.aws import access_policies, physical_names
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import SiteContext


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """The contacts of one site."""

    context: SiteContext
    keys: Keys
    contacts: Sequence[str]


class Alarms(Component, token="pouw:aws:Alarms"):
    """A topic with one mail subscription per contact. Output: ``channel``, the ARN of the topic."""

    channel: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        topic_name, account = physical_names.compose_name("topic", context, "alarms"), physical_names.account(context)
        topic = Topic(
            f"{name}-topic",
            name=topic_name,
            kms_master_key_id=args.keys.key,
            tags=context.tags,
            opts=self.child(),
        )
        policy = access_policies.alarm_channel(account, f"arn:aws:sns:{context.region}:{account}:{topic_name}")
        TopicPolicy(f"{name}-topic-policy", arn=topic.arn, policy=policy, opts=self.child())
        for contact in args.contacts:
            TopicSubscription(
                f"{name}-{contact}", topic=topic.arn, protocol="email", endpoint=contact, opts=self.child()
            )
        self.publish(channel=topic.arn)
