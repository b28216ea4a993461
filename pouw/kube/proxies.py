"""The proxy on the way to an API server, chosen as kubectl does."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def proxy_for(url: str, environment: Mapping[str, str]) -> str:
    """Return the URL of the proxy that the environment names for ``url``; empty if there is none."""
    target = urlsplit(url)
    host = target.hostname or ""
    variable = f"{target.scheme}_proxy"
    proxy = environment.get(variable.upper()) or environment.get(variable) or ""
    excluded = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    if not proxy or _is_loopback(host):
        return ""
    entries = (entry.strip() for entry in excluded.split(","))
    return "" if any(_matches(entry, host, target.port) for entry in entries if entry) else proxy


def _matches(entry: str, host: str, port: int | None) -> bool:
    """True if an entry of ``NO_PROXY`` (``*``, address, range, domain, each with an optional port) holds the host."""
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, separator, number = entry.rpartition(":")
    if separator and number.isdecimal() and _address(entry) is None:
        if int(number) != port:
            return False
        entry = name
    domain = entry.removeprefix("*").lower()
    if domain.startswith("."):
        return host.endswith(domain)
    return host == domain or (address is None and host.endswith(f".{domain}"))


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
