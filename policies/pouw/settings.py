"""What a stack's own settings must be in production. They come with the pack's configuration, and are always whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import Check, find, must_be_at_least, must_match
from policies.dispatch import SETTINGS_TYPE
from policies.rule import Absence, AnyRule, Props, Severity, StackRule
from policies.stack import Resource, Stack

_EVERYBODY = ("0.0.0.0/0", "::/0")
_REFERENCE = "https://www.pulumi.com/docs/iac/concepts/config/"


def _in_production(*checks: Check) -> Callable[[Resource, Stack], Iterator[str]]:
    """Checks of the settings of a stack that is production, or does not say what it is."""

    def check(settings: Resource, stack: Stack) -> Iterator[str]:
        del stack
        if settings.props.get("environment", "production") == "production":
            for one in checks:
                yield from one(settings.props)

    return check


def _is_closed(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    exposure: Props = settings.props["balancer"]["exposure"]
    if exposure.get("type") == "ClusterIP":
        return
    ranges = exposure.get("allowFrom") or ()
    if exposure.get("type") == "LoadBalancer" and not ranges:
        yield "balancer.exposure.allowFrom: is empty, so everybody may connect"
    for at, cidr in find(settings.props, "balancer.exposure.allowFrom[*]") if ranges else ():
        if cidr in _EVERYBODY:
            yield f"{at}: is {cidr}, so everybody may connect"


def _rule(
    name: str, severity: Severity, why: str, remedy: str, check: Callable[[Resource, Stack], Iterator[str]]
) -> StackRule:
    return StackRule(
        id=name,
        types=(SETTINGS_TYPE,),
        severity=severity,
        absent=Absence.DENY,
        why=why,
        remedy=remedy,
        reference=_REFERENCE,
        check=check,
    )


RULES: tuple[AnyRule, ...] = (
    _rule(
        "pouw-settings-exposure-deny-everybody",
        Severity.HIGH,
        "The JSON-RPC port takes work that costs processors; whoever reaches it can spend them.",
        "List the ranges of your clients in pouw:balancer.exposure.allowFrom.",
        _is_closed,
    ),
    _rule(
        "pouw-settings-images-pin-digest",
        Severity.HIGH,
        "A tag can be moved to another image after the review; a digest cannot.",
        "Name pouw:images.node and pouw:images.balancer by digest.",
        _in_production(
            *(
                must_match(f"images.{kind}", r".+@sha256:[0-9a-f]{64}", "an image by digest")
                for kind in ("node", "balancer")
            )
        ),
    ),
    _rule(
        "pouw-settings-balancer-require-replicas",
        Severity.MEDIUM,
        "With one balancer a site is away while its machine is.",
        "Set pouw:balancer.replicas to 2 or more.",
        _in_production(must_be_at_least("balancer.replicas", 2)),
    ),
    _rule(
        "pouw-settings-nodes-require-miners",
        Severity.MEDIUM,
        "With fewer than three miners, one that fails or lies is half of the chain.",
        "Set pouw:nodes.miners to 3 or more.",
        _in_production(must_be_at_least("nodes.miners", 3)),
    ),
)
