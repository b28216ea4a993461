"""What a site declares, asked of moto by real AWS calls: names, ranges, tags and policies that AWS would take.

The calls go through botocore, which holds the parameters against AWS's own service descriptions. Nothing leaves the
process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.aws.account import ACCOUNT, REGION, Client, aws, make_network, one, pairs, pascal
from tests.infra.aws.declared import compliant
from tests.infra.clouds import kind

__all__ = ["aws"]


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
