"""Planted faults: each is refused with its path; what is right passes."""

from __future__ import annotations

from collections import Counter

import pytest

from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from tests.engine.kubernetes.provider import urn
from tests.engine.offline.conftest import ProviderOf
from tests.engine.offline.planted import FAULTS, KINDS, Kind


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_right_passes(provider_of: ProviderOf, kind: Kind) -> None:
    _, faults = provider_of(kind.token.partition(":")[0]).check(urn(kind.token, "some"), kind.inputs)
    assert faults == []


@pytest.mark.parametrize(("kind", "path", "value", "text"), FAULTS, ids=[f"{one[0]}-{one[1]}" for one in FAULTS])
def test_a_planted_fault_is_refused_with_its_path(
    provider_of: ProviderOf, kind: str, path: str, value: Value, text: str
) -> None:
    faulty = KINDS[kind]
    provider = provider_of(faulty.token.partition(":")[0])
    _, faults = provider.check(urn(faulty.token, "some"), faulty.with_fault(path, value))
    assert len(faults) == 1, "one fault is planted, and one is reported"
    assert text in faults[0]


@pytest.mark.parametrize(("kind", "path", "value", "text"), FAULTS, ids=[f"{one[0]}-{one[1]}" for one in FAULTS])
def test_a_secret_value_is_refused_without_being_shown(
    provider_of: ProviderOf, kind: str, path: str, value: Value, text: str
) -> None:
    del text
    faulty = KINDS[kind]
    provider = provider_of(faulty.token.partition(":")[0])
    _, faults = provider.check(urn(faulty.token, "some"), faulty.with_fault(path, value and Secret(value)))
    assert faults
    texts = "".join(faults)
    # A list of allowed values may hold the value, but never a range.
    assert f"'{value}'" not in texts
    assert not (isinstance(value, str) and "/" in value and value in texts)


def test_every_cloud_has_a_dozen_faults_and_more() -> None:
    by_package = Counter(KINDS[kind].token.partition(":")[0] for kind, *_ in FAULTS)
    assert all(count >= 12 for count in by_package.values()), by_package
    assert set(by_package) == {"aws", "azure-native", "gcp", "docker"}


def test_what_is_unknown_is_right_whatever_it_will_be(provider_of: ProviderOf) -> None:
    inputs: dict[str, Value] = {"roleArn": UNKNOWN, "vpcConfig": UNKNOWN, "version": UNKNOWN, "name": UNKNOWN}
    _, faults = provider_of("aws").check(urn("aws:eks/cluster:Cluster", "some"), inputs)
    assert faults == []


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("subnet", {"region": "us-east-1", "availabilityZone": "us-east-1e"}),
        ("gke", {"location": "us-east1", "nodeLocations": ["us-east1-c"]}),
        ("gke", {"location": "us-east1-d", "nodeLocations": ["us-east1-c"]}),
    ],
)
def test_a_resource_may_stand_in_another_region_than_its_provider(
    provider_of: ProviderOf, kind: str, inputs: dict[str, Value]
) -> None:
    token = KINDS[kind].token
    _, faults = provider_of(token.partition(":")[0]).check(urn(token, "some"), {**KINDS[kind].inputs, **inputs})
    assert faults == []


def test_a_key_of_the_programs_own_says_nothing_of_its_value(provider_of: ProviderOf) -> None:
    labels = {"project": "p", "region": "r", "location": "l"}
    bucket = KINDS["bucket"]
    _, faults = provider_of("gcp").check(urn(bucket.token, "some"), {**bucket.inputs, "labels": labels})
    assert faults == []


def test_a_type_that_the_sdk_does_not_have_is_refused_by_name(provider_of: ProviderOf) -> None:
    from tests.engine.kubernetes.provider import FailedError

    with pytest.raises(FailedError, match="aws:ec2/vpcs:Vpcs: pulumi_aws has no such resource type"):
        provider_of("aws").check(urn("aws:ec2/vpcs:Vpcs", "some"), {})


@pytest.mark.parametrize(
    ("package", "news", "text"),
    [
        ("aws", {"region": "eu-west-9"}, "region: must be a region"),
        ("aws", {"regions": "eu-west-1"}, "regions: there is no such field; did you mean 'region'?"),
        ("aws", {"allowedAccountIds": '["12345"]'}, "allowedAccountIds[0]: must be an account number of 12 digits"),
        ("aws", {"defaultTags": '{"tags": {"a": 1}}'}, "defaultTags.tags.a: must be a string, got an integer: 1"),
        ("azure-native", {"subscriptionId": "some"}, "subscriptionId: must be a GUID, got 'some'"),
        ("gcp", {"project": "My Project"}, "project: must be a project: 6 to 30 lower-case letters"),
    ],
)
def test_a_providers_own_configuration_is_checked(
    provider_of: ProviderOf, package: str, news: dict[str, Value], text: str
) -> None:
    from pouw.engine.plugins.core.properties import to_struct

    answer = provider_of(package).call(
        "CheckConfig", urn=urn(f"pulumi:providers:{package}", "some"), news=to_struct(news)
    )
    assert [text in failure.reason for failure in answer.failures] == [True]
