"""AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud import Cloud, Name, Siblings
from pouw.engine.plugins.offline.clouds.aws import network, services
from pouw.engine.plugins.offline.clouds.aws.answers import ANSWERS
from pouw.engine.plugins.offline.clouds.aws.formats import account, arn, region, zone
from pouw.engine.plugins.offline.formats import address, cidr, cidr6, overlap
from pouw.engine.plugins.offline.settings import Settings, text

ACCOUNT: Final = "000000000000"
"""The account of answers and rehearsals where the configuration names none: no real account has this number."""
_WORLDWIDE: Final = ("aws:iam", "aws:route53", "aws:s3", "aws:budgets", "aws:cloudfront")
"""Services whose names are taken once for all regions."""


def _name_of(described: ResourceType) -> Name | None:
    given, read = described.inputs.get("name"), described.outputs.get("name")
    return Name() if given is not None and read is not None and not given.required and read.required else None


def _settings(values: Mapping[str, Value]) -> Settings:
    tags = values.get("defaultTags")
    allowed = values.get("allowedAccountIds")
    named = allowed[0] if isinstance(allowed, list) and len(allowed) == 1 and isinstance(allowed[0], str) else ACCOUNT
    return Settings(
        account=named,
        region=text(values, "region"),
        tags=(tags.get("tags") or {}) if isinstance(tags, dict) else {},
    )


def _identify(described: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    del described, settings
    name = outputs.get("name")
    return name if isinstance(name, str) else unique


def _conflict(token: str, inputs: Mapping[str, Value], others: Siblings) -> str:
    """A subnet lies in its network's ranges and shares no address with another."""
    own = inputs.get("cidrBlock")
    if token != "aws:ec2/subnet:Subnet" or not isinstance(own, str):  # noqa: S105 - a resource type
        return ""
    beside = [
        one["cidrBlock"] for one in others(token) if one.get("vpcId") == inputs.get("vpcId") and "cidrBlock" in one
    ]
    if other := overlap(own, beside):
        return f"cidrBlock: {own} overlaps {other}, a subnet of the same network"
    return ""


CLOUD: Final = Cloud(
    package="aws",
    title="AWS",
    facts={**network.FACTS, **services.FACTS},
    replaces=["region"],
    places=["region"],
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
    answers=ANSWERS,
    settings=_settings,
    identify=_identify,
    nobody=ACCOUNT,
    regional=lambda token: token.partition("/")[0] not in _WORLDWIDE,
    conflict=_conflict,
)
