"""Fixtures of the compliant site, declared once per session."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.infra.gcp.compliant_site import CONTACTS, record_site, settings
from tests.infra.recorder import Recorded


@pytest.fixture(scope="session")
def resources() -> Sequence[Recorded]:
    """Return the resources of the compliant production site."""
    return record_site()


@pytest.fixture(scope="session")
def staging() -> Sequence[Recorded]:
    """Return the resources of the site in staging without an edge."""
    return record_site(settings(environment="staging"), edge=False)


@pytest.fixture(scope="session")
def many_contacts() -> Sequence[Recorded]:
    """Return the resources of a site with ``CONTACTS`` and with other retentions of its logs."""
    return record_site(settings({"cluster": {"logDays": 400}, "network": {"flowLogDays": 7}}, contacts=CONTACTS))
