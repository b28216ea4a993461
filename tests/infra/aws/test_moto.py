"""The resources of a site, created in moto by AWS calls: names, ranges, tags and policies that AWS accepts.

The calls go through botocore, which holds the parameters against AWS's own service descriptions. Nothing leaves the
process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.aws.account import ACCOUNT, REGION, Client, aws, make_network, only, pairs, pascal
from tests.infra.aws.compliant_site import compliant
from tests.infra.clouds import kind

__all__ = ["aws"]


def test_the_address_plan_is_accepted_and_every_subnet_has_its_tags(aws: Client) -> None:
    network, _ = make_network(aws)
    resources = aws("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network]}])["Subnets"]
    record_site = {entry.inputs["cidrBlock"]: entry.inputs["tags"] for entry in kind(compliant(), "Subnet")}
    tags = {entry["CidrBlock"]: {tag["Key"]: tag["Value"] for tag in entry["Tags"]} for entry in resources}
    assert tags == record_site


def test_a_subnet_range_in_use_is_refused(aws: Client) -> None:
    network, _ = make_network(aws)
    subnet = kind(compliant(), "Subnet")[0].inputs
    with pytest.raises(ClientError, match="conflicts"):
        aws("ec2").create_subnet(VpcId=network, CidrBlock=subnet["cidrBlock"])


def test_every_role_is_taken_with_its_trust_and_its_permissions(aws: Client) -> None:
    iam = aws("iam")
    names = {}
    bounds = only("Policy").inputs
    boundary = iam.create_policy(PolicyName=bounds["name"], PolicyDocument=bounds["policy"])["Policy"]["Arn"]
    for entry in kind(compliant(), "Role"):
        inputs = entry.inputs
        iam.create_role(
            RoleName=inputs["name"],
            Description=inputs["description"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            PermissionsBoundary=boundary,
            Tags=pairs(inputs["tags"]),
        )
        # moto looks into a trust policy only when it is changed.
        iam.update_assume_role_policy(RoleName=inputs["name"], PolicyDocument=inputs["assumeRolePolicy"])
        names[f"{entry.name}-id"] = inputs["name"]
    for entry in kind(compliant(), "RolePolicy"):
        role = names[entry.inputs["role"]]
        iam.put_role_policy(RoleName=role, PolicyName=entry.name, PolicyDocument=entry.inputs["policy"])
        stored = iam.get_role_policy(RoleName=role, PolicyName=entry.name)["PolicyDocument"]
        assert stored == json.loads(entry.inputs["policy"])


def test_a_policy_with_a_word_that_aws_does_not_know_would_be_refused(aws: Client) -> None:
    iam = aws("iam")
    trust = kind(compliant(), "Role")[0].inputs["assumeRolePolicy"]
    iam.create_role(RoleName="some", AssumeRolePolicyDocument=trust)
    policy = json.loads(kind(compliant(), "RolePolicy")[0].inputs["policy"])
    policy["Statement"][0]["Effekt"] = policy["Statement"][0].pop("Effect")
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        iam.put_role_policy(RoleName="some", PolicyName="broken", PolicyDocument=json.dumps(policy))


def test_keys_are_created_with_policies_and_yearly_rotation(aws: Client) -> None:
    created = {}
    for entry in kind(compliant(), "Key"):
        region = entry.inputs.get("region", REGION)
        kms, use = aws("kms", region), entry.inputs.get("keyUsage", "ENCRYPT_DECRYPT")
        key = kms.create_key(
            Policy=entry.inputs["policy"],
            Tags=pairs(entry.inputs["tags"], "TagKey", "TagValue"),
            KeySpec=entry.inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT"),
            KeyUsage=use,
        )["KeyMetadata"]["KeyId"]
        if use == "ENCRYPT_DECRYPT":
            kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=entry.inputs["rotationPeriodInDays"])
            assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
        created[region] = key
    for entry in kind(compliant(), "Alias"):
        region = entry.inputs.get("region", REGION)
        aws("kms", region).create_alias(AliasName=entry.inputs["name"], TargetKeyId=created[region])


def test_log_groups_are_taken_with_their_retention(aws: Client) -> None:
    logs = aws("logs")
    for entry in kind(compliant(), "LogGroup"):
        name, days = entry.inputs["name"], entry.inputs["retentionInDays"]
        logs.create_log_group(logGroupName=name, tags=entry.inputs["tags"])
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        [stored] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert stored["retentionInDays"] == days


def test_the_alarm_channel_and_every_alarm_are_taken(aws: Client) -> None:
    sns, watch = aws("sns"), aws("cloudwatch")
    topic = only("Topic").inputs
    arn = sns.create_topic(Name=topic["name"], Tags=pairs(topic["tags"]))["TopicArn"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=only("TopicPolicy").inputs["policy"])
    for entry in kind(compliant(), "MetricAlarm"):
        inputs = {key: value for key, value in entry.inputs.items() if key not in ("name", "tags", "alarmActions")}
        inputs["dimensions"] = [{"name": key, "value": value} for key, value in inputs["dimensions"].items()]
        watch.put_metric_alarm(AlarmName=entry.inputs["name"], AlarmActions=[arn], **pascal(inputs))
    record_site = {entry.inputs["name"] for entry in kind(compliant(), "MetricAlarm")}
    assert {entry["AlarmName"] for entry in watch.describe_alarms()["MetricAlarms"]} == record_site


def test_machines_start_as_their_templates_say(aws: Client) -> None:
    ec2 = aws("ec2")
    for entry in kind(compliant(), "LaunchTemplate"):
        data = pascal({key: entry.inputs[key] for key in ("metadataOptions", "monitoring")})
        [disk] = entry.inputs["blockDeviceMappings"]
        ebs = {**pascal(disk["ebs"]), "Encrypted": True, "DeleteOnTermination": True}
        data["BlockDeviceMappings"] = [{"DeviceName": disk["deviceName"], "Ebs": ebs}]
        data["TagSpecifications"] = [
            {"ResourceType": spec["resourceType"], "Tags": pairs(spec["tags"])}
            for spec in entry.inputs["tagSpecifications"]
        ]
        name = entry.inputs["namePrefix"] + "0" * 26
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        [stored] = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
        assert stored["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"


def test_the_cluster_and_its_pools_are_taken(aws: Client) -> None:
    eks = aws("eks")
    _, subnets = make_network(aws)
    nodes = [created for name, created in subnets.items() if "-nodes-" in name]
    role = f"arn:aws:iam::{ACCOUNT}:role/pouw"
    inputs = only("Cluster").inputs
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
    for entry in kind(compliant(), "NodeGroup"):
        unchanged_keys = (
            "scalingConfig",
            "amiType",
            "capacityType",
            "instanceTypes",
            "labels",
            "taints",
            "updateConfig",
            "tags",
        )
        eks.create_nodegroup(
            clusterName=inputs["name"],
            nodegroupName=entry.inputs["nodeGroupNamePrefix"] + "0" * 26,
            subnets=nodes,
            nodeRole=role,
            **{key: entry.inputs[key] for key in unchanged_keys if key in entry.inputs},
        )
    assert len(eks.list_nodegroups(clusterName=inputs["name"])["nodegroups"]) == len(kind(compliant(), "NodeGroup"))


def test_balancers_and_their_targets_are_taken_under_their_names(aws: Client) -> None:
    elb = aws("elbv2")
    network, subnets = make_network(aws)
    edges = [created for name, created in subnets.items() if "-edges-" in name]
    for entry in kind(compliant(), "LoadBalancer"):
        created = elb.create_load_balancer(
            Name=entry.inputs["name"],
            Type=entry.inputs["loadBalancerType"],
            Scheme="internal" if entry.inputs["internal"] else "internet-facing",
            Subnets=edges,
            Tags=pairs(entry.inputs["tags"]),
        )
        [balancer] = created["LoadBalancers"]
        [stored] = elb.describe_tags(ResourceArns=[balancer["LoadBalancerArn"]])["TagDescriptions"]
        assert {tag["Key"]: tag["Value"] for tag in stored["Tags"]} == entry.inputs["tags"]
    for entry in kind(compliant(), "TargetGroup"):
        health = entry.inputs["healthCheck"]
        elb.create_target_group(
            Name=entry.inputs["namePrefix"] + "0" * 26,
            Protocol=entry.inputs["protocol"],
            Port=entry.inputs["port"],
            VpcId=network,
            TargetType=entry.inputs["targetType"],
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
    firewall, inputs = aws("wafv2"), only("WebAcl").inputs
    firewall.create_web_acl(
        Name=inputs["name"],
        Description=inputs["description"],
        Scope=inputs["scope"],
        DefaultAction=pascal(inputs["defaultAction"]),
        Rules=pascal(inputs["rules"]),
        VisibilityConfig=pascal(inputs["visibilityConfig"]),
        Tags=pairs(inputs["tags"]),
    )
    [stored] = firewall.list_web_acls(Scope="REGIONAL")["WebACLs"]
    assert stored["Name"] == inputs["name"]


def test_the_zone_takes_records_of_one_kind_under_the_service_name(aws: Client) -> None:
    names, inputs = aws("route53"), only("Zone").inputs
    zone = names.create_hosted_zone(Name=inputs["name"], CallerReference="1")["HostedZone"]["Id"]
    changes = []
    for entry in kind(compliant(), "Record"):
        values = [{"Value": value} for value in entry.inputs["records"]]
        record = {"Name": entry.inputs["name"], "Type": entry.inputs["type"], "TTL": 60, "ResourceRecords": values}
        if "setIdentifier" in entry.inputs:
            [weighted] = entry.inputs["weightedRoutingPolicies"]
            record |= {"SetIdentifier": entry.inputs["setIdentifier"], "Weight": weighted["weight"]}
        changes.append({"Action": "CREATE", "ResourceRecordSet": record})
    names.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    stored = names.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert len([entry for entry in stored if entry["Type"] == "CNAME"]) == len(changes)


def test_the_budget_is_taken(aws: Client) -> None:
    budgets, inputs = aws("budgets"), only("Budget").inputs
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": inputs["name"],
            "BudgetType": inputs["budgetType"],
            "TimeUnit": inputs["timeUnit"],
            "BudgetLimit": {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]},
        },
        NotificationsWithSubscribers=[notification(entry) for entry in inputs["notifications"]],
    )
    notifications = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=inputs["name"])[
        "Notifications"
    ]
    assert len(notifications) == 3


def notification(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notification with its subscribers."""
    keys = ("comparisonOperator", "notificationType", "threshold", "thresholdType")
    mails = [{"SubscriptionType": "EMAIL", "Address": mail} for mail in inputs["subscriberEmailAddresses"]]
    topics = [{"SubscriptionType": "SNS", "Address": topic} for topic in inputs["subscriberSnsTopicArns"]]
    return {"Notification": pascal({key: inputs[key] for key in keys}), "Subscribers": mails + topics}
