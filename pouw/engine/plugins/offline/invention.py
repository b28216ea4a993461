"""What a cloud would compute, made up: the same for the same resource, and shaped like the cloud's own.

Nothing made here can be taken for real: accounts are zeros, addresses come from the range for documentation
(RFC 5737), names end in ``.invalid`` (RFC 2606) where no cloud's own form is known, and hashes begin with zeros.
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
from pouw.engine.plugins.offline.cloud import Cloud
from pouw.engine.plugins.offline.outputs import fill
from pouw.engine.plugins.offline.settings import Settings

_DEEPEST = 6
"""Computed objects that hold themselves end here."""
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
_PLAIN: Final[Mapping[PlainKind, Value]] = {"integer": 0, "number": 0, "boolean": False, "any": {}}


class Inventor:
    """Completes outputs for one cloud."""

    def __init__(self, cloud: Cloud, sdk: Sdk) -> None:
        self._cloud = cloud
        self._sdk = sdk

    def complete(
        self,
        described: ResourceType,
        inputs: Mapping[str, Value],
        planned: Mapping[str, Value],
        settings: Settings,
        seed: str,
    ) -> tuple[str, dict[str, Value]]:
        """The resource's id, and its planned outputs with nothing unknown in them."""
        facts = self._cloud.facts_of(described.token)
        made = dict(planned)
        self._name(described, inputs, made, seed)
        words = _Words({**made, **inputs}, settings, seed, self._cloud, described)
        for text, template in facts.computed.items():
            chosen = template(_without_unknown({**planned, **inputs})) if callable(template) else template
            fill(made, parse_path(text), words.rendered(chosen), None)
        finished = self._object(made, described.outputs, words, 0)
        identifier = words.rendered(facts.id) if facts.id else words.identifier({**finished, **inputs})
        return str(identifier), finished

    def _name(self, described: ResourceType, inputs: Mapping[str, Value], made: dict[str, Value], seed: str) -> None:
        """Names that are not outputs come back as ``name``; a name of which only the beginning is given gets an end."""
        rule = self._cloud.naming(described)
        if rule is None:
            return
        given, prefix = inputs.get(rule.property), inputs.get(f"{rule.property}Prefix")
        if isinstance(given, str) and made.get("name") is UNKNOWN:
            made["name"] = given
        if isinstance(prefix, str) and made.get(rule.property) is UNKNOWN:
            made[rule.property] = f"{prefix}{hashlib.sha256(seed.encode()).hexdigest()[: rule.random]}"

    def _object(self, values: Mapping[str, Value], types: Properties, words: _Words, depth: int) -> dict[str, Value]:
        return {
            name: self._known(name, value, types[name].type if name in types else Plain("any"), words, depth)
            for name, value in values.items()
        }

    def _known(self, name: str, value: Value, wanted: Type, words: _Words, depth: int) -> Value:
        if value is UNKNOWN:
            return self._invented(name, wanted, words, depth)
        if isinstance(value, Secret):
            return Secret(self._known(name, value.value, wanted, words, depth))
        if isinstance(value, dict):
            described = self._sdk.named(wanted) if isinstance(wanted, Named) else None
            types = described if isinstance(described, Mapping) else {}
            return self._object(value, types, words, depth + 1)
        if isinstance(value, list):
            item = wanted.item if isinstance(wanted, ListOf) else Plain("any")
            return [self._known(name, one, item, words, depth) for one in value]
        return value

    def _invented(self, name: str, wanted: Type, words: _Words, depth: int) -> Value:
        match wanted:
            case Plain(kind):
                return words.text_for(name) if kind in ("string", "file") else _PLAIN[kind]
            case ListOf():
                return []
            case MapOf():
                return {}
            case Exactly(values):
                return values[0]
            case OneOf(members):
                return self._invented(name, members[0], words, depth)
            case Named():
                described = self._sdk.named(wanted)
                if isinstance(described, Enumeration):
                    return described.values[0]
                if described is None or depth > _DEEPEST:
                    return {}
                needed = {key: UNKNOWN for key, one in described.items() if one.required}
                return self._object(needed, described, words, depth + 1)


class _Words(dict[str, object]):
    """What templates may speak of: the resource's own texts, and what is made from its seed."""

    def __init__(
        self, values: Mapping[str, Value], settings: Settings, seed: str, cloud: Cloud, described: ResourceType
    ) -> None:
        digest = hashlib.sha512(seed.encode()).hexdigest()
        super().__init__(
            account=settings.account,
            region=settings.region or "nowhere",
            project=settings.account,
            location=settings.region or "nowhere",
            certificate=base64.b64encode(f"rehearsal: no certificate {digest[:8]}".encode()).decode(),
            address=f"192.0.2.{1 + int(digest[:8], 16) % _ADDRESSES}",
            uuid=f"00000000-0000-0000-{digest[:4]}-{digest[4:16]}",
            digits21=f"{int(digest[:16], 16):021d}",
        )
        self.update({name: _bare(value) for name, value in values.items() if isinstance(_bare(value), str | int)})
        for length in (8, 12, 16, 17, 32, 64):
            self[f"hash{length}"] = f"{'0' * (length // 2)}{digest}"[:length]
            self[f"hash{length}upper"] = str(self[f"hash{length}"]).upper()
        self._cloud = cloud
        self._described = described
        self._settings = settings
        self._values = values

    def __missing__(self, key: str) -> str:
        if key == "id":
            template = self._cloud.facts_of(self._described.token).id
            return str(self.rendered(template)) if template else self.identifier(self._values)
        if key == "arn":
            service, kind = re.sub(r"^\w+:|/\w+(?=:)", "", self._described.token).split(":")
            name = self.get("name") or self["hash17"]
            return f"arn:aws:{service}:{self['region']}:{self['account']}:{kind.lower()}/{name}"
        return "" if key in self._described.inputs else f"rehearsal-{self['hash8']}"

    def identifier(self, values: Mapping[str, Value]) -> str:
        """An id by the cloud's general rule."""
        return self._cloud.identify(self._described, values, self._settings, str(self["hash17"]))

    def rendered(self, template: Value) -> Value:
        """A template with its words in place; objects and lists are followed."""
        if isinstance(template, str):
            return template.format_map(self)
        if isinstance(template, Mapping):
            return {key: self.rendered(item) for key, item in template.items()}
        return [self.rendered(item) for item in template] if isinstance(template, list) else template

    def text_for(self, name: str) -> str:
        """A text for an output of that name."""
        template = next((made for pattern, made in _BY_NAME if re.fullmatch(pattern, name)), "rehearsal-{hash8}")
        return str(self.rendered(template))


def _bare(value: Value) -> Value:
    return value.value if isinstance(value, Secret) else value


def _without_unknown(value: Value) -> Value:
    """Without what is not known."""
    if isinstance(value, Mapping):
        return {key: _without_unknown(item) for key, item in value.items() if item is not UNKNOWN}
    return [_without_unknown(item) for item in value if item is not UNKNOWN] if isinstance(value, list) else value
