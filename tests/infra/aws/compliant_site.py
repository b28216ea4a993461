"""An AWS site as its component declares it: settings to begin with, what AWS would answer, and everything recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tests.infra.clouds import HOSTS, Cloud
from tests.infra.recorder import Recorded

SITE: Mapping[str, Any] = {
    "name": "primary",
    "cloud": "aws",
    "region": "us-east-1",
    "account": "111122223333",
    "cluster": {"administrators": ["arn:aws:iam::111122223333:role/pouw-deployer"]},
    "backups": {"copyRegion": "us-west-2"},
    "budget": {"monthly": 4000},
}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "aws:acm/certificate:Certificate": {
        "arn": "arn:aws:acm:us-east-1:111122223333:certificate/1",
        "domainValidationOptions": [
            {
                "domainName": host,
                "resourceRecordName": f"_{index}.{host}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": f"_{index}.validation.example.",
            }
            for index, host in reversed(list(enumerate(HOSTS)))
        ],
    },
    "aws:eks/cluster:Cluster": {
        "endpoint": "https://cluster.example",
        "certificateAuthority": {"data": "Y2VydGlmaWNhdGU="},
        "identities": [{"oidcs": [{"issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/1"}]}],
        "vpcConfig": {"subnetIds": [], "clusterSecurityGroupId": "sg-cluster"},
    },
    "aws:eks/nodeGroup:NodeGroup": {"resources": [{"autoscalingGroups": [{"name": "eks-group"}]}]},
    "aws:kms/key:Key": {"arn": "arn:aws:kms:us-east-1:111122223333:key/1", "keyId": "1"},
    "aws:cloudwatch/logGroup:LogGroup": {"arn": "arn:aws:logs:us-east-1:111122223333:log-group:group"},
    "aws:sns/topic:Topic": {"arn": "arn:aws:sns:us-east-1:111122223333:topic"},
    "aws:s3/bucket:Bucket": {"arn": "arn:aws:s3:::bucket"},
    "aws:iam/policy:Policy": {"arn": "arn:aws:iam::111122223333:policy/pouw-production-primary-boundary"},
    "aws:iam/role:Role": {"arn": "arn:aws:iam::111122223333:role/role"},
    "aws:lb/loadBalancer:LoadBalancer": {
        "arn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/one/1",
        "arnSuffix": "app/one/1",
        "dnsName": "one.elb.us-east-1.amazonaws.com",
    },
    "aws:lb/targetGroup:TargetGroup": {
        "arn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/one/1",
        "arnSuffix": "targetgroup/one/1",
    },
    "aws:lb/listener:Listener": {"arn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/one"},
    "aws:wafv2/ipSet:IpSet": {"arn": "arn:aws:wafv2:us-east-1:111122223333:regional/ipset/one/1"},
    "aws:wafv2/webAcl:WebAcl": {"arn": "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/one/1"},
    "aws:ec2/eip:Eip": {"publicIp": "203.0.113.1"},
    "aws:route53/keySigningKey:KeySigningKey": {"dsRecord": "1 13 2 00"},
    "aws:route53/zone:Zone": {"zoneId": "Z1", "nameServers": ["ns-1.awsdns-01.org"]},
}

CLOUD = Cloud(site=SITE, answers=ANSWERS)
settings, site_context, declare_site, record_site = (
    CLOUD.settings,
    CLOUD.site_context,
    CLOUD.declare_site,
    CLOUD.record_site,
)


@cache
def compliant() -> Sequence[Recorded]:
    """Return the resources of the compliant site with its edge, declared once per process."""
    return record_site()


@cache
def staging() -> Sequence[Recorded]:
    """Return the resources of the site in staging with nine days of backups."""
    return record_site(settings({"backups": {**SITE["backups"], "retentionDays": 9}}, environment="staging"))


@cache
def without_edge() -> Sequence[Recorded]:
    """Return the resources of the site without an edge, with shared translation and GPU miners."""
    site = {"network": {"translation": "shared"}, "pools": {"miners": {"instance": "g5.2xlarge"}}}
    return record_site(settings(site, balancer={}), edge=False)
