"""Rules about EC2 instances and launch templates: credentials, disks and user data."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from policies.aws.references import comes_from
from policies.checks import (
    MISSING,
    Check,
    all_of,
    find,
    format_value,
    must_be,
    must_be_at_most,
    must_be_set,
    must_not_be,
    must_not_be_set,
)
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
MACHINES = (INSTANCE, SPOT, CONFIGURATION)
SERVERS = (*MACHINES, TEMPLATE)
METADATA_DEFAULTS = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"

_GUIDE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/"
_METADATA = _GUIDE + "configuring-instance-metadata-service.html"
_ENCRYPTION = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"
_SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|(?i:(?<![:/])(?:password|passwd|secret|token|api_?key)(?!\w*(?:name|id|arn|path|file|url|s)\b)\w*"
    r"\s*[=:]\s*['\"]?(?!arn:)[^\s'\"$`<{]{8,})"
)
"""A pattern of access keys, private keys and literal values assigned to a secret's name."""


def _unless_inherited(name: str, check: Check) -> Check:
    """Return the check for machines without inherited settings. Other rules judge the launch template."""

    def check_applicable(props: Props) -> Iterator[str]:
        names = tuple(props)
        if name in names or "launchTemplate" not in names:
            yield from check(props)

    return check_applicable


def _with_metadata_service(check: Check) -> Check:
    """Return the check for machines with an enabled metadata service."""

    def check_applicable(props: Props) -> Iterator[str]:
        if (props.get("metadataOptions") or {}).get("httpEndpoint") != "disabled":
            yield from check(props)

    return _unless_inherited("metadataOptions", check_applicable)


def _check_monitoring(props: Props) -> Iterator[str]:
    monitoring = props.get("monitoring")
    if (monitoring if isinstance(monitoring, bool) or monitoring is None else monitoring.get("enabled")) is not True:
        yield f"monitoring: detailed monitoring is off; got {format_value(monitoring)}; expected true"


def _check_user_data(props: Props) -> Iterator[str]:
    for name in ("userData", "userDataBase64"):
        text = props.get(name)
        if text and any(_SECRET.search(form) for form in (text, _decoded(text))):
            yield (
                f"{name}: the user data contains a secret; got a literal key or password; expected a reference to a "
                "stored secret"
            )


def _decoded(text: str) -> str:
    """Return the decoded script; an empty text if it is not base64."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return ""


def _check_profile(instance: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(instance, stack, "iamInstanceProfile", (PROFILE,)):
        yield from must_be_set("iamInstanceProfile")(instance.inputs)


def _check_disk_encryption(props: Props) -> Iterator[str]:
    yield from must_be("rootBlockDevice.encrypted", True)(props)
    if "ebsBlockDevices" in props:
        for path, device in find(props, "ebsBlockDevices[*]"):
            if device is not MISSING and device.get("encrypted") is not True:
                yield (
                    f"{path}.encrypted: the disk is not encrypted; got {format_value(device.get('encrypted'))}; "
                    "expected true"
                )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-ec2-server-require-metadata-tokens",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A single server-side request forgery reveals the machine's credentials to an attacker.",
        remedy="Set metadataOptions.httpTokens: required.",
        reference=_METADATA,
        check=_with_metadata_service(must_be("metadataOptions.httpTokens", "required")),
    ),
    Rule(
        id="aws-ec2-server-limit-metadata-hops",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="With a second hop, every container on the machine can obtain the machine's credentials.",
        remedy="Set metadataOptions.httpPutResponseHopLimit: 1. An image may raise the default.",
        reference=_METADATA,
        check=_with_metadata_service(must_be_at_most("metadataOptions.httpPutResponseHopLimit", 1)),
    ),
    Rule(
        id="aws-ec2-metadatadefaults-require-tokens",
        types=(METADATA_DEFAULTS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines launched manually or by other tools use the account's default.",
        remedy="Set httpTokens: required.",
        reference=_METADATA,
        check=must_be("httpTokens", "required"),
    ),
    Rule(
        id="aws-ec2-instance-require-encryption",
        types=MACHINES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone with access to a disk or its snapshot can read the data.",
        remedy="Set rootBlockDevice.encrypted: true, and encrypted on each of ebsBlockDevices.",
        reference=_ENCRYPTION,
        check=_unless_inherited("rootBlockDevice", _check_disk_encryption),
    ),
    Rule(
        id="aws-ec2-launchtemplate-require-encryption",
        types=(TEMPLATE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Every machine from the template gets its disk settings, including missing encryption.",
        remedy='Set blockDeviceMappings[*].ebs.encrypted: "true" for each disk, including the first.',
        reference=_ENCRYPTION,
        check=must_be("blockDeviceMappings[*].ebs.encrypted", True, "true"),
    ),
    Rule(
        id="aws-ec2-server-deny-public-address",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine with a public address is found and attacked within minutes.",
        remedy="Remove associatePublicIpAddress, and publish the service through a balancer.",
        reference=_GUIDE + "using-instance-addressing.html",
        check=all_of(
            must_not_be("associatePublicIpAddress", True, "true"),
            must_not_be("networkInterfaces[*].associatePublicIpAddress", True, "true"),
        ),
    ),
    Rule(
        id="aws-ec2-server-deny-secrets-in-userdata",
        types=SERVERS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Every user of the machine, and anyone who may describe it, can read its user data.",
        remedy="Remove the secret from userData, and let the machine's role read it from Secrets Manager.",
        reference=_GUIDE + "instancedata-data-retrieval.html",
        check=_check_user_data,
    ),
    Rule(
        id="aws-ec2-server-deny-ssh-key",
        types=SERVERS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="One key on every machine is a shared password that is never rotated.",
        remedy="Remove keyName, and use Session Manager.",
        reference="https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html",
        check=must_not_be_set("keyName"),
    ),
    Rule(
        id="aws-ec2-server-require-monitoring",
        types=(INSTANCE, SPOT, TEMPLATE),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without detailed monitoring, metrics arrive every five minutes and the autoscaler reacts too late.",
        remedy="Set monitoring to true; in a launch template, monitoring.enabled.",
        reference=_GUIDE + "manage-detailed-monitoring.html",
        check=_unless_inherited("monitoring", _check_monitoring),
    ),
    StackRule(
        id="aws-ec2-instance-require-role",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Programs on a machine without a role need access keys that never expire.",
        remedy="Set iamInstanceProfile.",
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html",
        check=_check_profile,
    ),
)
