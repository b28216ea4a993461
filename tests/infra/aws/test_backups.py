"""The backups of a site, as they are declared."""

from __future__ import annotations

from collections.abc import Sequence

from tests.infra.aws.declared import compliant, declared, settings
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def of_backups(found: Sequence[Recorded], name: str) -> list[Recorded]:
    """Resources of a type that are about the backups."""
    return [one for one in kind(found, name) if "-backups-" in one.name]


def test_the_copy_stands_in_the_other_region_under_a_key_there() -> None:
    found = compliant()
    assert [one.inputs["region"] for one in of_backups(found, "Bucket")] == ["us-east-1", "us-west-2"]
    [away] = [one for one in kind(found, "Key") if one.inputs.get("region") == "us-west-2"]
    assert away.inputs["enableKeyRotation"] is True
    for one in found:
        if one.custom and one.name.startswith("primary-backups-copy-") and one.token.startswith("aws:s3/"):
            assert one.inputs["region"] == ("us-east-1" if one.name.endswith("-copying") else "us-west-2")


def test_the_lock_holds_for_everyone_in_production_and_yields_elsewhere() -> None:
    for environment, mode in (("production", "COMPLIANCE"), ("staging", "GOVERNANCE")):
        found = declared(
            settings({"backups": {"copyRegion": "us-west-2", "retentionDays": 9}}, environment=environment)
        )
        locks = [one.inputs["rule"]["defaultRetention"] for one in kind(found, "BucketObjectLockConfiguration")]
        assert locks == [{"mode": mode, "days": 9}] * 2


def test_old_backups_go_only_after_their_lock() -> None:
    for one in of_backups(compliant(), "BucketLifecycleConfiguration"):
        old = one.inputs["rules"][0]
        assert old["expiration"]["days"] == old["noncurrentVersionExpiration"]["noncurrentDays"] == 35


def test_who_reads_a_backup_is_written_down_in_its_own_region_and_for_no_other_bucket() -> None:
    found = compliant()
    regions = {one.inputs["bucket"]: one.inputs["region"] for one in kind(found, "Bucket")}
    logging = {one.inputs["bucket"]: one.inputs["targetBucket"] for one in kind(found, "BucketLogging")}
    assert set(logging) == {one.inputs["bucket"] for one in of_backups(found, "Bucket")}
    assert all(regions[source] == regions[target] for source, target in logging.items())
    assert set(logging).isdisjoint(logging.values())
