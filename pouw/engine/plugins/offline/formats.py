"""Formats of texts that no SDK types. Each returns None for a text that it accepts."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from functools import partial

from infra.faults import Fault
from pouw.engine.plugins.offline.cloud_description import Format, Mismatch
from pouw.engine.plugins.offline.settings import Settings

_CIDR = "a range in CIDR notation such as 10.0.0.0/16"


def cidr(text: str, settings: Settings) -> Mismatch | None:
    """Check a range in CIDR notation. Its address has to be its first one, because clouds refuse host bits."""
    del settings
    return _cidr(text, ipaddress.ip_network)


def range_or_all(text: str, settings: Settings) -> Mismatch | None:
    """Check a range in CIDR notation, or a star for every address."""
    return None if text == "*" else cidr(text, settings)


def cidr4(text: str, settings: Settings) -> Mismatch | None:
    """Check an IPv4 range in CIDR notation."""
    del settings
    return _cidr(text, ipaddress.IPv4Network)


def cidr4_between(shortest: int, longest: int) -> Format:
    """Return the format of an IPv4 range whose prefix has a length that the cloud allows."""
    return partial(_cidr4_between, shortest, longest)


def _cidr4_between(shortest: int, longest: int, text: str, settings: Settings) -> Mismatch | None:
    if mismatch := cidr4(text, settings):
        return mismatch
    is_allowed = shortest <= ipaddress.IPv4Network(text).prefixlen <= longest
    return None if is_allowed else Mismatch(expected=f"a range between /{shortest} and /{longest}")


def cidr6(text: str, settings: Settings) -> Mismatch | None:
    """Check an IPv6 range in CIDR notation."""
    del settings
    return _cidr(text, ipaddress.IPv6Network)


def _cidr(text: str, parse: Callable[[str], object]) -> Mismatch | None:
    if "/" not in text:
        return Mismatch(expected=_CIDR)
    try:
        parse(text)
    except ValueError as error:
        # Only a reason that begins with the complete text can be given without the text, which may be secret.
        for quotation in (repr(text), text):
            if str(error).startswith(quotation):
                return Mismatch(expected=_CIDR, reason=f"it{str(error).removeprefix(quotation)}")
        return Mismatch(expected=_CIDR)
    return None


def address(text: str, settings: Settings) -> Mismatch | None:
    """Check an IP address."""
    del settings
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return Mismatch(expected="an IP address")
    return None


def json_object(text: str, settings: Settings) -> Mismatch | None:
    """Check a JSON document that has an object at its top."""
    del settings
    try:
        content = json.loads(text)
    except ValueError as error:
        return Mismatch(expected="JSON", reason=str(error))
    return None if isinstance(content, dict) else Mismatch(expected="a JSON object")


def matching(pattern: str, rule: str) -> Format:
    """Return the format of a text that matches a regular expression; ``rule`` is a noun phrase that describes it."""
    return partial(_matching, re.compile(pattern), rule)


def _matching(pattern: re.Pattern[str], rule: str, text: str, settings: Settings) -> Mismatch | None:
    del settings
    return None if pattern.fullmatch(text) else Mismatch(expected=rule)


def overlap(text: str, ranges: Iterable[str]) -> str:
    """Return the first of some ranges that shares addresses with one; empty if none does or one is not a range."""
    try:
        network = ipaddress.ip_network(text)
        return next((other for other in ranges if network.overlaps(ipaddress.ip_network(other))), "")
    except (ValueError, TypeError):
        return ""


def overlap_fault(path: str, text: str, neighbour: str, title: str) -> Fault:
    """Return the fault of a range that shares addresses with ``neighbour``, which ``title`` describes."""
    return Fault(
        path=path,
        message=f"overlaps {neighbour}, {title}",
        got=text,
        expected=f"a range that shares no address with {neighbour}",
    )


def outside(text: str, ranges: Iterable[str]) -> bool:
    """True if a range lies in none of some others; False if one of them is not a range."""
    try:
        version, first, last = _bounds(text)
        return not any(
            version == outer_version and outer_first <= first and last <= outer_last
            for outer_version, outer_first, outer_last in map(_bounds, ranges)
        )
    except (ValueError, TypeError):
        return False


def _bounds(text: str) -> tuple[int, int, int]:
    """Return the version, the first and the last address of a range."""
    network = ipaddress.ip_network(text)
    return network.version, int(network.network_address), int(network.broadcast_address)
