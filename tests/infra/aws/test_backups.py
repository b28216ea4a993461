"""The backups of a site, as they are declared."""

from __future__ import annotations

from tests.infra.aws.declared import compliant, declared, settings
from tests.infra.clouds import kind


def test_the_copy_stands_in_the_other_region_under_a_key_there() -> None:
    found = compliant()
    assert [one.inputs["region"] for one in kind(found, "Bucket")] == ["us-east-1", "us-west-2"]
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
    for one in kind(compliant(), "BucketLifecycleConfiguration"):
        old = one.inputs["rules"][0]
        assert old["expiration"]["days"] == old["noncurrentVersionExpiration"]["noncurrentDays"] == 35
