"""What a site declares, asked of moto by real AWS calls: names, ranges, tags and policies that AWS would take.

The calls go through botocore, which holds the parameters against AWS's own service descriptions. Nothing leaves the
process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.infra.aws.declared import compliant
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded

REGION = "us-east-1"
ACCOUNT = "123456789012"
Client = Callable[..., Any]
_WORDS = {
    "Arn": "ARN",
    "CloudwatchMetricsEnabled": "CloudWatchMetricsEnabled",
    "IpSetReferenceStatement": "IPSetReferenceStatement",
}


@pytest.fixture
def aws() -> Iterator[Client]:
    """Clients of an account that exists in this process alone."""
    with mock_aws():
        yield lambda service, region=REGION: boto3.client(service, region_name=region)


def one(name: str) -> Recorded:
    """The only resource of a type."""
    [found] = kind(compliant(), name)
    return found


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{key: name, value: text} for name, text in tags.items()]


def pascal(value: Any) -> Any:
    """Inputs in the words of the service: the same names, the first letter large."""
    if isinstance(value, Mapping):
        names = {key: key[0].upper() + key[1:] for key in value}
        return {_WORDS.get(name, name): pascal(value[key]) for key, name in names.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def make_network(aws: Client) -> tuple[str, dict[str, str]]:
    """The network and its subnets, by the names of their resources."""
    ec2 = aws("ec2")
    inputs = one("Vpc").inputs
    tags = [{"ResourceType": "vpc", "Tags": pairs(inputs["tags"])}]
    network = ec2.create_vpc(CidrBlock=inputs["cidrBlock"], TagSpecifications=tags)["Vpc"]["VpcId"]
    subnets = {}
    for each in kind(compliant(), "Subnet"):
        made = ec2.create_subnet(
            VpcId=network,
            CidrBlock=each.inputs["cidrBlock"],
            AvailabilityZone=each.inputs["availabilityZone"],
            TagSpecifications=[{"ResourceType": "subnet", "Tags": pairs(each.inputs["tags"])}],
        )
        subnets[each.name] = made["Subnet"]["SubnetId"]
    return network, subnets


def test_the_address_plan_is_taken_and_every_subnet_keeps_its_tags(aws: Client) -> None:
    network, _ = make_network(aws)
    found = aws("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network]}])["Subnets"]
    declared = {each.inputs["cidrBlock"]: each.inputs["tags"] for each in kind(compliant(), "Subnet")}
    tags = {each["CidrBlock"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in found}
    assert tags == declared


def test_a_range_that_is_taken_already_would_be_refused(aws: Client) -> None:
    network, _ = make_network(aws)
    taken = kind(compliant(), "Subnet")[0].inputs
    with pytest.raises(ClientError, match="conflicts"):
        aws("ec2").create_subnet(VpcId=network, CidrBlock=taken["cidrBlock"])


def test_every_role_is_taken_with_its_trust_and_its_permissions(aws: Client) -> None:
    iam = aws("iam")
    names = {}
    bounds = one("Policy").inputs
    boundary = iam.create_policy(PolicyName=bounds["name"], PolicyDocument=bounds["policy"])["Policy"]["Arn"]
    for each in kind(compliant(), "Role"):
        inputs = each.inputs
        iam.create_role(
            RoleName=inputs["name"],
            Description=inputs["description"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            PermissionsBoundary=boundary,
            Tags=pairs(inputs["tags"]),
        )
        # moto looks into a trust policy only when it is changed.
        iam.update_assume_role_policy(RoleName=inputs["name"], PolicyDocument=inputs["assumeRolePolicy"])
        names[f"{each.name}-id"] = inputs["name"]
    for each in kind(compliant(), "RolePolicy"):
        role = names[each.inputs["role"]]
        iam.put_role_policy(RoleName=role, PolicyName=each.name, PolicyDocument=each.inputs["policy"])
        kept = iam.get_role_policy(RoleName=role, PolicyName=each.name)["PolicyDocument"]
        assert kept == json.loads(each.inputs["policy"])


def test_a_policy_with_a_word_that_aws_does_not_know_would_be_refused(aws: Client) -> None:
    iam = aws("iam")
    trust = kind(compliant(), "Role")[0].inputs["assumeRolePolicy"]
    iam.create_role(RoleName="some", AssumeRolePolicyDocument=trust)
    policy = json.loads(kind(compliant(), "RolePolicy")[0].inputs["policy"])
    policy["Statement"][0]["Effekt"] = policy["Statement"][0].pop("Effect")
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        iam.put_role_policy(RoleName="some", PolicyName="broken", PolicyDocument=json.dumps(policy))


def test_keys_are_taken_with_their_policies_and_those_that_encrypt_are_turned_every_year(aws: Client) -> None:
    made = {}
    for each in kind(compliant(), "Key"):
        region = each.inputs.get("region", REGION)
        kms, use = aws("kms", region), each.inputs.get("keyUsage", "ENCRYPT_DECRYPT")
        key = kms.create_key(
            Policy=each.inputs["policy"],
            Tags=pairs(each.inputs["tags"], "TagKey", "TagValue"),
            KeySpec=each.inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT"),
            KeyUsage=use,
        )["KeyMetadata"]["KeyId"]
        if use == "ENCRYPT_DECRYPT":
            kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=each.inputs["rotationPeriodInDays"])
            assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
        made[region] = key
    for each in kind(compliant(), "Alias"):
        region = each.inputs.get("region", REGION)
        aws("kms", region).create_alias(AliasName=each.inputs["name"], TargetKeyId=made[region])


def test_both_buckets_are_taken_with_lock_versions_policy_and_clean_up(aws: Client) -> None:
    found = compliant()
    for each in locked(found):
        region = each.inputs["region"]
        s3, bucket = aws("s3", region), each.inputs["bucket"]
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True, **where)
        own = {part.token.rpartition(":")[2]: part.inputs for part in found if part.inputs.get("bucket") == bucket}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": pascal(own["BucketObjectLockConfiguration"]["rule"])}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
        s3.put_bucket_policy(Bucket=bucket, Policy=own["BucketPolicy"]["policy"])
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed(own["BucketPublicAccessBlock"]))
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=cleaned(own))
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(each.inputs["tags"])})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        kept = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"].items() <= kept["Rule"]["DefaultRetention"].items()


def locked(found: Sequence[Recorded]) -> list[Recorded]:
    """The buckets of backups."""
    return [one for one in kind(found, "Bucket") if one.inputs.get("objectLockEnabled")]


def test_access_logs_are_taken_by_the_buckets_that_are_for_them(aws: Client) -> None:
    found = compliant()
    for each in kind(found, "Bucket"):
        region = each.inputs["region"]
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        aws("s3", region).create_bucket(Bucket=each.inputs["bucket"], **where)
    for each in kind(found, "BucketLogging"):
        s3, target = aws("s3", each.inputs["region"]), each.inputs["targetBucket"]
        own = {part.token.rpartition(":")[2]: part.inputs for part in found if part.inputs.get("bucket") == target}
        s3.put_bucket_policy(Bucket=target, Policy=single(own["BucketPolicy"]["policy"]))
        s3.put_bucket_lifecycle_configuration(Bucket=target, LifecycleConfiguration=cleaned(own))
        wanted = {"TargetBucket": target, "TargetPrefix": each.inputs["targetPrefix"]}
        s3.put_bucket_logging(Bucket=each.inputs["bucket"], BucketLoggingStatus={"LoggingEnabled": wanted})
        assert s3.get_bucket_logging(Bucket=each.inputs["bucket"])["LoggingEnabled"] == wanted


def single(policy: str) -> str:
    """The same with a list of one resource as that resource: moto knows who may log by that alone."""
    found = json.loads(policy)
    for each in found["Statement"]:
        if len(each["Resource"]) == 1:
            [each["Resource"]] = each["Resource"]
    return json.dumps(found)


def test_logs_would_not_be_taken_where_the_policy_names_another_prefix(aws: Client) -> None:
    s3, found = aws("s3"), compliant()
    logging = kind(found, "BucketLogging")[0].inputs
    for name in (logging["bucket"], logging["targetBucket"]):
        s3.create_bucket(Bucket=name)
    target = logging["targetBucket"]
    [policy] = [each.inputs["policy"] for each in kind(found, "BucketPolicy") if each.inputs["bucket"] == target]
    s3.put_bucket_policy(Bucket=logging["targetBucket"], Policy=single(policy))
    elsewhere = {"TargetBucket": logging["targetBucket"], "TargetPrefix": "elsewhere/"}
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(Bucket=logging["bucket"], BucketLoggingStatus={"LoggingEnabled": elsewhere})


def closed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """How a bucket is closed to the public."""
    return {key: value for key, value in pascal(inputs).items() if key.startswith(("Block", "Ignore", "Restrict"))}


def cleaned(own: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The clean-up of a bucket."""
    rules = pascal(own["BucketLifecycleConfiguration"]["rules"])
    return {"Rules": [{("ID" if key == "Id" else key): value for key, value in rule.items()} for rule in rules]}


def test_a_locked_backup_cannot_be_removed_by_anyone(aws: Client) -> None:
    s3, [bucket, _] = aws("s3"), locked(compliant())
    name = bucket.inputs["bucket"]
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    [rule, _] = [each.inputs["rule"] for each in kind(compliant(), "BucketObjectLockConfiguration")]
    lock = {"ObjectLockEnabled": "Enabled", "Rule": pascal(rule)}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    version = s3.put_object(Bucket=name, Key="backup", Body=b"chain")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=name, Key="backup", VersionId=version, BypassGovernanceRetention=True)


def test_the_repository_is_taken_with_its_clean_up(aws: Client) -> None:
    ecr, inputs = aws("ecr"), one("Repository").inputs
    made = ecr.create_repository(
        repositoryName=inputs["name"],
        imageTagMutability=inputs["imageTagMutability"],
        imageScanningConfiguration=inputs["imageScanningConfiguration"],
        encryptionConfiguration=inputs["encryptionConfigurations"][0],
        tags=pairs(inputs["tags"]),
    )["repository"]
    policy = one("LifecyclePolicy").inputs["policy"]
    ecr.put_lifecycle_policy(repositoryName=made["repositoryName"], lifecyclePolicyText=policy)
    assert made["imageTagMutability"] == "IMMUTABLE"


def test_log_groups_are_taken_with_their_retention(aws: Client) -> None:
    logs = aws("logs")
    for each in kind(compliant(), "LogGroup"):
        name, days = each.inputs["name"], each.inputs["retentionInDays"]
        logs.create_log_group(logGroupName=name, tags=each.inputs["tags"])
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        [kept] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert kept["retentionInDays"] == days


def test_the_alarm_channel_and_every_alarm_are_taken(aws: Client) -> None:
    sns, watch = aws("sns"), aws("cloudwatch")
    topic = one("Topic").inputs
    arn = sns.create_topic(Name=topic["name"], Tags=pairs(topic["tags"]))["TopicArn"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=one("TopicPolicy").inputs["policy"])
    for each in kind(compliant(), "MetricAlarm"):
        inputs = {key: value for key, value in each.inputs.items() if key not in ("name", "tags", "alarmActions")}
        inputs["dimensions"] = [{"name": key, "value": value} for key, value in inputs["dimensions"].items()]
        watch.put_metric_alarm(AlarmName=each.inputs["name"], AlarmActions=[arn], **pascal(inputs))
    declared = {each.inputs["name"] for each in kind(compliant(), "MetricAlarm")}
    assert {each["AlarmName"] for each in watch.describe_alarms()["MetricAlarms"]} == declared


def test_machines_start_as_their_templates_say(aws: Client) -> None:
    ec2 = aws("ec2")
    for each in kind(compliant(), "LaunchTemplate"):
        data = pascal({key: each.inputs[key] for key in ("metadataOptions", "monitoring")})
        [disk] = each.inputs["blockDeviceMappings"]
        ebs = {**pascal(disk["ebs"]), "Encrypted": True, "DeleteOnTermination": True}
        data["BlockDeviceMappings"] = [{"DeviceName": disk["deviceName"], "Ebs": ebs}]
        data["TagSpecifications"] = [
            {"ResourceType": spec["resourceType"], "Tags": pairs(spec["tags"])}
            for spec in each.inputs["tagSpecifications"]
        ]
        name = each.inputs["namePrefix"] + "0" * 26
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        [kept] = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
        assert kept["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"


def test_the_cluster_and_its_pools_are_taken(aws: Client) -> None:
    eks = aws("eks")
    _, subnets = make_network(aws)
    nodes = [made for name, made in subnets.items() if "-nodes-" in name]
    role = f"arn:aws:iam::{ACCOUNT}:role/pouw"
    inputs = one("Cluster").inputs
    eks.create_cluster(
        name=inputs["name"],
        version=inputs["version"],
        roleArn=role,
        resourcesVpcConfig={"subnetIds": nodes, "endpointPrivateAccess": True, "endpointPublicAccess": False},
        encryptionConfig=[
            {"resources": inputs["encryptionConfig"]["resources"], "provider": {"keyArn": "arn:aws:kms:key"}}
        ],
        accessConfig=inputs["accessConfig"],
        upgradePolicy=inputs["upgradePolicy"],
        zonalShiftConfig=inputs["zonalShiftConfig"],
        bootstrapSelfManagedAddons=inputs["bootstrapSelfManagedAddons"],
        deletionProtection=inputs["deletionProtection"],
        tags=inputs["tags"],
    )
    for each in kind(compliant(), "NodeGroup"):
        same = ("scalingConfig", "amiType", "capacityType", "instanceTypes", "labels", "taints", "updateConfig", "tags")
        eks.create_nodegroup(
            clusterName=inputs["name"],
            nodegroupName=each.inputs["nodeGroupNamePrefix"] + "0" * 26,
            subnets=nodes,
            nodeRole=role,
            **{key: each.inputs[key] for key in same if key in each.inputs},
        )
    assert len(eks.list_nodegroups(clusterName=inputs["name"])["nodegroups"]) == len(kind(compliant(), "NodeGroup"))


def test_balancers_and_their_targets_are_taken_under_their_names(aws: Client) -> None:
    elb = aws("elbv2")
    network, subnets = make_network(aws)
    edges = [made for name, made in subnets.items() if "-edges-" in name]
    for each in kind(compliant(), "LoadBalancer"):
        made = elb.create_load_balancer(
            Name=each.inputs["name"],
            Type=each.inputs["loadBalancerType"],
            Scheme="internal" if each.inputs["internal"] else "internet-facing",
            Subnets=edges,
            Tags=pairs(each.inputs["tags"]),
        )
        [balancer] = made["LoadBalancers"]
        [kept] = elb.describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"]
        assert {tag["Key"]: tag["Value"] for tag in kept["Tags"]} == each.inputs["tags"]
    for each in kind(compliant(), "TargetGroup"):
        health = each.inputs["healthCheck"]
        elb.create_target_group(
            Name=each.inputs["namePrefix"] + "0" * 26,
            Protocol=each.inputs["protocol"],
            Port=each.inputs["port"],
            VpcId=network,
            TargetType=each.inputs["targetType"],
            HealthCheckProtocol=health["protocol"],
            HealthCheckPort=health["port"],
            HealthCheckPath=health["path"],
            HealthCheckIntervalSeconds=health["interval"],
            HealthCheckTimeoutSeconds=health["timeout"],
            HealthyThresholdCount=health["healthyThreshold"],
            UnhealthyThresholdCount=health["unhealthyThreshold"],
            Matcher={"HttpCode": health["matcher"]},
        )
    assert len(elb.describe_target_groups()["TargetGroups"]) == 3


def test_the_firewall_is_taken_rule_by_rule(aws: Client) -> None:
    firewall, inputs = aws("wafv2"), one("WebAcl").inputs
    firewall.create_web_acl(
        Name=inputs["name"],
        Description=inputs["description"],
        Scope=inputs["scope"],
        DefaultAction=pascal(inputs["defaultAction"]),
        Rules=pascal(inputs["rules"]),
        VisibilityConfig=pascal(inputs["visibilityConfig"]),
        Tags=pairs(inputs["tags"]),
    )
    [kept] = firewall.list_web_acls(Scope="REGIONAL")["WebACLs"]
    assert kept["Name"] == inputs["name"]


def test_the_zone_takes_records_of_one_kind_under_the_service_name(aws: Client) -> None:
    names, inputs = aws("route53"), one("Zone").inputs
    zone = names.create_hosted_zone(Name=inputs["name"], CallerReference="1")["HostedZone"]["Id"]
    changes = []
    for each in kind(compliant(), "Record"):
        values = [{"Value": value} for value in each.inputs["records"]]
        entry = {"Name": each.inputs["name"], "Type": each.inputs["type"], "TTL": 60, "ResourceRecords": values}
        if "setIdentifier" in each.inputs:
            [weighted] = each.inputs["weightedRoutingPolicies"]
            entry |= {"SetIdentifier": each.inputs["setIdentifier"], "Weight": weighted["weight"]}
        changes.append({"Action": "CREATE", "ResourceRecordSet": entry})
    names.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    kept = names.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert len([each for each in kept if each["Type"] == "CNAME"]) == len(changes)


def test_the_budget_is_taken(aws: Client) -> None:
    budgets, inputs = aws("budgets"), one("Budget").inputs
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": inputs["name"],
            "BudgetType": inputs["budgetType"],
            "TimeUnit": inputs["timeUnit"],
            "BudgetLimit": {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]},
        },
        NotificationsWithSubscribers=[notification(each) for each in inputs["notifications"]],
    )
    told = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=inputs["name"])["Notifications"]
    assert len(told) == 3


def notification(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A notification and whom it goes to."""
    about = ("comparisonOperator", "notificationType", "threshold", "thresholdType")
    mails = [{"SubscriptionType": "EMAIL", "Address": mail} for mail in inputs["subscriberEmailAddresses"]]
    topics = [{"SubscriptionType": "SNS", "Address": topic} for topic in inputs["subscriberSnsTopicArns"]]
    return {"Notification": pascal({key: inputs[key] for key in about}), "Subscribers": mails + topics}
