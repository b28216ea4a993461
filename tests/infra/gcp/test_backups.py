"""Backups, and who may do what with them."""

from __future__ import annotations

from collections.abc import Sequence

from infra.gcp.backups import retention
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded

CHANGING = (
    "objectAdmin",
    "objectUser",
    "legacyBucketWriter",
    "legacyBucketOwner",
    "legacyObjectOwner",
    "storage.admin",
)


def test_a_lock_holds_as_long_as_the_settings_say_and_backups_stay_longer() -> None:
    given = retention(35, locked=True)
    assert given["retention_policy"] == {"retention_period": str(35 * 86_400), "is_locked": True}
    [live] = [rule for rule in given["lifecycle_rules"] if rule["condition"].get("with_state") == "LIVE"]
    assert live["condition"]["age"] > 35


def test_nobody_who_touches_a_bucket_may_change_or_remove_what_is_there(found: Sequence[Recorded]) -> None:
    roles = [one.inputs["role"] for one in kind(found, "BucketIAMMember")]
    assert roles
    assert not [role for role in roles if role.endswith(CHANGING)]


def test_the_copier_adds_to_the_copy_alone(found: Sequence[Recorded]) -> None:
    copier = "serviceAccount:project-123456789012@storage-transfer-service.iam.gserviceaccount.com"
    added = {
        one.inputs["bucket"]
        for one in kind(found, "BucketIAMMember")
        if one.inputs["member"] == copier and one.inputs["role"].endswith("objectCreator")
    }
    [job] = kind(found, "TransferJob")
    assert added == {job.inputs["transferSpec"]["gcsDataSink"]["bucketName"]}


def test_bucket_names_begin_with_the_project_as_all_customers_share_them(found: Sequence[Recorded]) -> None:
    names = [one.inputs["name"] for one in kind(found, "Bucket")]
    assert names == ["pouw-production-pouw-production-primary-backups", "pouw-production-pouw-production-primary-copy"]


def test_a_staging_site_can_be_taken_away(staging: Sequence[Recorded]) -> None:
    assert all(one.inputs["forceDestroy"] is True for one in kind(staging, "Bucket"))
    assert not any(one.inputs["retentionPolicy"]["isLocked"] for one in kind(staging, "Bucket"))
    assert kind(staging, "Cluster")[0].inputs["deletionProtection"] is False
