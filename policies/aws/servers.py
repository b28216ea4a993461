"""Virtual machines: who reads their credentials, their disks and their start-up script."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from policies.aws.relations import comes_from
from policies.checks import (
    MISSING,
    Check,
    both,
    find,
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
"""Access keys, private keys, and values of what is called a secret, where they are not taken from elsewhere."""


def _unless_inherited(name: str, check: Check) -> Check:
    """A machine that is made from a template has the template's settings where it names none; they are judged there."""

    def checked(props: Props) -> Iterator[str]:
        names = tuple(props)
        if name in names or "launchTemplate" not in names:
            yield from check(props)

    return checked


def _of_metadata(check: Check) -> Check:
    """Of machines that have a metadata service."""

    def checked(props: Props) -> Iterator[str]:
        if (props.get("metadataOptions") or {}).get("httpEndpoint") != "disabled":
            yield from check(props)

    return _unless_inherited("metadataOptions", checked)


def _is_unmonitored(props: Props) -> Iterator[str]:
    said = props.get("monitoring")
    if (said if isinstance(said, bool) or said is None else said.get("enabled")) is not True:
        yield "monitoring: is not detailed"


def _holds_secret(props: Props) -> Iterator[str]:
    for name in ("userData", "userDataBase64"):
        text = props.get(name)
        if text and any(_SECRET.search(form) for form in (text, _decoded(text))):
            yield f"{name}: holds what looks like a secret"


def _decoded(text: str) -> str:
    """The script, if it came encoded."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return ""


def _has_profile(instance: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(instance, stack, "iamInstanceProfile", (PROFILE,)):
        yield from must_be_set("iamInstanceProfile")(instance.inputs)


def _instance_is_encrypted(props: Props) -> Iterator[str]:
    yield from must_be("rootBlockDevice.encrypted", True)(props)
    if "ebsBlockDevices" in props:
        for at, device in find(props, "ebsBlockDevices[*]"):
            if device is not MISSING and device.get("encrypted") is not True:
                yield f"{at}.encrypted: is not true"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-ec2-server-require-metadata-tokens",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="One request that a program is tricked into sends the machine's credentials to a stranger.",
        remedy="Set metadataOptions.httpTokens: required.",
        reference=_METADATA,
        check=_of_metadata(must_be("metadataOptions.httpTokens", "required")),
    ),
    Rule(
        id="aws-ec2-server-limit-metadata-hops",
        types=SERVERS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="With a second hop every container on the machine takes the machine's credentials.",
        remedy="Set metadataOptions.httpPutResponseHopLimit: 1; an image may raise the default.",
        reference=_METADATA,
        check=_of_metadata(must_be_at_most("metadataOptions.httpPutResponseHopLimit", 1)),
    ),
    Rule(
        id="aws-ec2-metadatadefaults-require-tokens",
        types=(METADATA_DEFAULTS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What is launched by hand, or by another tool, follows the account's default.",
        remedy="Set httpTokens: required.",
        reference=_METADATA,
        check=must_be("httpTokens", "required"),
    ),
    Rule(
        id="aws-ec2-instance-require-encryption",
        types=MACHINES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever gets hold of a disk or its snapshot reads the data.",
        remedy="Set rootBlockDevice.encrypted: true, and encrypted on each of ebsBlockDevices.",
        reference=_ENCRYPTION,
        check=_unless_inherited("rootBlockDevice", _instance_is_encrypted),
    ),
    Rule(
        id="aws-ec2-launchtemplate-require-encryption",
        types=(TEMPLATE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The disks of every machine that comes of the template are as the template says.",
        remedy='Set blockDeviceMappings[*].ebs.encrypted: "true" for each disk, the first one too.',
        reference=_ENCRYPTION,
        check=must_be("blockDeviceMappings[*].ebs.encrypted", True, "true"),
    ),
    Rule(
        id="aws-ec2-server-deny-public-address",
        types=SERVERS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A machine with a public address is found and tried within minutes.",
        remedy="Remove associatePublicIpAddress, and let a balancer stand in front.",
        reference=_GUIDE + "using-instance-addressing.html",
        check=both(
            must_not_be("associatePublicIpAddress", True, "true"),
            must_not_be("networkInterfaces[*].associatePublicIpAddress", True, "true"),
        ),
    ),
    Rule(
        id="aws-ec2-server-deny-secrets-in-userdata",
        types=SERVERS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Everybody on the machine, and whoever may describe it, reads its user data.",
        remedy="Keep the secret in Secrets Manager, and let the machine's role read it.",
        reference=_GUIDE + "instancedata-data-retrieval.html",
        check=_holds_secret,
    ),
    Rule(
        id="aws-ec2-server-deny-ssh-key",
        types=SERVERS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A key on every machine is a password that all share and nobody changes.",
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
        why="Without detailed monitoring figures come every five minutes, and a scaler reacts to the past.",
        remedy="Turn detailed monitoring on.",
        reference=_GUIDE + "manage-detailed-monitoring.html",
        check=_unless_inherited("monitoring", _is_unmonitored),
    ),
    StackRule(
        id="aws-ec2-instance-require-role",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A machine without a role gets keys that never end.",
        remedy="Name an instance profile.",
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html",
        check=_has_profile,
    ),
)
