"""Names of hosts in a stack's zone. They are decided before any address is known, so sites can name each other."""

from __future__ import annotations

from infra.settings.site import SiteBase
from infra.settings.stack import Settings
from infra.workload import P2P_PORT


def service(stack: Settings) -> str:
    """Return the name that follows the active site."""
    return f"{stack.dns.host}.{stack.dns.zone}"


def edge(stack: Settings, site: SiteBase) -> str:
    """Return the name of a site's own edge."""
    return f"{site.name}.{stack.dns.zone}"


def of_clients(stack: Settings, site: SiteBase) -> tuple[str, ...]:
    """Return the names by which clients may reach a site: the stack's, then the site's own; none without a zone."""
    return stack.dns.site_hosts(site.name)


def peers(stack: Settings, site: SiteBase) -> str:
    """Return the name by which other sites find a site's nodes."""
    return f"peers-{site.name}.{stack.dns.zone}" if stack.dns.zone else ""


def peers_entry(stack: Settings, site: SiteBase) -> str:
    """Return the address of a site's nodes for other sites, ``host:port``."""
    return f"{peers(stack, site)}:{P2P_PORT}"
