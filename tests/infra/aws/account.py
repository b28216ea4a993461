"""An AWS account in this process alone: moto behind botocore, which holds calls against AWS's own descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.infra.aws.compliant_site import compliant
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


def only(name: str) -> Recorded:
    """Return the only resource of a type."""
    [resource] = kind(compliant(), name)
    return resource


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return tags in the form of most services."""
    return [{key: name, value: text} for name, text in tags.items()]


def pascal(value: Any) -> Any:
    """Return inputs with the names of the service's API, which begin with a capital letter."""
    if isinstance(value, Mapping):
        names = {key: key[0].upper() + key[1:] for key in value}
        return {_WORDS.get(name, name): pascal(value[key]) for key, name in names.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def make_network(aws: Client) -> tuple[str, dict[str, str]]:
    """Create the network and its subnets; return their ids by resource name."""
    ec2 = aws("ec2")
    inputs = only("Vpc").inputs
    tags = [{"ResourceType": "vpc", "Tags": pairs(inputs["tags"])}]
    network = ec2.create_vpc(CidrBlock=inputs["cidrBlock"], TagSpecifications=tags)["Vpc"]["VpcId"]
    subnets = {}
    for entry in kind(compliant(), "Subnet"):
        created = ec2.create_subnet(
            VpcId=network,
            CidrBlock=entry.inputs["cidrBlock"],
            AvailabilityZone=entry.inputs["availabilityZone"],
            TagSpecifications=[{"ResourceType": "subnet", "Tags": pairs(entry.inputs["tags"])}],
        )
        subnets[entry.name] = created["Subnet"]["SubnetId"]
    return network, subnets
