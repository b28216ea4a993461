"""AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud_description import Cloud, Name, Siblings
from pouw.engine.plugins.offline.clouds.aws import network, services
from pouw.engine.plugins.offline.clouds.aws.formats import account, arn, region, zone
from pouw.engine.plugins.offline.clouds.aws.functions import FUNCTIONS
from pouw.engine.plugins.offline.formats import address, cidr, cidr6, overlap, overlap_fault
from pouw.engine.plugins.offline.settings import Settings, text

ACCOUNT: Final = "000000000000"
"""Account of functions and rehearsals without a configured one: no real account has this number."""
_WORLDWIDE: Final = ("aws:iam", "aws:route53", "aws:s3", "aws:budgets", "aws:cloudfront")
"""Services whose names are unique across all regions."""


def _name_of(definition: ResourceType) -> Name | None:
    as_input, as_output = definition.inputs.get("name"), definition.outputs.get("name")
    is_optional = as_input is not None and not as_input.required
    return Name() if is_optional and as_output is not None and as_output.required else None


def _settings(values: Mapping[str, Value]) -> Settings:
    tags = values.get("defaultTags")
    account_ids = values.get("allowedAccountIds")
    account_id = account_ids[0] if isinstance(account_ids, list) and len(account_ids) == 1 else ACCOUNT
    return Settings(
        account=account_id if isinstance(account_id, str) else ACCOUNT,
        region=text(values, "region"),
        tags=(tags.get("tags") or {}) if isinstance(tags, dict) else {},
    )


def _identify(definition: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    del definition, settings
    name = outputs.get("name")
    return name if isinstance(name, str) else unique


def _conflict(token: str, inputs: Mapping[str, Value], siblings: Siblings) -> Fault | None:
    """Return the fault of a subnet that shares addresses with another one of its network."""
    block = inputs.get("cidrBlock")
    if token != "aws:ec2/subnet:Subnet" or not isinstance(block, str):  # noqa: S105 - a resource type
        return None
    neighbours = [
        subnet["cidrBlock"]
        for subnet in siblings(token)
        if subnet.get("vpcId") == inputs.get("vpcId") and "cidrBlock" in subnet
    ]
    if neighbour := overlap(block, neighbours):
        return overlap_fault("cidrBlock", block, neighbour, "a subnet of the same network")
    return None


CLOUD: Final = Cloud(
    package="aws",
    title="AWS",
    catalogue={**network.CATALOGUE, **services.CATALOGUE},
    replaces=["region"],
    location_inputs=["region"],
    formats=[
        (r"(\w+I|i)pv6CidrBlocks?|ipv6Cidr|cidrIpv6", cidr6),
        (r"\w*[cC]idrBlocks?|cidrIpv4|\w+Cidrs", cidr),
        (r"availabilityZones?", zone),
        (r"region", region),
        (r"\w+Arn|\w+Arns", arn),
        (r"(allowed|forbidden)AccountIds|accountId|owningAccountId", account),
        (r"privateIp|publicIp", address),
    ],
    open_enums=frozenset({"InstanceType", "InstancePlatform", "EngineType", "Runtime", "ManagedPolicy", "Region"}),
    name_of=_name_of,
    functions=FUNCTIONS,
    settings=_settings,
    identify=_identify,
    placeholder_account=ACCOUNT,
    regional=lambda token: token.partition("/")[0] not in _WORLDWIDE,
    conflict=_conflict,
)
