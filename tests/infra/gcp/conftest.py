"""The compliant site, declared once a run."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.infra.gcp.declared import declared
from tests.infra.recorder import Recorded


@pytest.fixture(scope="session")
def found() -> Sequence[Recorded]:
    """Everything that the compliant production site declares."""
    return declared()


@pytest.fixture(scope="session")
def staging() -> Sequence[Recorded]:
    """The same site in staging, without an edge."""
    from tests.infra.gcp.declared import settings

    return declared(settings(environment="staging"), edge=False)
