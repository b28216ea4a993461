"""Cases of ``policies.azure.registries``."""

from __future__ import annotations

from typing import Any

from policies.azure.registries import ENDPOINT as ENDPOINT_TYPE
from policies.azure.registries import RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure.fixtures import ENDPOINT, REGISTRY
from tests.policies.contract import Case

_make = tables.of(RULES)


def _case(rule: str, path: str, broken_value: Any, **fields: Any) -> Case:
    return _make(f"azure-acr-registry-{rule}", REGISTRY, path, broken_value, **fields)


_ENDPOINT = Declaration(type=ENDPOINT_TYPE, name="endpoint", props=ENDPOINT)

CASES = [
    _case("deny-admin", "adminUserEnabled", True),
    _case("deny-anonymous", "anonymousPullEnabled", True),
    _case("deny-open-network", "publicNetworkAccess", "Enabled"),
    _case("require-endpoint", "privateLinkServiceConnections[0].privateLinkServiceId", "/registries/other",
          related=(_ENDPOINT,), broken_related="endpoint"),
    _case("require-own-key", "encryption.status", "disabled"),
    _case("require-zones", "zoneRedundancy", "Disabled"),
    _case("require-retention", "policies.retentionPolicy.status", "disabled"),
    _case("require-premium", "sku.name", "Basic"),
]  # fmt: skip
