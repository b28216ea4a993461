"""Every cloud's production site meets every requirement of the security baseline."""

from __future__ import annotations

import pytest

from infra.clouds import CLOUDS
from tests.contracts import security_baseline

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)


@each_cloud
def test_a_cloud_has_a_check_for_every_requirement_and_no_others(cloud: str) -> None:
    assert sorted(security_baseline.checks(cloud)) == sorted(security_baseline.REQUIREMENTS)


@each_cloud
@pytest.mark.parametrize("requirement", security_baseline.REQUIREMENTS)
def test_a_production_site_meets_a_requirement(cloud: str, requirement: str) -> None:
    assert security_baseline.checks(cloud)[requirement](security_baseline.production_site(cloud)) == []


@each_cloud
@pytest.mark.parametrize("requirement", security_baseline.REQUIREMENTS)
def test_a_site_without_resources_meets_no_requirement(cloud: str, requirement: str) -> None:
    assert security_baseline.checks(cloud)[requirement]([]) != []
