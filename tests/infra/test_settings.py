"""Settings: accepted values, and faults that are all reported at once, each with its path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.faults import Fault
from infra.settings.loader import ConfigError, parse
from infra.settings.stack import Settings

COMPLIANT: dict[str, Any] = {"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]}


def faults(**changes: object) -> list[str]:
    """Return the faults of the compliant configuration with changes."""
    with pytest.raises(ConfigError) as refusal:
        parse({**COMPLIANT, **changes})
    return [str(fault) for fault in refusal.value.faults]


def test_a_minimal_configuration_gets_production_sized_defaults() -> None:
    settings = parse(COMPLIANT)
    assert (settings.nodes.miners, settings.nodes.verifiers) == (3, 1)
    assert settings.nodes.resources.requests.memory == "1Gi"
    assert settings.nodes.resources.limits.cpu == "4"


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(parse(COMPLIANT), "environment", "production")  # noqa: B010 - the assignment is what is refused


@pytest.mark.parametrize(
    ("changes", "path", "part"),
    [
        ({"nodes": {"miners": 0}}, "pouw:nodes.miners", "greater than or equal to 1"),
        ({"nodes": {"miners": "3"}}, "pouw:nodes.miners", "a valid integer"),
        ({"nodes": {"miners": True}}, "pouw:nodes.miners", "a valid integer"),
        ({"nodes": {"minors": 3}}, "pouw:nodes.minors", "one of miners, verifiers, resources, storage"),
        ({"nodes": {"storage": {"size": "plenty"}}}, "pouw:nodes.storage.size", "a quantity such as"),
        ({"environment": "prod"}, "pouw:environment", "'local', 'staging' or 'production'"),
        ({"sites": []}, "pouw:sites", "at least 1 site"),
        ({"sites": "local"}, "pouw:sites", "array"),
        ({"sites": [{"name": "Local!", "cloud": "kubernetes"}]}, "pouw:sites[0].name", "lower-case letters"),
        ({"sites": [{"name": "a", "cloud": "ibm"}]}, "pouw:sites[0].cloud", "one of aws, azure, gcp, kubernetes"),
        ({"sites": [{"name": "a"}]}, "pouw:sites[0].cloud", "is missing; expected one of aws"),
        ({"sites": ["a"]}, "pouw:sites[0]", "expected an object"),
        ({"sites": [{"cloud": "kubernetes"}]}, "pouw:sites[0].name", "is missing; expected 1 to 20 lower-case"),
        ({"sites": [{"name": "a", "cloud": "kubernetes", "role": "standby"}]}, "pouw:sites", "role: active"),
        ({"enviroment": "local"}, "pouw:enviroment", "one of environment, "),
        ({"images": {"node": "no tag"}}, "pouw:images.node", "an image with a tag or digest"),
        ({"chain": {"blockTimeS": 0}}, "pouw:chain.blockTimeS", "greater than or equal to 1"),
        ({"balancer": {"exposure": {"rpcNodePort": 70000}}}, "pouw:balancer.exposure.rpcNodePort", "65535"),
    ],
)
def test_a_fault_names_its_path_and_what_is_allowed(changes: dict[str, Any], path: str, part: str) -> None:
    [fault] = faults(**changes)
    assert fault.startswith(f"{path}: ")
    assert part in fault


def test_all_faults_are_reported_together_also_those_between_sites() -> None:
    lines = faults(
        environment="prod",
        nodes={"miners": 0},
        sites=[{"name": "a", "cloud": "kubernetes"}, {"name": "a", "cloud": "ibm"}],
    )
    assert [line.split(": ")[0] for line in lines] == [
        "pouw:environment",
        "pouw:sites[1].cloud",
        "pouw:nodes.miners",
        "pouw:sites[1].name",
    ]


ON_AWS = {
    "name": "primary",
    "cloud": "aws",
    "region": "us-east-1",
    "account": "444455556666",
    "cluster": {"administrators": ["arn:aws:iam::444455556666:role/deployer"]},
    "backups": {"copyRegion": "us-west-2"},
}
ON_GCP = {
    "name": "dr",
    "cloud": "gcp",
    "region": "europe-west1",
    "account": "pouw-example",
    "backups": {"copyRegion": "europe-west4"},
}
RACK = {"name": "rack", "cloud": "kubernetes", "context": "rack"}


@pytest.mark.parametrize("serving", ["primary", "dr"])
def test_the_zone_stays_where_it_is_when_another_site_takes_over(serving: str) -> None:
    sites = [
        {**site, "role": "active" if site["name"] == serving else "standby", "network": {"cidr": cidr}}
        for site, cidr in ((ON_AWS, "10.1.0.0/16"), (ON_GCP, "10.2.0.0/16"))
    ]
    rack = {**RACK, "role": "standby", "egress": ["192.0.2.0/24"]}
    stack = parse(
        {
            "environment": "staging",
            "sites": [rack, *sites],
            "dns": {"zone": "pouw.example.org"},
            "contacts": ["oncall@example.org"],
        }
    )
    assert stack.zone_holder is not None
    assert stack.zone_holder.name == "primary"


def test_a_stack_without_a_zone_has_no_zone_holder() -> None:
    local = {"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]}
    assert parse(local).zone_holder is None
    assert parse({**local, "dns": {"zone": "pouw.example.org"}}).zone_holder is None, "an existing cluster has no names"


def test_a_secret_is_no_setting_and_is_never_shown() -> None:
    parse({**COMPLIANT, "nodeKeySeed": {"secure": "v1:abc"}})
    assert "v1:abc" not in "".join(faults(nodeKeySeed={"secure": "v1:abc"}, environment="x"))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def outcome(values: dict[str, Any]) -> Settings | tuple[Fault, ...]:
    """Return the settings, or the faults of a refusal."""
    try:
        return parse(values)
    except ConfigError as error:
        return error.faults


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*Settings.model_fields, "x"]), _json, max_size=6))
def test_any_values_are_either_accepted_or_refused_with_faults(values: dict[str, Any]) -> None:
    result = outcome(values)
    assert isinstance(result, Settings) or all(fault.path.startswith("pouw:") for fault in result)
    assert result
