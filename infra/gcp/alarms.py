"""The channels that send the site's alarms to its contacts, and alarms on security changes in the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.monitoring.alert_policy import AlertPolicy
from pulumi_gcp.monitoring.notification_channel import NotificationChannel

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names
from infra.gcp.keys import Keys


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """The log entries that raise an alarm, and the text that its mail shows."""

    filter: str
    remedy: str


_CLUSTER_AGENT: Final = (
    'protoPayload.authenticationInfo.principalEmail:"@container-engine-robot.iam.gserviceaccount.com"'
)


_REPAIR: Final = "Run `pouw refresh` and `pouw preview` to see the difference, then `pouw up` to restore it."


def _method_filter(resource: str, methods: str) -> str:
    return f'resource.type="{resource}" AND protoPayload.methodName=~"({methods})$"'


ALARMS: Final[Mapping[str, Alarm]] = {
    "key-at-risk": Alarm(
        filter=(
            'protoPayload.serviceName="cloudkms.googleapis.com" AND protoPayload.methodName=~'
            '"(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion|UpdateCryptoKeyPrimaryVersion|SetIamPolicy)$"'
        ),
        remedy="A key of the site or its access was changed. Restore a destroyed key version within 30 days.",
    ),
    "audit-changed": Alarm(
        filter=('protoPayload.methodName="SetIamPolicy" AND protoPayload.serviceData.policyDelta.auditConfigDeltas:*'),
        remedy=f"The audit configuration of the project was changed. {_REPAIR}",
    ),
    "owner-changed": Alarm(
        filter=(
            'protoPayload.serviceName="cloudresourcemanager.googleapis.com" AND '
            'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"'
        ),
        remedy="The role roles/owner was granted or removed. The stack needs no owner: remove the role unless agreed.",
    ),
    "role-changed": Alarm(
        filter=_method_filter("iam_role", "CreateRole|UpdateRole|DeleteRole|UndeleteRole"),
        remedy="A custom role was changed. The stack declares no custom roles: find the author in the audit log.",
    ),
    "firewall-changed": Alarm(
        filter=f"{_method_filter('gce_firewall_rule', 'firewalls.insert|firewalls.patch|firewalls.delete')} "
        f"AND NOT {_CLUSTER_AGENT}",
        remedy=f"A firewall rule was changed outside the cluster. {_REPAIR}",
    ),
    "network-changed": Alarm(
        filter=_method_filter("gce_network", "networks.insert|networks.patch|networks.delete|Peering"),
        remedy=f"A network or a peering was changed. {_REPAIR}",
    ),
    "route-changed": Alarm(
        filter=f"{_method_filter('gce_route', 'routes.insert|routes.delete')} AND NOT {_CLUSTER_AGENT}",
        remedy=f"A route was changed outside the cluster. {_REPAIR}",
    ),
    "bucket-opened": Alarm(
        filter='resource.type="gcs_bucket" AND protoPayload.methodName="storage.setIamPermissions"',
        remedy=f"The access to a bucket was changed. Only the backup workload may read backups. {_REPAIR}",
    ),
    "logs-rerouted": Alarm(
        filter=(
            'protoPayload.serviceName="logging.googleapis.com" AND protoPayload.methodName=~'
            '"(UpdateSink|DeleteSink|UpdateBucket|DeleteBucket|CreateExclusion|UpdateExclusion)$"'
        ),
        remedy=f"A log bucket, a sink or an exclusion was changed. {_REPAIR}",
    ),
}


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """The contacts of one site."""

    context: SiteContext
    keys: Keys
    contacts: Sequence[str]


class Alarms(Component, token="pouw:gcp:Alarms"):
    """One mail channel per contact, and the alarms of ``ALARMS``.

    Outputs: ``channel``, the id of the first contact's channel, and ``channels``, the ids of all.
    """

    channel: pulumi.Output[str]
    channels: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        channels = [self._channel(f"{name}-contact-{index}", context, mail) for index, mail in enumerate(args.contacts)]
        for alarm_name, alarm in ALARMS.items():
            self._alarm(f"{name}-{alarm_name}", context, alarm, channels)
        self.publish(channel=channels[0], channels=channels)

    def _channel(self, name: str, context: SiteContext, mail: str) -> pulumi.Output[str]:
        channel = NotificationChannel(
            name,
            project=physical_names.project(context),
            display_name=f"pouw {context.environment} {context.site.name}: {mail}",
            type="email",
            labels={"email_address": mail},
            user_labels=context.tags,
            # Without it, Google refuses to delete a channel that an alarm still names.
            force_delete=True,
            opts=self.child(),
        )
        id_: pulumi.Output[str] = channel.id
        return id_

    def _alarm(self, name: str, context: SiteContext, alarm: Alarm, channels: Sequence[pulumi.Output[str]]) -> None:
        # The condition matches the log itself: Google refuses an alarm on a log metric that has no data yet.
        AlertPolicy(
            name,
            project=physical_names.project(context),
            display_name=name,
            combiner="OR",
            severity="CRITICAL",
            conditions=[{"display_name": name, "condition_matched_log": {"filter": alarm.filter}}],
            alert_strategy=strategy(),
            notification_channels=channels,
            documentation={"content": alarm.remedy, "mime_type": "text/markdown"},
            user_labels=context.tags,
            opts=self.child(),
        )


def strategy() -> dict[str, Any]:
    """Return the limits of one alarm: at most one message in five minutes, closed automatically after a week."""
    return {"notification_rate_limit": {"period": "300s"}, "auto_close": f"{7 * 86_400}s"}
