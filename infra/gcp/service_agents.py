"""Google's service agents, which act for a project. Their addresses contain the project's number."""

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
"""The service whose agent's address provides the project's number, so that a preview needs no data source."""
CREATED: Final = (SOURCE, "container", "storage")
"""Services whose agents the stack creates. Google creates the others when a service is enabled or first used."""
KEY_USERS: Final = ("artifactregistry", "compute", "container", "logging", "storage")
"""Services that encrypt with the site's key."""


def project_number(address: str | None) -> str:
    """Return the project's number from the address of an agent.

    Raises:
        ValueError: The address contains no number.
    """
    match = re.match(r"service-([0-9]+)@", address or "")
    if match is None:
        raise ValueError(f"the agent of {SOURCE} has the address {address!r}; expected service-NUMBER@...")
    return match.group(1)


def member(service: str, number: str) -> str:
    """Return a service's agent as a member of IAM policies."""
    return f"serviceAccount:{_ADDRESSES[service].format(number)}"
