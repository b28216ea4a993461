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
    """Return the actions that a policy allows."""
    resources = json.loads(policy)["Statement"]
    return {action for resource in resources if resource["Effect"] == "Allow" for action in resource["Action"]}


def test_the_backup_workload_adds_and_reads_and_can_remove_nothing() -> None:
    permitted = actions(access_policies.back_up(BUCKET, KEY))
    assert {"s3:PutObject", "s3:GetObject"} <= permitted
    assert not any("Delete" in action or "Bypass" in action or "Retention" in action for action in permitted)


def test_copying_never_removes_and_never_hands_a_copy_to_another_owner() -> None:
    permitted = actions(access_policies.replicate(BUCKET, f"{BUCKET}-copy", KEY, KEY))
    assert not {"s3:ReplicateDelete", "s3:ObjectOwnerOverrideToBucketOwner"} & permitted


def test_pods_must_be_of_one_service_account_of_one_cluster() -> None:
    [statement] = json.loads(access_policies.trust_pods("arn:cluster", "pouw-system", "pouw-backup"))["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": "arn:cluster",
        "aws:RequestTag/kubernetes-namespace": "pouw-system",
        "aws:RequestTag/kubernetes-service-account": "pouw-backup",
    }


def test_keys_are_allowed_by_their_alias_and_never_all() -> None:
    resources = json.loads(access_policies.use_for_disks(KEY))["Statement"]
    assert len(resources) == 2
    for resource in resources:
        assert resource["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": "alias/pouw"}
        assert resource["Resource"] == ["arn:aws:kms:us-east-1:111122223333:key/*"]


@pytest.mark.parametrize(
    "policy", [access_policies.back_up(BUCKET, KEY), access_policies.replicate(BUCKET, f"{BUCKET}-copy", KEY, KEY)]
)
def test_backup_roles_use_the_key_only_through_object_storage(policy: str) -> None:
    keyed = [resource for resource in json.loads(policy)["Statement"] if resource["Action"][0].startswith("kms:")]
    assert keyed
    for resource in keyed:
        assert resource["Condition"]["StringEquals"] == {"kms:ViaService": "s3.us-east-1.amazonaws.com"}


def test_a_log_bucket_accepts_logs_of_balancers_and_of_one_bucket() -> None:
    policy = access_policies.take_logs(
        "arn:aws:s3:::logs", ACCOUNT, "us-east-1", edge="edge", storage=("storage/", BUCKET)
    )
    edge, storage, unencrypted = json.loads(policy)["Statement"]
    assert edge["Resource"] == [f"arn:aws:s3:::logs/edge/AWSLogs/{ACCOUNT}/*"]
    assert edge["Condition"]["ArnLike"]["aws:SourceArn"].startswith(
        f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:"
    )
    assert storage["Resource"] == ["arn:aws:s3:::logs/storage/*"]
    assert storage["Condition"]["ArnLike"] == {"aws:SourceArn": BUCKET}
    assert storage["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert unencrypted["Effect"] == "Deny"


def test_the_storage_endpoint_permits_only_reads_of_other_accounts_buckets() -> None:
    resources = json.loads(access_policies.storage_endpoint(ACCOUNT))["Statement"]
    assert [resource["Action"] for resource in resources if "Condition" not in resource] == [["s3:GetObject"]]
    [scoped] = [resource for resource in resources if "Condition" in resource]
    assert scoped["Condition"]["StringEquals"]["aws:ResourceAccount"] == ACCOUNT


def test_a_wildcard_principal_of_a_key_is_limited_to_account_and_role() -> None:
    statements = json.loads(access_policies.site_key(ACCOUNT, "us-east-1"))["Statement"]
    open_to_all = [resource for resource in statements if resource["Principal"] == {"AWS": "*"}]
    assert open_to_all
    for resource in open_to_all:
        assert resource["Condition"]["StringEquals"] == {"kms:CallerAccount": ACCOUNT}
        assert f"{ACCOUNT}:role/aws-service-role/" in resource["Condition"]["ArnEquals"]["aws:PrincipalArn"]


@pytest.mark.parametrize(
    "policy",
    [
        access_policies.alarm_channel(ACCOUNT, "topic"),
        access_policies.trust_service("s3.amazonaws.com", access_policies.from_account("1")),
    ],
)
def test_a_service_acts_for_its_own_account_only(policy: str) -> None:
    for resource in json.loads(policy)["Statement"]:
        if resource["Effect"] == "Allow":
            assert "aws:SourceAccount" in resource["Condition"]["StringEquals"]


def test_the_autoscaler_sizes_only_groups_of_its_own_cluster() -> None:
    arn = "arn:aws:eks:us-east-1:111122223333:cluster/pouw"
    statements = json.loads(access_policies.scale("pouw", arn))["Statement"]
    [sizes] = [resource for resource in statements if "autoscaling:SetDesiredCapacity" in resource["Action"]]
    assert sizes["Condition"]["StringEquals"] == {"aws:ResourceTag/k8s.io/cluster-autoscaler/pouw": "owned"}
    [reads] = [resource for resource in statements if resource["Action"] == ["eks:DescribeNodegroup"]]
    assert reads["Resource"] == ["arn:aws:eks:us-east-1:111122223333:nodegroup/pouw/*"]


def test_a_bucket_refuses_plain_connections_to_itself_and_to_its_objects() -> None:
    [statement] = json.loads(bucket_policy(BUCKET))["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [BUCKET, f"{BUCKET}/*"]
