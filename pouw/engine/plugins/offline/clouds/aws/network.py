"""Catalogue of AWS networks, balancers and names, from the EC2, ELB, Route 53, ACM and WAF API references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud_description import CatalogueEntry, Name
from pouw.engine.plugins.offline.formats import cidr4_between


def _id(prefix: str) -> CatalogueEntry:
    return CatalogueEntry(id=f"{prefix}-{{hash17}}")


_BLOCK = cidr4_between(16, 28)
_BALANCER = Name(longest=32, pattern=r"(?!-|internal-)[A-Za-z0-9-]+(?<!-)", rule="letters, digits and inner hyphens")


def _proofs(values: Mapping[str, Value]) -> list[Value]:
    """Return the validation records of a certificate, one per name."""
    return [
        {
            "domainName": host,
            "resourceRecordName": f"_{{hash32}}.{host.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": "_{hash32}.acm-validations.aws.",
        }
        for host in dict.fromkeys([values.get("domainName"), *(values.get("subjectAlternativeNames") or [])])
        if isinstance(host, str)
    ]


CATALOGUE: Final[Mapping[str, CatalogueEntry]] = {
    "aws:ec2/vpc:Vpc": CatalogueEntry(
        replaces=["cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"],
        values={"instanceTenancy": ["default", "dedicated"]},
        formats={"cidrBlock": _BLOCK},
        id="vpc-{hash17}",
    ),
    "aws:ec2/subnet:Subnet": CatalogueEntry(
        replaces=["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv6Native", "outpostArn"],
        formats={"cidrBlock": _BLOCK},
        id="subnet-{hash17}",
    ),
    "aws:ec2/internetGateway:InternetGateway": _id("igw"),
    "aws:ec2/natGateway:NatGateway": CatalogueEntry(
        replaces=["allocationId", "connectivityType", "privateIp", "subnetId"],
        values={"connectivityType": ["public", "private"]},
        id="nat-{hash17}",
    ),
    "aws:ec2/eip:Eip": CatalogueEntry(
        replaces=["address", "domain", "networkBorderGroup", "publicIpv4Pool"],
        values={"domain": ["vpc", "standard"]},
        computed={"allocationId": "{id}", "publicIp": "{address}"},
        id="eipalloc-{hash17}",
    ),
    "aws:ec2/routeTable:RouteTable": CatalogueEntry(replaces=["vpcId"], id="rtb-{hash17}"),
    "aws:ec2/route:Route": CatalogueEntry(
        replaces=["routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"],
        id="r-{routeTableId}{hash8}",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": CatalogueEntry(
        replaces=["subnetId", "gatewayId"], id="rtbassoc-{hash17}"
    ),
    "aws:ec2/securityGroup:SecurityGroup": CatalogueEntry(
        replaces=["description", "name", "namePrefix", "vpcId"],
        name=Name(
            longest=255, pattern=r"(?!sg-)[\w .\-:/()#,@\[\]+=&;{}!$*]+", rule="a name that does not begin with sg-"
        ),
        id="sg-{hash17}",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": CatalogueEntry(
        replaces=["securityGroupId"], id="sgr-{hash17}"
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": CatalogueEntry(
        replaces=["securityGroupId"], id="sgr-{hash17}"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": CatalogueEntry(
        replaces=["vpcId", "serviceName", "vpcEndpointType", "serviceRegion"],
        values={"vpcEndpointType": ["Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"]},
        id="vpce-{hash17}",
    ),
    "aws:ec2/flowLog:FlowLog": CatalogueEntry(
        replaces=[
            "deliverCrossAccountRole",
            "destinationOptions",
            "eniId",
            "iamRoleArn",
            "logDestination",
            "logDestinationType",
            "logFormat",
            "maxAggregationInterval",
            "subnetId",
            "trafficType",
            "vpcId",
        ],
        values={
            "logDestinationType": ["cloud-watch-logs", "s3", "kinesis-data-firehose"],
            "trafficType": ["ACCEPT", "REJECT", "ALL"],
        },
        id="fl-{hash17}",
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": CatalogueEntry(
        values={"metadataOptions.httpTokens": ["optional", "required"]},
        name=Name(shortest=3, longest=128, pattern=r"[\w().\-/]+", rule="letters, digits and any of ().-/_"),
        computed={"latestVersion": 1, "defaultVersion": 1},
        counts=["latestVersion"],
        id="lt-{hash17}",
    ),
    "aws:lb/loadBalancer:LoadBalancer": CatalogueEntry(
        replaces=["name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"],
        values={
            "loadBalancerType": ["application", "network", "gateway"],
            "ipAddressType": ["ipv4", "dualstack", "dualstack-without-public-ipv4"],
        },
        name=_BALANCER,
        computed={
            "arn": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/net/{name}/{hash16}",
            "dnsName": "{name}-{hash16}.elb.{region}.amazonaws.com",
            "zoneId": "Z{hash12upper}",
        },
        protects="enableDeletionProtection",
        id="{arn}",
    ),
    "aws:lb/targetGroup:TargetGroup": CatalogueEntry(
        replaces=["name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId", "ipAddressType"],
        values={
            "protocol": ["GENEVE", "HTTP", "HTTPS", "TCP", "TCP_UDP", "TLS", "UDP", "QUIC", "TCP_QUIC"],
            "targetType": ["instance", "ip", "lambda", "alb"],
        },
        name=_BALANCER,
        computed={"arn": "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hash16}"},
        id="{arn}",
    ),
    "aws:lb/listener:Listener": CatalogueEntry(
        replaces=["loadBalancerArn"],
        values={"protocol": ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"]},
        id="{arn}",
    ),
    "aws:acm/certificate:Certificate": CatalogueEntry(
        replaces=[
            "domainName",
            "subjectAlternativeNames",
            "validationMethod",
            "keyAlgorithm",
            "certificateAuthorityArn",
        ],
        values={"validationMethod": ["DNS", "EMAIL", "NONE"]},
        computed={
            "arn": "arn:aws:acm:{region}:{account}:certificate/{uuid}",
            "domainValidationOptions": _proofs,
            "status": "PENDING_VALIDATION",
        },
        id="{arn}",
    ),
    "aws:route53/zone:Zone": CatalogueEntry(
        replaces=["name", "delegationSetId"],
        computed={"nameServers": ["ns-1.awsdns-rehearsal.invalid"], "zoneId": "{id}"},
        id="Z{hash17upper}",
    ),
    "aws:route53/record:Record": CatalogueEntry(
        replaces=["name", "type", "zoneId", "setIdentifier"], id="{zoneId}_{name}_{type}_{setIdentifier}"
    ),
    "aws:route53/healthCheck:HealthCheck": CatalogueEntry(
        replaces=["ipAddress", "measureLatency", "requestInterval", "type", "referenceName"],
        values={
            "type": [
                "HTTP",
                "HTTPS",
                "HTTP_STR_MATCH",
                "HTTPS_STR_MATCH",
                "TCP",
                "CALCULATED",
                "CLOUDWATCH_METRIC",
                "RECOVERY_CONTROL",
            ]
        },
        id="{uuid}",
    ),
    "aws:wafv2/webAcl:WebAcl": CatalogueEntry(
        replaces=["name", "namePrefix", "scope"],
        values={"scope": ["REGIONAL", "CLOUDFRONT"]},
        name=Name(longest=128, pattern=r"[\w-]+", rule="letters, digits, hyphens and underscores"),
        id="{uuid}",
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": CatalogueEntry(
        replaces=["resourceArn", "webAclArn"], id="{webAclArn},{resourceArn}"
    ),
    "aws:autoscaling/group:Group": CatalogueEntry(replaces=["name", "namePrefix"], name=Name(longest=255), id="{name}"),
    "aws:acm/certificateValidation:CertificateValidation": CatalogueEntry(
        replaces=["certificateArn", "validationRecordFqdns"], id="{certificateArn}"
    ),
    "aws:autoscaling/attachment:Attachment": CatalogueEntry(
        replaces=["autoscalingGroupName", "elb", "lbTargetGroupArn"]
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": CatalogueEntry(replaces=["vpcId"], id="sg-{hash17}"),
    "aws:lb/listenerRule:ListenerRule": CatalogueEntry(replaces=["listenerArn"], id="{arn}"),
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": CatalogueEntry(
        replaces=["availabilityZone", "port", "targetGroupArn", "targetId"], id="{targetGroupArn}-{hash17}"
    ),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": CatalogueEntry(
        replaces=["resourceArn"], id="{resourceArn}"
    ),
}
