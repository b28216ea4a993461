"""Every cloud's site has every facet of the same posture, given the same arguments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest

from infra.clouds import CLOUDS
from tests.contracts import posture
from tests.infra.recorder import Recorded

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)


@cache
def declared(cloud: str) -> Sequence[Recorded]:
    """What the cloud's site declares, asked for once."""
    return posture.declared(cloud)


@each_cloud
def test_a_cloud_has_a_word_for_every_facet_and_no_facet_of_its_own(cloud: str) -> None:
    assert sorted(posture.facets(cloud)) == sorted(posture.NAMES)


@each_cloud
@pytest.mark.parametrize("facet", posture.NAMES)
def test_a_production_site_lacks_nothing_of_a_facet(cloud: str, facet: str) -> None:
    assert posture.facets(cloud)[facet](declared(cloud)) == []


@each_cloud
@pytest.mark.parametrize("facet", posture.NAMES)
def test_a_site_that_declares_nothing_lacks_every_facet(cloud: str, facet: str) -> None:
    assert posture.facets(cloud)[facet]([]) != []
