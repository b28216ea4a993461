"""The cluster's certificates: authorities, identities, renewal and repair."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pouw.cluster import pki
from pouw.cluster.layout import Network

NETWORK = Network()
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NAMES = {certificate.name for certificate in pki.certificates(NETWORK)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pki")
    pki.issue_all(path, NETWORK, now=NOW)
    return path


def read(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_every_certificate_is_signed_by_its_authority(folder: Path) -> None:
    for certificate in pki.certificates(NETWORK):
        read(folder, certificate.name).verify_directly_issued_by(read(folder, certificate.authority))


def test_the_authorities_do_not_trust_each_other(folder: Path) -> None:
    for certificate in pki.certificates(NETWORK):
        for stranger in set(pki.AUTHORITIES) - {certificate.authority}:
            with pytest.raises(ValueError, match="Issuer certificate subject"):
                read(folder, certificate.name).verify_directly_issued_by(read(folder, stranger))


def test_no_two_components_share_an_identity(folder: Path) -> None:
    clients = [certificate for certificate in pki.certificates(NETWORK) if certificate.client]
    subjects = [
        (certificate.authority, read(folder, certificate.name).subject.rfc4514_string()) for certificate in clients
    ]
    assert len(set(subjects)) == len(subjects)


def test_the_kubelet_is_the_node_that_the_node_authorizer_knows(folder: Path) -> None:
    subject = read(folder, "kubelet").subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "system:node:pouw-local"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:nodes"


def test_the_admin_has_a_group_that_can_be_revoked(folder: Path) -> None:
    groups = read(folder, "admin").subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [group.value for group in groups] == [pki.ADMIN_GROUP]


def test_the_api_servers_certificate_holds_all_its_names(folder: Path) -> None:
    names = read(folder, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address(NETWORK.gateway) in names.get_values_for_type(x509.IPAddress)
    assert ipaddress.ip_address(NETWORK.api_service) in names.get_values_for_type(x509.IPAddress)
    assert "kubernetes.default.svc.cluster.local" in names.get_values_for_type(x509.DNSName)


def test_a_client_certificate_is_not_valid_for_servers(folder: Path) -> None:
    usage = read(folder, "admin").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_keys_are_readable_by_their_owner_only(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_valid_certificates_are_not_issued_again(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert pki.issue_all(folder, NETWORK, now=NOW + dt.timedelta(days=1)) == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_expiring_certificates_are_renewed_and_their_authorities_stay(tmp_path: Path) -> None:
    pki.issue_all(tmp_path, NETWORK, now=NOW)
    authority = (tmp_path / "ca.crt").read_bytes()
    late = NOW + pki.LIFETIME - pki.RENEW_BEFORE + dt.timedelta(days=1)
    assert set(pki.issue_all(tmp_path, NETWORK, now=late)) == NAMES
    assert (tmp_path / "ca.crt").read_bytes() == authority


def test_an_expiring_authority_is_replaced_with_all_its_certificates(tmp_path: Path) -> None:
    pki.issue_all(tmp_path, NETWORK, now=NOW)
    late = NOW + pki.AUTHORITY_LIFETIME - pki.LIFETIME + dt.timedelta(days=1)
    assert set(pki.issue_all(tmp_path, NETWORK, now=late)) == NAMES | set(pki.AUTHORITIES)


@pytest.mark.parametrize("damage", ["missing", "torn", "key of another"])
def test_only_a_damaged_certificate_is_issued_again(tmp_path: Path, damage: str) -> None:
    pki.issue_all(tmp_path, NETWORK, now=NOW)
    if damage == "missing":
        (tmp_path / "kubelet.crt").unlink()
    elif damage == "torn":
        (tmp_path / "kubelet.crt").write_text("-----BEGIN CERTIFICATE-----\nMII")
    else:
        (tmp_path / "kubelet.key").write_bytes((tmp_path / "proxy.key").read_bytes())
    assert pki.issue_all(tmp_path, NETWORK, now=NOW) == ["kubelet"]
