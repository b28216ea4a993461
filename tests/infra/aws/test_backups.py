"""The backups of a site, as they are declared."""

from __future__ import annotations

from collections.abc import Sequence

from tests.infra.aws.compliant_site import compliant, staging
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def of_backups(resources: Sequence[Recorded], name: str) -> list[Recorded]:
    """Resources of a type that are about the backups."""
    return [resource for resource in kind(resources, name) if "-backups-" in resource.name]


def test_the_copy_is_in_the_other_region_under_a_key_there() -> None:
    resources = compliant()
    assert [resource.inputs["region"] for resource in of_backups(resources, "Bucket")] == ["us-east-1", "us-west-2"]
    [away] = [resource for resource in kind(resources, "Key") if resource.inputs.get("region") == "us-west-2"]
    assert away.inputs["enableKeyRotation"] is True
    for resource in resources:
        if (
            resource.custom
            and resource.name.startswith("primary-backups-copy-")
            and resource.token.startswith("aws:s3/")
        ):
            assert resource.inputs["region"] == "us-west-2"


def test_the_lock_is_unconditional_only_in_production() -> None:
    for resources, mode, days in ((compliant(), "COMPLIANCE", 35), (staging(), "GOVERNANCE", 9)):
        locks = [
            resource.inputs["rule"]["defaultRetention"] for resource in kind(resources, "BucketObjectLockConfiguration")
        ]
        assert locks == [{"mode": mode, "days": days}] * 2


def test_old_backups_go_only_after_their_lock() -> None:
    for resource in of_backups(compliant(), "BucketLifecycleConfiguration"):
        old = resource.inputs["rules"][0]
        assert old["expiration"]["days"] == old["noncurrentVersionExpiration"]["noncurrentDays"] == 35


def test_access_logs_of_backups_are_in_the_region_of_their_bucket() -> None:
    resources = compliant()
    regions = {resource.inputs["bucket"]: resource.inputs["region"] for resource in kind(resources, "Bucket")}
    logging = {
        resource.inputs["bucket"]: resource.inputs["targetBucket"] for resource in kind(resources, "BucketLogging")
    }
    assert set(logging) == {resource.inputs["bucket"] for resource in of_backups(resources, "Bucket")}
    assert all(regions[source] == regions[target] for source, target in logging.items())
    assert set(logging).isdisjoint(logging.values())
