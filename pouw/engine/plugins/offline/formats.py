"""Formats of texts that no SDK types: what each says of a text that does not keep it."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from functools import partial

from pouw.engine.plugins.offline.cloud import Format
from pouw.engine.plugins.offline.settings import Settings


def cidr(text: str, settings: Settings) -> str:
    """A range in CIDR notation whose address is its first: clouds refuse host bits."""
    del settings
    return _cidr(text, ipaddress.ip_network)


def range_or_all(text: str, settings: Settings) -> str:
    """The same, or a star for every address."""
    return "" if text == "*" else cidr(text, settings)


def cidr4(text: str, settings: Settings) -> str:
    """The same for IPv4 alone."""
    del settings
    return _cidr(text, ipaddress.IPv4Network)


def cidr4_between(shortest: int, longest: int) -> Format:
    """An IPv4 range whose prefix has a length that the cloud allows."""
    return partial(_cidr4_between, shortest, longest)


def _cidr4_between(shortest: int, longest: int, text: str, settings: Settings) -> str:
    if fault := cidr4(text, settings):
        return fault
    allowed = shortest <= ipaddress.IPv4Network(text).prefixlen <= longest
    return "" if allowed else f"must be a range between /{shortest} and /{longest}"


def cidr6(text: str, settings: Settings) -> str:
    """The same for IPv6 alone."""
    del settings
    return _cidr(text, ipaddress.IPv6Network)


def _cidr(text: str, parse: Callable[[str], object]) -> str:
    if "/" not in text:
        return "must be a range in CIDR notation such as 10.0.0.0/16"
    try:
        parse(text)
    except ValueError as error:
        reason = str(error).removeprefix(repr(text)).removeprefix(text).strip()
        return f"must be a range in CIDR notation such as 10.0.0.0/16: {reason}"
    return ""


def address(text: str, settings: Settings) -> str:
    """An IP address."""
    del settings
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "must be an IP address"
    return ""


def json_object(text: str, settings: Settings) -> str:
    """A JSON document with an object at its top."""
    del settings
    try:
        parsed = json.loads(text)
    except ValueError as error:
        return f"must be JSON: {error}"
    return "" if isinstance(parsed, dict) else "must be a JSON object"


def matching(pattern: str, rule: str) -> Format:
    """A text that a regular expression describes; ``rule`` says it in words."""
    return partial(_matching, re.compile(pattern), rule)


def _matching(pattern: re.Pattern[str], rule: str, text: str, settings: Settings) -> str:
    del settings
    return "" if pattern.fullmatch(text) else f"must be {rule}"


def overlap(text: str, others: Iterable[str]) -> str:
    """The first of some ranges that shares addresses with one; empty when none does, or when any is no range."""
    try:
        own = ipaddress.ip_network(text)
        return next((other for other in others if own.overlaps(ipaddress.ip_network(other))), "")
    except (ValueError, TypeError):
        return ""


def outside(text: str, wholes: Iterable[str]) -> bool:
    """Whether a range lies in none of some others; False when any is no range."""
    try:
        own = _network(text)
        return not any(
            own[0] == whole[0] and whole[1] <= own[1] and own[2] <= whole[2] for whole in map(_network, wholes)
        )
    except (ValueError, TypeError):
        return False


def _network(text: str) -> tuple[int, int, int]:
    """Version, first and last address."""
    found = ipaddress.ip_network(text)
    return found.version, int(found.network_address), int(found.broadcast_address)
