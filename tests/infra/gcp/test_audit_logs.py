"""Audit logs, alarms and their channels."""

from __future__ import annotations

from collections.abc import Sequence

from infra.gcp.alarms import ALARMS
from infra.gcp.audit_logs import audit_filter
from tests.infra.clouds import kind
from tests.infra.gcp.compliant_site import CONTACTS
from tests.infra.recorder import Recorded


def test_the_log_bucket_stores_audit_logs_and_the_sites_control_plane_logs() -> None:
    text = audit_filter("some-project", "some-cluster")
    assert 'logName:"projects/some-project/logs/cloudaudit.googleapis.com"' in text
    assert 'resource.labels.cluster_name="some-cluster"' in text


def test_every_alarm_notifies_every_contact(many_contacts: Sequence[Recorded]) -> None:
    channels = kind(many_contacts, "NotificationChannel")
    assert [channel.inputs["labels"]["email_address"] for channel in channels] == CONTACTS
    policies = kind(many_contacts, "AlertPolicy")
    assert len(policies) > len(ALARMS)
    assert all(len(resource.inputs["notificationChannels"]) == len(CONTACTS) for resource in policies)


def test_changes_by_the_cluster_itself_raise_no_alarm() -> None:
    for alarm in ("firewall-changed", "route-changed"):
        assert "AND NOT protoPayload.authenticationInfo.principalEmail:" in ALARMS[alarm].filter


def test_audit_logs_are_locked_only_in_production(resources: Sequence[Recorded], staging: Sequence[Recorded]) -> None:
    assert [resource.inputs.get("locked") for resource in kind(resources, "ProjectBucketConfig")] == [True, None]
    assert [resource.inputs.get("locked") for resource in kind(staging, "ProjectBucketConfig")] == [False, None]


def test_logs_are_retained_as_the_settings_say(many_contacts: Sequence[Recorded]) -> None:
    assert [resource.inputs["retentionDays"] for resource in kind(many_contacts, "ProjectBucketConfig")] == [400, 7]
