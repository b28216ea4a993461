"""Rules about the stack's own settings in production.

Settings come with the pack's configuration and are always known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import Check, must_be_at_least
from policies.interface import SETTINGS_TYPE
from policies.rule import Absence, AnyRule, Props, Severity, StackRule
from policies.stack import Resource, Stack

_REFERENCE = "https://www.pulumi.com/docs/iac/concepts/config/"


def _in_production(*checks: Check) -> Callable[[Resource, Stack], Iterator[str]]:
    """Return a check that applies the checks to the settings of a production stack.

    A stack without an environment is production.
    """

    def check(settings: Resource, stack: Stack) -> Iterator[str]:
        del stack
        if settings.props.get("environment", "production") == "production":
            for setting_check in checks:
                yield from setting_check(settings.props)

    return check


def _check_exposure(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    exposure: Props = settings.props["balancer"]["exposure"]
    if exposure.get("type") == "LoadBalancer" and not exposure.get("allowFrom"):
        yield (
            "balancer.exposure.allowFrom: the balancer is open to the Internet; got no ranges; expected the clients' "
            "ranges"
        )


def _check_image_digests(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    images: Props = settings.props.get("images") or {}
    for kind in ("node", "balancer") if settings.props.get("environment", "production") == "production" else ():
        image = images.get(kind)
        if image is not None and "@sha256:" not in image:
            yield f"images.{kind}: the image is not pinned; got {image}; expected a digest"


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
        "The JSON-RPC port accepts work that uses processors, and anyone who reaches it can exhaust them.",
        "Set pouw:balancer.exposure.allowFrom to the clients' ranges, or to 0.0.0.0/0.",
        _check_exposure,
    ),
    _rule(
        "pouw-settings-images-pin-digest",
        Severity.HIGH,
        Absence.ALLOW,
        "A tag can be moved to another image after the review. A digest cannot.",
        "Set pouw:images.node and pouw:images.balancer to digests.",
        _check_image_digests,
    ),
    _rule(
        "pouw-settings-balancer-require-replicas",
        Severity.MEDIUM,
        Absence.DENY,
        "With one balancer, a failure of its machine makes the site unavailable.",
        "Set pouw:balancer.replicas to at least 2.",
        _in_production(must_be_at_least("balancer.replicas", 2)),
    ),
    _rule(
        "pouw-settings-nodes-require-miners",
        Severity.MEDIUM,
        Absence.DENY,
        "With fewer than three miners, a single faulty one controls half of the chain.",
        "Set pouw:nodes.miners to at least 3.",
        _in_production(must_be_at_least("nodes.miners", 3)),
    ),
)
