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
    arguments = retention(35, locked=True)
    assert arguments["retention_policy"] == {"retention_period": str(35 * 86_400), "is_locked": True}
    [live] = [rule for rule in arguments["lifecycle_rules"] if rule["condition"].get("with_state") == "LIVE"]
    assert live["condition"]["age"] > 35


def test_no_role_on_a_bucket_permits_changes_or_deletions(resources: Sequence[Recorded]) -> None:
    roles = [resource.inputs["role"] for resource in kind(resources, "BucketIAMMember")]
    assert roles
    assert not [role for role in roles if role.endswith(CHANGING)]


def test_the_transfer_service_adds_objects_only_to_the_copy(resources: Sequence[Recorded]) -> None:
    copier = "serviceAccount:project-123456789012@storage-transfer-service.iam.gserviceaccount.com"
    grants = {
        resource.inputs["bucket"]
        for resource in kind(resources, "BucketIAMMember")
        if resource.inputs["member"] == copier and resource.inputs["role"].endswith("objectCreator")
    }
    [job] = kind(resources, "TransferJob")
    assert grants == {job.inputs["transferSpec"]["gcsDataSink"]["bucketName"]}


def test_bucket_names_begin_with_the_project_as_all_customers_share_them(resources: Sequence[Recorded]) -> None:
    names = [resource.inputs["name"] for resource in kind(resources, "Bucket")]
    assert names == ["pouw-production-pouw-production-primary-backups", "pouw-production-pouw-production-primary-copy"]


def test_a_staging_site_can_be_destroyed(staging: Sequence[Recorded]) -> None:
    assert all(resource.inputs["forceDestroy"] is True for resource in kind(staging, "Bucket"))
    assert not any(resource.inputs["retentionPolicy"]["isLocked"] for resource in kind(staging, "Bucket"))
    assert kind(staging, "Cluster")[0].inputs["deletionProtection"] is False
