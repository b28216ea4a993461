"""Google's own accounts that act for a project. Their addresses hold the project's number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ADDRESSES: Final[Mapping[str, str]] = {
    "artifactregistry": "service-{}@gcp-sa-artifactregistry.iam.gserviceaccount.com",
    "compute": "service-{}@compute-system.iam.gserviceaccount.com",
    "container": "service-{}@container-engine-robot.iam.gserviceaccount.com",
    "logging": "service-{}@gcp-sa-logging.iam.gserviceaccount.com",
    "storage": "service-{}@gs-project-accounts.iam.gserviceaccount.com",
    "storagetransfer": "project-{}@storage-transfer-service.iam.gserviceaccount.com",
}
SOURCE: Final = "artifactregistry"
"""The service whose agent tells the project's number: it needs no data source, so a preview asks nobody."""
CREATED: Final = (SOURCE, "container", "storage")
"""Services whose agents are asked for here; Google makes the others when a service is switched on or first used."""
KEY_USERS: Final = ("artifactregistry", "compute", "container", "logging", "storage")
"""Services that encrypt with the site's key."""


def project_number(address: str | None) -> str:
    """The project's number in the address of an agent.

    Raises:
        ValueError: there is none.
    """
    found = re.match(r"service-([0-9]+)@", address or "")
    if found is None:
        raise ValueError(f"the agent of {SOURCE} has the address {address!r}; expected service-NUMBER@...")
    return found.group(1)


def member(service: str, number: str) -> str:
    """A service's agent, as a member of IAM policies."""
    return f"serviceAccount:{_ADDRESSES[service].format(number)}"
