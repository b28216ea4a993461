"""Machines and add-ons of a cluster on AWS."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be_set, must_match, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"

_GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
_MOST_UNAVAILABLE = 34
"""Per cent of a group that may be missing while it is updated: one zone of three."""


def _takes_too_many_away(props: Props) -> Iterator[str]:
    share = (props.get("updateConfig") or {}).get("maxUnavailablePercentage")
    if share and share > _MOST_UNAVAILABLE:
        yield f"updateConfig.maxUnavailablePercentage: is {share:g}, and must be at most {_MOST_UNAVAILABLE}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-eks-nodegroup-deny-remote-access",
        types=(NODE_GROUP,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="With a key and no source group, port 22 of every node is open to the Internet.",
        remedy="Remove remoteAccess, and use Session Manager.",
        reference=_GUIDE + "managed-node-groups.html",
        check=must_not_be_set("remoteAccess"),
    ),
    Rule(
        id="aws-eks-nodegroup-require-launch-template",
        types=(NODE_GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a template of its own a group gets disks and metadata settings that nobody declared.",
        remedy="Set launchTemplate to a template with encrypted disks and metadata tokens.",
        reference=_GUIDE + "launch-templates.html",
        check=must_be_set("launchTemplate"),
    ),
    Rule(
        id="aws-eks-nodegroup-match-supported-image",
        types=(NODE_GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Images of Amazon Linux 2 get no patches any more.",
        remedy="Set amiType to one of Bottlerocket or AL2023.",
        reference=_GUIDE + "eks-optimized-ami.html",
        check=must_match("amiType", r"(BOTTLEROCKET|AL2023|WINDOWS)_\w+|CUSTOM", "of Bottlerocket or AL2023"),
    ),
    Rule(
        id="aws-eks-nodegroup-limit-unavailable",
        types=(NODE_GROUP,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="An update that takes most nodes at once takes the service with them.",
        remedy="Lower updateConfig.maxUnavailablePercentage, or use maxUnavailable.",
        reference=_GUIDE + "managed-node-update-behavior.html",
        check=_takes_too_many_away,
    ),
    Rule(
        id="aws-eks-addon-pin-version",
        types=(ADDON,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An add-on without a version is whatever was current on the day.",
        remedy="Set addonVersion.",
        reference=_GUIDE + "eks-add-ons.html",
        check=must_be_set("addonVersion"),
    ),
)
