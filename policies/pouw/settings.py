"""What a stack's own settings must be in production. They come with the pack's configuration, and are always whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import Check, must_be_at_least
from policies.names import SETTINGS_TYPE
from policies.rule import Absence, AnyRule, Props, Severity, StackRule
from policies.stack import Resource, Stack

_REFERENCE = "https://www.pulumi.com/docs/iac/concepts/config/"


def _in_production(*checks: Check) -> Callable[[Resource, Stack], Iterator[str]]:
    """Checks of the settings of a stack that is production, or does not say what it is."""

    def check(settings: Resource, stack: Stack) -> Iterator[str]:
        del stack
        if settings.props.get("environment", "production") == "production":
            for one in checks:
                yield from one(settings.props)

    return check


def _says_who_may_connect(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    exposure: Props = settings.props["balancer"]["exposure"]
    if exposure.get("type") == "LoadBalancer" and not exposure.get("allowFrom"):
        yield "balancer.exposure.allowFrom: is empty, so everybody may connect, and nobody has said so"


def _are_pinned(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    images: Props = settings.props.get("images") or {}
    for kind in ("node", "balancer") if settings.props.get("environment", "production") == "production" else ():
        named = images.get(kind)
        if named is not None and "@sha256:" not in named:
            yield f"images.{kind}: is {named}, and must be named by digest"


def _rule(
    name: str,
    severity: Severity,
    absent: Absence,
    why: str,
    remedy: str,
    check: Callable[[Resource, Stack], Iterator[str]],
) -> StackRule:
    return StackRule(
        id=name,
        types=(SETTINGS_TYPE,),
        severity=severity,
        absent=absent,
        why=why,
        remedy=remedy,
        reference=_REFERENCE,
        check=check,
    )


RULES: tuple[AnyRule, ...] = (
    _rule(
        "pouw-settings-exposure-require-ranges",
        Severity.HIGH,
        Absence.DENY,
        "The JSON-RPC port takes work that costs processors; whoever reaches it can spend them.",
        "List the ranges of your clients in pouw:balancer.exposure.allowFrom, or say 0.0.0.0/0 there.",
        _says_who_may_connect,
    ),
    _rule(
        "pouw-settings-images-pin-digest",
        Severity.HIGH,
        Absence.ALLOW,
        "A tag can be moved to another image after the review; a digest cannot.",
        "Name pouw:images.node and pouw:images.balancer by digest.",
        _are_pinned,
    ),
    _rule(
        "pouw-settings-balancer-require-replicas",
        Severity.MEDIUM,
        Absence.DENY,
        "With one balancer a site is away while its machine is.",
        "Set pouw:balancer.replicas to 2 or more.",
        _in_production(must_be_at_least("balancer.replicas", 2)),
    ),
    _rule(
        "pouw-settings-nodes-require-miners",
        Severity.MEDIUM,
        Absence.DENY,
        "With fewer than three miners, one that fails or lies is half of the chain.",
        "Set pouw:nodes.miners to 3 or more.",
        _in_production(must_be_at_least("nodes.miners", 3)),
    ),
)
