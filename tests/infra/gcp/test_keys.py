"""Keys, and who may use them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from infra.gcp import service_agents
from infra.gcp.keys import protection_level
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def test_an_agents_address_tells_the_projects_number() -> None:
    assert service_agents.project_number("service-42@gcp-sa-artifactregistry.iam.gserviceaccount.com") == "42"


@pytest.mark.parametrize("address", [None, "", "somebody@example.org"])
def test_an_address_without_a_number_is_told(address: str | None) -> None:
    with pytest.raises(ValueError, match="expected service-NUMBER@"):
        service_agents.project_number(address)


def test_agents_of_one_project_are_told_apart_and_named_after_it() -> None:
    members = {service_agents.member(service, "42") for service in (*service_agents.KEY_USERS, "storagetransfer")}
    assert len(members) == len(service_agents.KEY_USERS) + 1
    assert all("-42@" in member for member in members)


def test_every_service_that_encrypts_may_use_the_sites_key_and_storage_alone_the_copys(
    found: Sequence[Recorded],
) -> None:
    users = {
        key: sorted(
            one.inputs["member"] for one in kind(found, "CryptoKeyIAMMember") if one.inputs["cryptoKeyId"] == key
        )
        for key in ("primary-keys-site-key-id", "primary-keys-copy-key-id")
    }
    number = "123456789012"
    assert users["primary-keys-site-key-id"] == sorted(
        service_agents.member(one, number) for one in service_agents.KEY_USERS
    )
    assert users["primary-keys-copy-key-id"] == [service_agents.member("storage", number)]


def test_each_key_is_in_the_region_of_what_it_encrypts(found: Sequence[Recorded]) -> None:
    assert [one.inputs["location"] for one in kind(found, "KeyRing")] == ["europe-west4", "europe-west1"]
    keys = {one.inputs["location"]: one.inputs["encryption"]["defaultKmsKeyName"] for one in kind(found, "Bucket")}
    assert keys == {"EUROPE-WEST4": "primary-keys-site-key-id", "EUROPE-WEST1": "primary-keys-copy-key-id"}


def test_key_rings_are_named_by_the_engine_as_google_never_gives_a_name_back(found: Sequence[Recorded]) -> None:
    assert not any("name" in one.inputs for one in (*kind(found, "KeyRing"), *kind(found, "CryptoKey")))


def test_production_keys_stay_in_hardware() -> None:
    assert (protection_level(production=True), protection_level(production=False)) == ("HSM", "SOFTWARE")
