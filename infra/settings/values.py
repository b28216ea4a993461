"""Kinds of values that settings are made of, each with the sentence that says what is allowed."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

_LABEL: Final = r"^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$"
_QUANTITY: Final = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$"
_IMAGE: Final = r"^[a-z0-9][-a-z0-9._:/]*(:[-A-Za-z0-9._]+|@sha256:[0-9a-f]{64})$"
_DOMAIN: Final = r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
_ADDRESS: Final = r"^[^@\s]{1,64}@[^@\s]{1,255}$"
_VERSION: Final = r"^1\.[0-9]{1,2}$"
_TAG: Final = r"^[a-z]([-_a-z0-9]{0,61}[a-z0-9])?$"
_MONTH: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])-01$"
_IMAGE_TAG: Final = r"^[A-Za-z0-9_][-A-Za-z0-9._]{0,100}$"
_IDENTITY: Final = r"^arn:aws:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$"
_ADDON: Final = r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$"
_DDOS_PLAN: Final = (
    r"^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.Network/ddosProtectionPlans/[^/]+$"
)
_RANGE: Final = r"^[0-9.]{7,15}(-[0-9.]{7,15}|/[0-9]{1,2})$"
PATTERNS: Final = {
    _LABEL: "1 to 20 lower-case letters, digits and hyphens, a letter first, such as 'primary'",
    _QUANTITY: "a quantity such as '500m', '1Gi' or '20Gi'",
    _IMAGE: "an image with a tag or digest, such as 'registry.example/pouw/node:1.2.3'",
    _DOMAIN: "a domain in lower case, such as 'pouw.example.org'",
    _ADDRESS: "a mail address such as 'oncall@example.org'",
    _VERSION: "a Kubernetes minor version such as '1.34'",
    _TAG: "1 to 63 lower-case letters, digits, hyphens and underscores, a letter first",
    _MONTH: "the first day of a month, such as '2026-11-01'",
    _IMAGE_TAG: "a tag of letters, digits, dots, hyphens and underscores",
    _IDENTITY: "a role or user such as 'arn:aws:iam::111122223333:role/deployer'",
    _DDOS_PLAN: "the id of a plan, '/subscriptions/…/providers/Microsoft.Network/ddosProtectionPlans/…'",
    _ADDON: "a version such as 'v1.13.2-eksbuild.11'",
    _RANGE: "addresses such as '192.0.2.10-192.0.2.20' or '192.0.2.0/28'",
}


def _cidr(text: str) -> str:
    """The range itself, if it is one and has no host bits."""
    ipaddress.ip_network(text)
    return text


DnsLabel = Annotated[str, StringConstraints(pattern=_LABEL)]
Quantity = Annotated[str, StringConstraints(pattern=_QUANTITY)]
ImageReference = Annotated[str, StringConstraints(pattern=_IMAGE)]
Domain = Annotated[str, StringConstraints(pattern=_DOMAIN)]
MailAddress = Annotated[str, StringConstraints(pattern=_ADDRESS)]
KubernetesVersion = Annotated[str, StringConstraints(pattern=_VERSION)]
TagText = Annotated[str, StringConstraints(pattern=_TAG)]
FirstOfMonth = Annotated[str, StringConstraints(pattern=_MONTH)]
ImageTag = Annotated[str, StringConstraints(pattern=_IMAGE_TAG)]
AddressRange = Annotated[str, StringConstraints(pattern=_RANGE)]
Identity = Annotated[str, StringConstraints(pattern=_IDENTITY)]
DdosPlan = Annotated[str, StringConstraints(pattern=_DDOS_PLAN)]
AddonVersion = Annotated[str, StringConstraints(pattern=_ADDON)]
Cidr = Annotated[str, AfterValidator(_cidr)]
NodePort = Annotated[int, Field(ge=1, le=65535)]


class Part(BaseModel):
    """A part of the settings: frozen, strict, no unknown keys; camel case outside.

    What a value means stands below it. The reference reads that from the sources: for pydantic to do it takes every
    process that has settings a third of what making them takes.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
    )
