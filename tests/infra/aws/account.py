"""An AWS account in this process alone: moto behind botocore, which holds calls against AWS's own descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
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
