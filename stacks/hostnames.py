"""Names of hosts in a stack's zone. They are decided before any address is known, so that sites can name each other."""

from __future__ import annotations

from infra.settings.site import SiteBase
from infra.settings.stack import Settings
from infra.workload import P2P_PORT


def service(stack: Settings) -> str:
    """The name that follows the site that serves."""
    return f"{stack.dns.host}.{stack.dns.zone}"


def edge(stack: Settings, site: SiteBase) -> str:
    """The name of a site's own edge."""
    return f"{site.name}.{stack.dns.zone}"


def of_clients(stack: Settings, site: SiteBase) -> tuple[str, ...]:
    """Names that clients may reach a site by: the stack's, then the site's own; none without a zone."""
    return stack.dns.site_hosts(site.name)


def peers(stack: Settings, site: SiteBase) -> str:
    """The name under which other sites find a site's nodes."""
    return f"peers-{site.name}.{stack.dns.zone}" if stack.dns.zone else ""


def peers_entry(stack: Settings, site: SiteBase) -> str:
    """The same as ``host:port``."""
    return f"{peers(stack, site)}:{P2P_PORT}"
