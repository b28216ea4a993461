"""One provider process' worth of each cloud, for all tests of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.engine.kubernetes.provider import Provider
from tests.engine.offline.provider import serving

ProviderOf = Callable[[str], Provider]


@pytest.fixture(scope="session")
def provider_of() -> Iterator[ProviderOf]:
    """The provider of a package; started when it is first asked for. They keep nothing between calls."""
    with ExitStack() as stack:
        yield cache(lambda package: stack.enter_context(serving(package)))
