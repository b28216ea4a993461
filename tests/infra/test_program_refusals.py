"""No bad value of any cloud reaches the program: whatever is accepted, the cloud's component declares without error."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.clouds import CLOUDS
from infra.faults import Fault
from infra.settings.loader import ConfigError, parse
from infra.settings.stack import Settings
from tests.infra.clouds import STACK, Cloud

PATHS = (
    "region", "zones", "account", "tenant", "network.cidr", "network.pods", "network.services", "network.translation",
    "network.ddosPlan", "network.flowLogDays", "cluster.version", "cluster.apiAllowFrom", "cluster.administrators",
    "cluster.addons", "cluster.logDays", "pools.miners.instance", "pools.rpc.instance", "pools.system.maximum",
    "pools.miners.minimum", "pools.miners.maximum", "pools.miners.onDemandFloor", "pools.miners.spot",
    "pools.rpc.diskGib", "backups.copyRegion", "backups.retentionDays", "budget.monthly", "budget.since",
    "budget.billingAccount",
)  # fmt: skip
REGIONS = [region for cloud in CLOUDS.values() for region in cloud.regions]
VALUES = st.one_of(
    st.sampled_from(REGIONS),
    st.sampled_from(["10.99.0.0/20", "100.64.0.0/22", "172.17.0.0/16", "8.8.0.0/16", "fd00::/16", "x/16"]),
    st.sampled_from(["m7i.large", "Standard_D4ds_v5", "Standard_NC4as_T4_v3", "g2-standard-8", "c4-standard-8"]),
    st.sampled_from(["1.33", "1.34", "1.99", "2026-11-01", "012345-6789AB-CDEF01", "111122223333", "pouw-other"]),
    st.lists(st.sampled_from(["198.51.100.0/24", "2001:db8::/32", "1", "us-east-1a", "3"]), max_size=4),
    st.integers(min_value=-1, max_value=3700),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
)


def replace_value(site: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of a site with another value at a path."""
    values = deepcopy(dict(site))
    *way, last = path.split(".")
    holder = values
    for key in way:
        holder = holder.setdefault(key, {})
    holder[last] = value
    return values


def parsed(values: Mapping[str, Any]) -> Settings | tuple[Fault, ...]:
    """Return the settings, or the faults of a refusal."""
    try:
        return parse(values)
    except ConfigError as error:
        return error.faults


@pytest.mark.parametrize("cloud", CLOUDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.dictionaries(st.sampled_from(PATHS), VALUES, min_size=1, max_size=3))
def test_a_changed_site_is_refused_or_declared(cloud: str, changes: dict[str, object]) -> None:
    compliant: Cloud = importlib.import_module(f"tests.infra.{cloud}.compliant_site").CLOUD
    site: Mapping[str, Any] = compliant.site
    for path, value in changes.items():
        site = replace_value(site, path, value)
    result = parsed({**STACK, "sites": [site]})
    if isinstance(result, Settings):
        assert compliant.record_site(result)
    else:
        assert result
        assert all(fault.path.startswith("pouw:") for fault in result)
