"""An AWS site as its component declares it: settings to begin with, what AWS would answer, and everything recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

from infra import contracts
from infra.aws.names import Names, NamesArgs
from infra.aws.site import Site, SiteArgs
from infra.configuration import parse
from infra.contracts import Target
from infra.settings import Settings
from tests.infra.recorder import Recorded, record

HOSTS = ("rpc.pouw.example.org", "primary.pouw.example.org")
SITE: Mapping[str, Any] = {
    "name": "primary",
    "cloud": "aws",
    "region": "us-east-1",
    "account": "111122223333",
    "backups": {"copyRegion": "us-west-2"},
    "budget": {"monthly": 4000},
}
STACK: Mapping[str, Any] = {
    "environment": "production",
    "sites": [SITE],
    "dns": {"zone": "pouw.example.org"},
    "contacts": ["oncall@pouw.example.org"],
    "tags": {"cost-centre": "network"},
    "balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["198.51.100.0/24"]}},
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
    "aws:wafv2/webAcl:WebAcl": {"arn": "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/one/1"},
    "aws:ec2/eip:Eip": {"publicIp": "203.0.113.1"},
    "aws:route53/zone:Zone": {"zoneId": "Z1", "nameServers": ["ns-1.awsdns-01.org"]},
}


def settings(site: Mapping[str, Any] | None = None, **stack: Any) -> Settings:
    """The compliant stack with changes to its site and to itself."""
    values: dict[str, Any] = deepcopy({**STACK, **stack})
    values["sites"] = [{**SITE, **(site or {})}]
    return parse(values)


def site_of(stack: Settings, *, edge: bool = True) -> Site:
    """Declare the stack's first site, and a zone with its names where it has an edge."""
    place = contracts.place(stack, stack.sites[0])
    names = Names("names", NamesArgs(place=place, zone="pouw.example.org")) if edge else None
    site = Site(
        place.site.name,
        SiteArgs(
            place=place,
            contacts=stack.contacts,
            repository="pouw-node",
            names=names,
            hosts=HOSTS,
            allow_from=stack.balancer.exposure.allow_from if edge else (),
        ),
    )
    if names is not None:
        target = Target(site="primary", active=True, kind=site.address_kind, address=site.address)
        names.failover("service", host=HOSTS[0], targets=[target])
    return site


def declared(stack: Settings, *, edge: bool = True) -> Sequence[Recorded]:
    """Everything that the site declares."""
    found = record(lambda: site_of(stack, edge=edge), ANSWERS)
    return [replace(one, inputs=whole(one.inputs)) for one in found]


@cache
def compliant() -> Sequence[Recorded]:
    """What the compliant stack's site declares, with its edge."""
    return declared(settings())


def whole(value: Any) -> Any:
    """The value with whole numbers as such: on the wire every number is a fraction."""
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def kind(found: Sequence[Recorded], name: str) -> list[Recorded]:
    """Resources of one type, by the last part of its token."""
    return [one for one in found if one.token.rpartition(":")[2] == name and one.custom]
