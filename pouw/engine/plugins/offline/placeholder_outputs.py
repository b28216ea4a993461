"""Placeholders for outputs that a cloud computes: the same for the same resource, and in the cloud's own form.

No placeholder can be mistaken for a real value: accounts are zeros, addresses come from the range for documentation
(RFC 5737), names end in ``.invalid`` (RFC 2606) where no form of the cloud is documented, and hashes begin with zeros.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.core.sdk_types import (
    Enumeration,
    Exactly,
    ListOf,
    MapOf,
    Named,
    OneOf,
    Plain,
    PlainKind,
    Properties,
    ResourceType,
    Sdk,
    Type,
)
from pouw.engine.plugins.offline.cloud_description import Cloud
from pouw.engine.plugins.offline.outputs import fill
from pouw.engine.plugins.offline.settings import Settings

_DEEPEST = 6
"""Depth at which computed objects that contain themselves end."""
_ADDRESSES: Final = 254
_BY_NAME: Final = (
    (r"region|location", "{region}"),
    (r"project|accountId|ownerId|owner|registryId|subscriptionId|tenantId", "{account}"),
    (r"(?:.+A|a)rn", "{arn}"),
    (r"id|.+Id|.+ID|fingerprint|etag|generation|uniqueId", "{hash17}"),
    (r"selfLink|.*(?:Url|URL|Uri|URI|Endpoint|Link)", "https://{hash16}.rehearsal.invalid"),
    (r"fqdn|.*(?:dnsName|DnsName|Fqdn|FQDN|[dD]omainName|[hH]ostname|endpoint)", "{hash16}.rehearsal.invalid"),
    (r".*(?:[iI]p|IP|[aA]ddress)", "{address}"),
    (r".*(?:Time|Date|Timestamp|createdAt)", "1970-01-01T00:00:00Z"),
)
_PLAIN_VALUES: Final[Mapping[PlainKind, Value]] = {"integer": 0, "number": 0, "boolean": False, "any": {}}


class PlaceholderOutputs:
    """Placeholder outputs for one cloud."""

    def __init__(self, cloud: Cloud, sdk: Sdk) -> None:
        self._cloud = cloud
        self._sdk = sdk

    def complete(
        self,
        definition: ResourceType,
        inputs: Mapping[str, Value],
        plan: Mapping[str, Value],
        settings: Settings,
        seed: str,
    ) -> tuple[str, dict[str, Value]]:
        """Return the resource's id and its planned outputs without unknown values."""
        entry = self._cloud.entry_of(definition.token)
        outputs = dict(plan)
        self._name(definition, inputs, outputs, seed)
        variables = _Variables({**outputs, **inputs}, settings, seed, self._cloud, definition)
        for text, template in entry.computed.items():
            value = template(_without_unknown({**plan, **inputs})) if callable(template) else template
            fill(outputs, parse_path(text), variables.rendered(value), None)
        completed = self._object(outputs, definition.outputs, variables, 0)
        identifier = variables.rendered(entry.id) if entry.id else variables.identifier({**completed, **inputs})
        return str(identifier), completed

    def _name(
        self, definition: ResourceType, inputs: Mapping[str, Value], outputs: dict[str, Value], seed: str
    ) -> None:
        """Set the ``name`` of a resource whose name is no output, and complete a name from its prefix."""
        rule = self._cloud.naming(definition)
        if rule is None:
            return
        name, prefix = inputs.get(rule.property), inputs.get(f"{rule.property}Prefix")
        if isinstance(name, str) and outputs.get("name") is UNKNOWN:
            outputs["name"] = name
        if isinstance(prefix, str) and outputs.get(rule.property) is UNKNOWN:
            outputs[rule.property] = f"{prefix}{hashlib.sha256(seed.encode()).hexdigest()[: rule.random]}"

    def _object(
        self, values: Mapping[str, Value], types: Properties, variables: _Variables, depth: int
    ) -> dict[str, Value]:
        return {
            name: self._completed(name, value, types[name].type if name in types else Plain("any"), variables, depth)
            for name, value in values.items()
        }

    def _completed(self, name: str, value: Value, expected: Type, variables: _Variables, depth: int) -> Value:
        if value is UNKNOWN:
            return self._placeholder(name, expected, variables, depth)
        if isinstance(value, Secret):
            return Secret(self._completed(name, value.value, expected, variables, depth))
        if isinstance(value, dict):
            definition = self._sdk.resolve(expected) if isinstance(expected, Named) else None
            types = definition if isinstance(definition, Mapping) else {}
            return self._object(value, types, variables, depth + 1)
        if isinstance(value, list):
            item = expected.item if isinstance(expected, ListOf) else Plain("any")
            return [self._completed(name, element, item, variables, depth) for element in value]
        return value

    def _placeholder(self, name: str, expected: Type, variables: _Variables, depth: int) -> Value:
        match expected:
            case Plain(kind):
                return variables.text_for(name) if kind in ("string", "file") else _PLAIN_VALUES[kind]
            case ListOf():
                return []
            case MapOf():
                return {}
            case Exactly(values):
                return values[0]
            case OneOf(members):
                return self._placeholder(name, members[0], variables, depth)
            case Named():
                definition = self._sdk.resolve(expected)
                if isinstance(definition, Enumeration):
                    return definition.values[0]
                if definition is None or depth > _DEEPEST:
                    return {}
                unknowns = {key: UNKNOWN for key, property_ in definition.items() if property_.required}
                return self._object(unknowns, definition, variables, depth + 1)


class _Variables(dict[str, object]):
    """Variables of templates: the texts of the resource, and values that are made from its seed."""

    def __init__(
        self, values: Mapping[str, Value], settings: Settings, seed: str, cloud: Cloud, definition: ResourceType
    ) -> None:
        digest = hashlib.sha512(seed.encode()).hexdigest()
        super().__init__(
            account=settings.account,
            region=settings.region or "unknown",
            project=settings.account,
            location=settings.region or "unknown",
            certificate=base64.b64encode(f"rehearsal: no certificate {digest[:8]}".encode()).decode(),
            address=f"192.0.2.{1 + int(digest[:8], 16) % _ADDRESSES}",
            uuid=f"00000000-0000-0000-{digest[:4]}-{digest[4:16]}",
            digits21=f"{int(digest[:16], 16):021d}",
        )
        self.update(
            {name: _revealed(value) for name, value in values.items() if isinstance(_revealed(value), str | int)}
        )
        for length in (8, 12, 16, 17, 32, 64):
            self[f"hash{length}"] = f"{'0' * (length // 2)}{digest}"[:length]
            self[f"hash{length}upper"] = str(self[f"hash{length}"]).upper()
        self._cloud = cloud
        self._described = definition
        self._settings = settings
        self._values = values

    def __missing__(self, key: str) -> str:
        if key == "id":
            template = self._cloud.entry_of(self._described.token).id
            return str(self.rendered(template)) if template else self.identifier(self._values)
        if key == "arn":
            service, kind = re.sub(r"^\w+:|/\w+(?=:)", "", self._described.token).split(":")
            name = self.get("name") or self["hash17"]
            return f"arn:aws:{service}:{self['region']}:{self['account']}:{kind.lower()}/{name}"
        return "" if key in self._described.inputs else f"rehearsal-{self['hash8']}"

    def identifier(self, values: Mapping[str, Value]) -> str:
        """Return an id by the cloud's general rule."""
        return self._cloud.identify(self._described, values, self._settings, str(self["hash17"]))

    def rendered(self, template: Value) -> Value:
        """Return a template with its variables replaced, also inside of objects and lists."""
        if isinstance(template, str):
            return template.format_map(self)
        if isinstance(template, Mapping):
            return {key: self.rendered(item) for key, item in template.items()}
        return [self.rendered(item) for item in template] if isinstance(template, list) else template

    def text_for(self, name: str) -> str:
        """Return a text for an output of that name."""
        template = next((text for pattern, text in _BY_NAME if re.fullmatch(pattern, name)), "rehearsal-{hash8}")
        return str(self.rendered(template))


def _revealed(value: Value) -> Value:
    return value.value if isinstance(value, Secret) else value


def _without_unknown(value: Value) -> Value:
    """Return the value without its unknown parts."""
    if isinstance(value, Mapping):
        return {key: _without_unknown(item) for key, item in value.items() if item is not UNKNOWN}
    return [_without_unknown(item) for item in value if item is not UNKNOWN] if isinstance(value, list) else value
