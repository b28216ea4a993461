"""Functions that do not need AWS: they depend on the configuration, on tables, or on their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud_description import Function
from pouw.engine.plugins.offline.clouds.aws.formats import ZONES
from pouw.engine.plugins.offline.clouds.aws.policy_documents import document
from pouw.engine.plugins.offline.settings import Settings


def _caller(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    return {
        "id": settings.account,
        "accountId": settings.account,
        "arn": f"arn:aws:iam::{settings.account}:user/offline",
        "userId": "AIDAOFFLINE",
    }


def _region(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    name = arguments.get("region") or arguments.get("name") or settings.region
    if not name:
        raise ProviderError("aws:index/getRegion:getRegion: the provider has no region; set aws:region")
    return {"id": name, "name": name, "region": name, "description": name, "endpoint": f"ec2.{name}.amazonaws.com"}


def _partition(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    name = {"us-gov": "aws-us-gov", "cn": "aws-cn"}.get(settings.region.rsplit("-", 2)[0], "aws")
    suffix = "amazonaws.com.cn" if name == "aws-cn" else "amazonaws.com"
    return {
        "id": name,
        "partition": name,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _zones(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    region = str(arguments.get("region") or settings.region)
    letters = ZONES.get(region)
    if letters is None:
        raise ProviderError(
            f"aws:index/getAvailabilityZones: the zones of {region or 'no region'} are not known offline"
        )
    return {
        "id": region,
        "region": region,
        "names": [region + letter for letter in letters],
        "zoneIds": [f"{region}-az{index}" for index, _ in enumerate(letters, start=1)],
        "groupNames": [region],
        **{name: value for name, value in arguments.items() if name in ("state", "filters", "allAvailabilityZones")},
    }


def _policy_document(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del settings
    rendered = document(arguments)
    return {**arguments, "id": "offline", "json": rendered, "minifiedJson": rendered}


FUNCTIONS: Final[Mapping[str, Function]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
}
