"""Access policies as plain documents."""

from __future__ import annotations

import json

import pytest

from infra.aws import access_policies
from infra.aws.bucket import bucket_policy

ACCOUNT = "111122223333"
KEY = access_policies.NamedKey(account=ACCOUNT, region="us-east-1", alias="alias/pouw")
BUCKET = "arn:aws:s3:::bucket"


def actions(policy: str) -> set[str]:
    """Everything that a policy allows."""
    found = json.loads(policy)["Statement"]
    return {action for one in found if one["Effect"] == "Allow" for action in one["Action"]}


def test_the_backup_workload_adds_and_reads_and_can_remove_nothing() -> None:
    allowed = actions(access_policies.back_up(BUCKET, KEY))
    assert {"s3:PutObject", "s3:GetObject"} <= allowed
    assert not any("Delete" in action or "Bypass" in action or "Retention" in action for action in allowed)


def test_copying_never_removes_and_never_hands_a_copy_to_another_owner() -> None:
    allowed = actions(access_policies.replicate(BUCKET, f"{BUCKET}-copy", KEY, KEY))
    assert not {"s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner"} & allowed


def test_pods_must_be_of_one_service_account_of_one_cluster() -> None:
    [statement] = json.loads(access_policies.trust_pods("arn:cluster", "pouw-system", "pouw-backup"))["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": "arn:cluster",
        "aws:RequestTag/kubernetes-namespace": "pouw-system",
        "aws:RequestTag/kubernetes-service-account": "pouw-backup",
    }


def test_keys_are_allowed_by_their_alias_and_never_all() -> None:
    found = json.loads(access_policies.use_for_disks(KEY))["Statement"]
    assert len(found) == 2
    for one in found:
        assert one["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": "alias/pouw"}
        assert one["Resource"] == ["arn:aws:kms:us-east-1:111122223333:key/*"]


@pytest.mark.parametrize(
    "policy", [access_policies.back_up(BUCKET, KEY), access_policies.replicate(BUCKET, f"{BUCKET}-copy", KEY, KEY)]
)
def test_whoever_handles_backups_uses_the_key_for_objects_and_for_nothing_else(policy: str) -> None:
    keyed = [one for one in json.loads(policy)["Statement"] if one["Action"][0].startswith("kms:")]
    assert keyed
    for one in keyed:
        assert one["Condition"]["StringEquals"] == {"kms:ViaService": "s3.us-east-1.amazonaws.com"}


def test_access_logs_are_written_by_the_accounts_own_balancers_and_about_one_bucket() -> None:
    policy = access_policies.take_logs(
        "arn:aws:s3:::logs", ACCOUNT, "us-east-1", edge="edge", storage=("storage/", BUCKET)
    )
    edge, storage, plain = json.loads(policy)["Statement"]
    assert edge["Resource"] == [f"arn:aws:s3:::logs/edge/AWSLogs/{ACCOUNT}/*"]
    assert edge["Condition"]["ArnLike"]["aws:SourceArn"].startswith(
        f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:"
    )
    assert storage["Resource"] == ["arn:aws:s3:::logs/storage/*"]
    assert storage["Condition"]["ArnLike"] == {"aws:SourceArn": BUCKET}
    assert storage["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert plain["Effect"] == "Deny"


def test_object_storage_of_others_may_be_read_through_the_endpoint_and_nothing_else() -> None:
    found = json.loads(access_policies.storage_endpoint(ACCOUNT))["Statement"]
    assert [one["Action"] for one in found if "Condition" not in one] == [["s3:GetObject"]]
    [own] = [one for one in found if "Condition" in one]
    assert own["Condition"]["StringEquals"]["aws:ResourceAccount"] == ACCOUNT


def test_anybody_in_a_key_policy_is_bound_to_the_account_and_one_role() -> None:
    statements = json.loads(access_policies.site_key(ACCOUNT, "us-east-1"))["Statement"]
    open_to_all = [one for one in statements if one["Principal"] == {"AWS": "*"}]
    assert open_to_all
    for one in open_to_all:
        assert one["Condition"]["StringEquals"] == {"kms:CallerAccount": ACCOUNT}
        assert f"{ACCOUNT}:role/aws-service-role/" in one["Condition"]["ArnEquals"]["aws:PrincipalArn"]


@pytest.mark.parametrize(
    "policy",
    [
        access_policies.alarm_channel(ACCOUNT, "topic"),
        access_policies.trust_service("s3.amazonaws.com", access_policies.from_account("1")),
    ],
)
def test_a_service_acts_for_its_own_account_only(policy: str) -> None:
    for one in json.loads(policy)["Statement"]:
        if one["Effect"] == "Allow":
            assert "aws:SourceAccount" in one["Condition"]["StringEquals"]


def test_the_autoscaler_sizes_only_groups_of_its_own_cluster() -> None:
    arn = "arn:aws:eks:us-east-1:111122223333:cluster/pouw"
    statements = json.loads(access_policies.scale("pouw", arn))["Statement"]
    [sizes] = [one for one in statements if "autoscaling:SetDesiredCapacity" in one["Action"]]
    assert sizes["Condition"]["StringEquals"] == {"aws:ResourceTag/k8s.io/cluster-autoscaler/pouw": "owned"}
    [reads] = [one for one in statements if one["Action"] == ["eks:DescribeNodegroup"]]
    assert reads["Resource"] == ["arn:aws:eks:us-east-1:111122223333:nodegroup/pouw/*"]


def test_a_bucket_refuses_plain_connections_to_itself_and_to_its_objects() -> None:
    [statement] = json.loads(bucket_policy(BUCKET))["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [BUCKET, f"{BUCKET}/*"]
