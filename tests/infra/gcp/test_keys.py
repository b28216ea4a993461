"""Keys, and who may use them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from infra.gcp import service_agents
from infra.gcp.keys import protection_level
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def test_an_agents_address_contains_the_projects_number() -> None:
    assert service_agents.project_number("service-42@gcp-sa-artifactregistry.iam.gserviceaccount.com") == "42"


@pytest.mark.parametrize("address", [None, "", "operator@example.org"])
def test_an_address_without_a_number_is_refused(address: str | None) -> None:
    with pytest.raises(ValueError, match="expected service-NUMBER@"):
        service_agents.project_number(address)


def test_agents_of_one_project_have_different_names_with_its_number() -> None:
    members = {service_agents.member(service, "42") for service in (*service_agents.KEY_USERS, "storagetransfer")}
    assert len(members) == len(service_agents.KEY_USERS) + 1
    assert all("-42@" in member for member in members)


def test_encrypting_services_use_the_sites_key_and_only_storage_the_copys(
    resources: Sequence[Recorded],
) -> None:
    users = {
        key: sorted(
            resource.inputs["member"]
            for resource in kind(resources, "CryptoKeyIAMMember")
            if resource.inputs["cryptoKeyId"] == key
        )
        for key in ("primary-keys-site-key-id", "primary-keys-copy-key-id")
    }
    number = "123456789012"
    assert users["primary-keys-site-key-id"] == sorted(
        service_agents.member(resource, number) for resource in service_agents.KEY_USERS
    )
    assert users["primary-keys-copy-key-id"] == [service_agents.member("storage", number)]


def test_each_key_is_in_the_region_of_what_it_encrypts(resources: Sequence[Recorded]) -> None:
    assert [resource.inputs["location"] for resource in kind(resources, "KeyRing")] == ["europe-west4", "europe-west1"]
    keys = {
        resource.inputs["location"]: resource.inputs["encryption"]["defaultKmsKeyName"]
        for resource in kind(resources, "Bucket")
    }
    assert keys == {"EUROPE-WEST4": "primary-keys-site-key-id", "EUROPE-WEST1": "primary-keys-copy-key-id"}


def test_the_engine_names_key_rings_because_google_never_releases_a_name(resources: Sequence[Recorded]) -> None:
    assert not any(
        "name" in resource.inputs for resource in (*kind(resources, "KeyRing"), *kind(resources, "CryptoKey"))
    )


def test_production_keys_stay_in_hardware() -> None:
    assert (protection_level(production=True), protection_level(production=False)) == ("HSM", "SOFTWARE")
