"""Azure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import Plain, ResourceType
from pouw.engine.plugins.offline.cloud_description import Cloud, Function, Name
from pouw.engine.plugins.offline.clouds.azure_native.catalogue import CATALOGUE, SUBSCRIPTION
from pouw.engine.plugins.offline.clouds.azure_native.formats import arm_id, guid, location
from pouw.engine.plugins.offline.clouds.azure_native.rules import RULES
from pouw.engine.plugins.offline.formats import address, cidr
from pouw.engine.plugins.offline.settings import Settings, text

_NAMESPACES: Final[Mapping[str, str]] = {
    "monitor": "Insights",
    "authorization": "Authorization",
    "containerregistry": "ContainerRegistry",
    "containerservice": "ContainerService",
    "dataprotection": "DataProtection",
    "keyvault": "KeyVault",
    "managedidentity": "ManagedIdentity",
    "operationalinsights": "OperationalInsights",
    "recoveryservices": "RecoveryServices",
}
_SCOPES: Final = ("scope", "resourceUri", "resourceId")


def _name_of(definition: ResourceType) -> Name | None:
    """Return the last part of the resource's address: an optional text that is an input and not an output."""
    address_parts = [
        (name, part)
        for name, part in definition.inputs.items()
        if name not in definition.outputs and part.type == Plain("string") and name.lower().endswith("name")
    ]
    optional = [name for name, part in address_parts if not part.required]
    if len(optional) != 1:
        return None
    # A resource below another one keeps its name; one in a resource group gets a suffix.
    is_child = any(part.required and name != "resourceGroupName" for name, part in address_parts)
    return Name(property=optional[0], style="copy" if is_child else "suffix", separator="", random=8)


def _settings(values: Mapping[str, Value]) -> Settings:
    return Settings(account=text(values, "subscriptionId") or SUBSCRIPTION, region=text(values, "location"))


def _client_config(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments
    return {
        "subscriptionId": settings.account,
        "tenantId": SUBSCRIPTION,
        "clientId": SUBSCRIPTION,
        "objectId": SUBSCRIPTION,
    }


def _client_token(arguments: Mapping[str, Value], settings: Settings) -> Mapping[str, Value]:
    del arguments, settings
    raise ProviderError("azure-native:authorization:getClientToken: there is no login, so there is no token")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "azure-native:authorization:getClientConfig": _client_config,
    "azure-native:authorization:getClientToken": _client_token,
}


def _identify(definition: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    """Return an ARM resource ID from the inputs that address the resource."""
    module, kind = definition.token.split(":")[1:]
    namespace = f"Microsoft.{_NAMESPACES.get(module.partition('/')[0], module.partition('/')[0].capitalize())}"
    scope = next((str(outputs[name]) for name in _SCOPES if isinstance(outputs.get(name), str)), "")
    parts = [
        str(value)
        for name, value in outputs.items()
        if name in definition.inputs
        and name not in definition.outputs
        and name not in ("resourceGroupName", *_SCOPES)
        and name.endswith("Name")
        and isinstance(value, str)
    ]
    group = outputs.get("resourceGroupName")
    root = scope or f"/subscriptions/{settings.account}" + (f"/resourceGroups/{group}" if group else "")
    plural = re.sub(r"(?<!^)s$|$", "s", kind[0].lower() + kind[1:])
    return f"{root}/providers/{namespace}/{plural}/{'/'.join(parts) or unique}"


CLOUD: Final = Cloud(
    package="azure-native",
    title="Azure",
    catalogue=CATALOGUE,
    replaces=["location"],
    is_address=lambda name: name.lower().endswith("name") or name in _SCOPES,
    formats=[
        (r"addressPrefix(es)?|\w+Cidrs?", cidr),
        (r"location", location),
        (r"(subscription|tenant|principal|client|object)Id", guid),
        (r"(subnet|virtualNetwork|workspaceResource|vnetSubnet|podSubnet)I[dD]", arm_id),
        (r"dnsServiceIP|privateIPAddress", address),
    ],
    open_enums=frozenset({"ContainerServiceVMSizeTypes", "VirtualMachineSizeTypes", "OSSKU"}),
    name_of=_name_of,
    functions=FUNCTIONS,
    settings=_settings,
    identify=_identify,
    placeholder_account=SUBSCRIPTION,
    rules=RULES,
    defaults=lambda settings: {"location": settings.region},
)
