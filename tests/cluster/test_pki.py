from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pouw.cluster import pki
from pouw.cluster.layout import NETWORK

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NAMES = {each.name for each in pki.certificates(NETWORK)}


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    pki.issue_all(folder, NETWORK, now=NOW)
    return folder


def read(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_every_certificate_is_signed_by_its_authority(issued: Path) -> None:
    for each in pki.certificates(NETWORK):
        read(issued, each.name).verify_directly_issued_by(read(issued, each.authority))


def test_the_authorities_do_not_trust_each_other(issued: Path) -> None:
    for each in pki.certificates(NETWORK):
        for other in set(pki.AUTHORITIES) - {each.authority}:
            with pytest.raises(ValueError, match="Issuer certificate subject"):
                read(issued, each.name).verify_directly_issued_by(read(issued, other))


def test_no_two_components_share_an_identity(issued: Path) -> None:
    clients = [each for each in pki.certificates(NETWORK) if each.client]
    subjects = [(each.authority, read(issued, each.name).subject.rfc4514_string()) for each in clients]
    assert len(set(subjects)) == len(subjects)


def test_the_kubelet_is_the_node_that_the_node_authorizer_knows(issued: Path) -> None:
    subject = read(issued, "kubelet").subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "system:node:pouw-local"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:nodes"


def test_the_admin_holds_a_group_that_can_be_taken_away(issued: Path) -> None:
    groups = read(issued, "admin").subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [group.value for group in groups] == [pki.ADMIN_GROUP]


def test_the_api_server_answers_to_all_its_names(issued: Path) -> None:
    names = read(issued, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address(NETWORK.gateway) in names.get_values_for_type(x509.IPAddress)
    assert ipaddress.ip_address(NETWORK.api_service) in names.get_values_for_type(x509.IPAddress)
    assert "kubernetes.default.svc.cluster.local" in names.get_values_for_type(x509.DNSName)


def test_a_client_certificate_serves_nothing(issued: Path) -> None:
    usage = read(issued, "admin").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_keys_are_readable_by_their_owner_only(issued: Path) -> None:
    assert issued.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in issued.iterdir()} == {0o600}


def test_nothing_is_issued_twice(issued: Path) -> None:
    before = {path.name: path.read_bytes() for path in issued.iterdir()}
    assert pki.issue_all(issued, NETWORK, now=NOW + dt.timedelta(days=1)) == []
    assert {path.name: path.read_bytes() for path in issued.iterdir()} == before


def test_certificates_near_their_end_are_issued_anew_and_their_authorities_stay(tmp_path: Path) -> None:
    pki.issue_all(tmp_path, NETWORK, now=NOW)
    authority = (tmp_path / "ca.crt").read_bytes()
    late = NOW + pki.LIFETIME - pki.RENEW_BEFORE + dt.timedelta(days=1)
    assert set(pki.issue_all(tmp_path, NETWORK, now=late)) == NAMES
    assert (tmp_path / "ca.crt").read_bytes() == authority


def test_an_authority_that_would_end_before_what_it_signs_is_replaced_with_all_below_it(tmp_path: Path) -> None:
    pki.issue_all(tmp_path, NETWORK, now=NOW)
    late = NOW + pki.AUTHORITY_LIFETIME - pki.LIFETIME + dt.timedelta(days=1)
    assert set(pki.issue_all(tmp_path, NETWORK, now=late)) == NAMES | set(pki.AUTHORITIES)


@pytest.mark.parametrize("damage", ["missing", "torn", "key of another"])
def test_a_damaged_certificate_is_issued_anew_alone(tmp_path: Path, damage: str) -> None:
    pki.issue_all(tmp_path, NETWORK, now=NOW)
    if damage == "missing":
        (tmp_path / "kubelet.crt").unlink()
    elif damage == "torn":
        (tmp_path / "kubelet.crt").write_text("-----BEGIN CERTIFICATE-----\nMII")
    else:
        (tmp_path / "kubelet.key").write_bytes((tmp_path / "proxy.key").read_bytes())
    assert pki.issue_all(tmp_path, NETWORK, now=NOW) == ["kubelet"]
