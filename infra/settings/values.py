"""Types of values that settings consist of. Each type knows the sentence that a fault prints as expected."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final, TypeAlias

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
_RANGE: Final = r"^[0-9.]{7,15}(-[0-9.]{7,15}|/[0-9]{1,2})$"
_AWS_ACCOUNT: Final = r"^[0-9]{12}$"
_IDENTITY: Final = r"^arn:aws:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$"
_ADDON: Final = r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$"
_UUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_DDOS_PLAN: Final = (
    r"^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.Network/ddosProtectionPlans/[^/]+$"
)
_PROJECT: Final = r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$"
_BILLING_ACCOUNT: Final = r"^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$"
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
    _RANGE: "addresses such as '192.0.2.10-192.0.2.20' or '192.0.2.0/28'",
    _AWS_ACCOUNT: "an AWS account of 12 digits, in quotes",
    _IDENTITY: "a role or user such as 'arn:aws:iam::111122223333:role/deployer'",
    _ADDON: "a version such as 'v1.13.2-eksbuild.11'",
    _UUID: "a UUID in lower case, such as '00000000-0000-4000-8000-000000000001'",
    _DDOS_PLAN: "the ID of a plan, '/subscriptions/…/providers/Microsoft.Network/ddosProtectionPlans/…'",
    _PROJECT: "a GCP project of 6 to 30 lower-case letters, digits and hyphens",
    _BILLING_ACCOUNT: "a billing account such as '012345-6789AB-CDEF01'",
}
"""The sentence of each pattern, by the pattern that pydantic names in its error."""


class SettingError(ValueError):
    """A value that its type refuses, with the parts of the fault that the loader reports."""

    def __init__(self, message: str, *, expected: str, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.reason = reason


def _range(text: str) -> str:
    """Return the range unchanged.

    Raises:
        SettingError: it is not a range of addresses, or has host bits.
    """
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise SettingError(
            "has host bits" if "host bits" in str(error) else "is not a range of addresses",
            expected="a CIDR range without host bits, such as '10.20.0.0/16'",
        ) from error
    return text


def _range_of_version_4(text: str) -> str:
    """Return the range unchanged.

    Raises:
        SettingError: it holds addresses of IPv6.
    """
    if ipaddress.ip_network(text).version != 4:
        raise SettingError(
            "is a range of IPv6", expected="a range of IPv4", reason="sites and their clusters use IPv4 alone"
        )
    return text


DnsLabel = Annotated[str, StringConstraints(pattern=_LABEL)]
Quantity = Annotated[str, StringConstraints(pattern=_QUANTITY)]
ImageReference = Annotated[str, StringConstraints(pattern=_IMAGE)]
Domain = Annotated[str, StringConstraints(pattern=_DOMAIN, max_length=200)]
MailAddress = Annotated[str, StringConstraints(pattern=_ADDRESS)]
KubernetesVersion = Annotated[str, StringConstraints(pattern=_VERSION)]
TagText = Annotated[str, StringConstraints(pattern=_TAG)]
FirstOfMonth = Annotated[str, StringConstraints(pattern=_MONTH)]
ImageTag = Annotated[str, StringConstraints(pattern=_IMAGE_TAG)]
AddressRange = Annotated[str, StringConstraints(pattern=_RANGE)]
AwsAccount = Annotated[str, StringConstraints(pattern=_AWS_ACCOUNT)]
Identity = Annotated[str, StringConstraints(pattern=_IDENTITY)]
AddonVersion = Annotated[str, StringConstraints(pattern=_ADDON)]
Uuid = Annotated[str, StringConstraints(pattern=_UUID)]
DdosPlan = Annotated[str, StringConstraints(pattern=_DDOS_PLAN)]
GcpProject = Annotated[str, StringConstraints(pattern=_PROJECT)]
BillingAccount = Annotated[str, StringConstraints(pattern=_BILLING_ACCOUNT)]
Cidr = Annotated[str, AfterValidator(_range)]
Ipv4Cidr: TypeAlias = Annotated[str, AfterValidator(_range), AfterValidator(_range_of_version_4)]
NodePort = Annotated[int, Field(ge=1, le=65535)]


class Part(BaseModel):
    """A part of the settings: frozen, strict, without unknown keys, in camel case outside.

    The text below each value is its description. The reference reads these texts from the sources, because pydantic
    needs a third of a process's start to do it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
    )
