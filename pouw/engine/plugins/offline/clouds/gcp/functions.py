"""Functions that do not need Google Cloud: they depend on the configuration or on tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.offline.cloud_description import Function
from pouw.engine.plugins.offline.clouds.gcp.formats import ZONES
from pouw.engine.plugins.offline.settings import Settings

PROJECT_NUMBER: Final = "000000000000"


def _client_config(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    return {
        "id": f"projects/{settings.account}",
        "project": settings.account,
        "region": settings.region,
        "zone": f"{settings.region}-{ZONES.get(settings.region, 'a')[0]}" if settings.region else "",
        "accessToken": "",
        "defaultLabels": dict(settings.tags),
    }


def _zones(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    region = str(arguments.get("region") or settings.region)
    if region not in ZONES:
        raise ProviderError(f"gcp:compute/getZones: the zones of {region or 'no region'} are not known offline")
    names = [f"{region}-{letter}" for letter in ZONES[region]]
    return {
        "id": f"projects/{settings.account}/regions/{region}",
        "names": names,
        "region": region,
        "project": settings.account,
    }


def _project(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    name = str(arguments.get("projectId") or settings.account)
    return {"id": f"projects/{name}", "projectId": name, "name": name, "number": PROJECT_NUMBER, "labels": {}}


FUNCTIONS: Final[Mapping[str, Function]] = {
    "gcp:organizations/getClientConfig:getClientConfig": _client_config,
    "gcp:organizations/getProject:getProject": _project,
    "gcp:compute/getZones:getZones": _zones,
}
