"""Rules about EKS node groups and add-ons."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be_set, must_match, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"

_GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
_MAXIMUM_UNAVAILABLE = 34
"""Maximum percentage of a group that an update may take down: one zone of three."""


def _check_unavailable_share(props: Props) -> Iterator[str]:
    share = (props.get("updateConfig") or {}).get("maxUnavailablePercentage")
    if share and share > _MAXIMUM_UNAVAILABLE:
        yield (
            f"updateConfig.maxUnavailablePercentage: an update takes down too many nodes; got {share:g}; expected at "
            f"most {_MAXIMUM_UNAVAILABLE}"
        )


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
        why="Without a launch template, disks and the metadata service have insecure default settings.",
        remedy="Set launchTemplate to a template with encrypted disks and metadata tokens.",
        reference=_GUIDE + "launch-templates.html",
        check=must_be_set("launchTemplate"),
    ),
    Rule(
        id="aws-eks-nodegroup-match-supported-image",
        types=(NODE_GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Amazon Linux 2 images no longer receive security patches.",
        remedy="Set amiType to an image of Bottlerocket or AL2023.",
        reference=_GUIDE + "eks-optimized-ami.html",
        check=must_match("amiType", r"(BOTTLEROCKET|AL2023|WINDOWS)_\w+|CUSTOM", "an image of Bottlerocket or AL2023"),
    ),
    Rule(
        id="aws-eks-nodegroup-limit-unavailable",
        types=(NODE_GROUP,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="An update that replaces most nodes at once makes the service unavailable.",
        remedy=f"Set updateConfig.maxUnavailablePercentage to at most {_MAXIMUM_UNAVAILABLE}, or use maxUnavailable.",
        reference=_GUIDE + "managed-node-update-behavior.html",
        check=_check_unavailable_share,
    ),
    Rule(
        id="aws-eks-addon-pin-version",
        types=(ADDON,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a version, the add-on's version depends on the day of the deployment.",
        remedy="Set addonVersion.",
        reference=_GUIDE + "eks-add-ons.html",
        check=must_be_set("addonVersion"),
    ),
)
