"""What somebody is told of at once: changes to what the others' security rests on. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An entry of the logs that tells somebody, and what to do then."""

    filter: str
    remedy: str


_CLUSTER_ITSELF: Final = (
    'protoPayload.authenticationInfo.principalEmail:"@container-engine-robot.iam.gserviceaccount.com"'
)


def _changed(resource: str, methods: str) -> str:
    return f'resource.type="{resource}" AND protoPayload.methodName=~"({methods})$"'


ALARMS: Final[Mapping[str, Alarm]] = {
    "key-at-risk": Alarm(
        filter=(
            'protoPayload.serviceName="cloudkms.googleapis.com" AND protoPayload.methodName=~'
            '"(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion|UpdateCryptoKeyPrimaryVersion|SetIamPolicy)$"'
        ),
        remedy="A key version that is to be destroyed can be restored for 30 days.",
    ),
    "audit-changed": Alarm(
        filter=('protoPayload.methodName="SetIamPolicy" AND protoPayload.serviceData.policyDelta.auditConfigDeltas:*'),
        remedy="Compare with the stack and run its update again.",
    ),
    "owner-changed": Alarm(
        filter=(
            'protoPayload.serviceName="cloudresourcemanager.googleapis.com" AND '
            'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"'
        ),
        remedy="Nobody needs to own the project to run the stack; take the role back unless it was agreed.",
    ),
    "role-changed": Alarm(
        filter=_changed("iam_role", "CreateRole|UpdateRole|DeleteRole|UndeleteRole"),
        remedy="The stack makes no roles of its own; ask who did.",
    ),
    "firewall-changed": Alarm(
        filter=f"{_changed('gce_firewall_rule', 'firewalls.insert|firewalls.patch|firewalls.delete')} "
        f"AND NOT {_CLUSTER_ITSELF}",
        remedy="Compare with the stack and run its update again.",
    ),
    "network-changed": Alarm(
        filter=_changed("gce_network", "networks.insert|networks.patch|networks.delete|Peering"),
        remedy="Compare with the stack and run its update again.",
    ),
    "route-changed": Alarm(
        filter=f"{_changed('gce_route', 'routes.insert|routes.delete')} AND NOT {_CLUSTER_ITSELF}",
        remedy="Compare with the stack and run its update again.",
    ),
    "bucket-opened": Alarm(
        filter='resource.type="gcs_bucket" AND protoPayload.methodName="storage.setIamPermissions"',
        remedy="Backups are read by one account alone; compare with the stack and run its update again.",
    ),
    "logs-rerouted": Alarm(
        filter=(
            'protoPayload.serviceName="logging.googleapis.com" AND protoPayload.methodName=~'
            '"(UpdateSink|DeleteSink|UpdateBucket|DeleteBucket|CreateExclusion|UpdateExclusion)$"'
        ),
        remedy="Compare with the stack and run its update again.",
    ),
}


def strategy() -> dict[str, Any]:
    """At most one message in five minutes an alarm; it closes itself after a week."""
    return {"notification_rate_limit": {"period": "300s"}, "auto_close": f"{7 * 86_400}s"}
