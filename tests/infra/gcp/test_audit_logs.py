"""Where logs and alarms go."""

from __future__ import annotations

from collections.abc import Sequence

from infra.gcp.alarms import ALARMS
from infra.gcp.audit_logs import audit_filter
from tests.infra.clouds import kind
from tests.infra.gcp.declared import declared, settings
from tests.infra.recorder import Recorded


def test_the_log_bucket_takes_audit_logs_and_the_sites_own_control_plane_alone() -> None:
    text = audit_filter("some-project", "some-cluster")
    assert 'logName:"projects/some-project/logs/cloudaudit.googleapis.com"' in text
    assert 'resource.labels.cluster_name="some-cluster"' in text


def test_every_alarm_tells_every_contact() -> None:
    contacts = ["one@example.org", "other@example.org"]
    found = declared(settings(contacts=contacts))
    assert [one.inputs["labels"]["email_address"] for one in kind(found, "NotificationChannel")] == contacts
    policies = kind(found, "AlertPolicy")
    assert len(policies) > len(ALARMS)
    assert all(len(one.inputs["notificationChannels"]) == 2 for one in policies)


def test_what_the_cluster_changes_by_itself_rings_nobody() -> None:
    for alarm in ("firewall-changed", "route-changed"):
        assert "AND NOT protoPayload.authenticationInfo.principalEmail:" in ALARMS[alarm].filter


def test_logs_are_locked_in_production_alone(found: Sequence[Recorded], staging: Sequence[Recorded]) -> None:
    assert [one.inputs.get("locked") for one in kind(found, "ProjectBucketConfig")] == [True, None]
    assert [one.inputs.get("locked") for one in kind(staging, "ProjectBucketConfig")] == [False, None]


def test_logs_are_kept_as_long_as_the_settings_say() -> None:
    found = declared(settings({"cluster": {"logDays": 400}, "network": {"flowLogDays": 7}}))
    assert [one.inputs["retentionDays"] for one in kind(found, "ProjectBucketConfig")] == [400, 7]
