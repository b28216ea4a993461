"""The cluster's own certificates: one authority for the cluster, one for etcd, one for the API aggregator.

Keys never leave their files (mode 0600). A certificate is issued again if it is missing, unreadable, signed by another
authority, different from its specification, or about to expire within ``RENEW_BEFORE``.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pouw.cluster.layout import NODE_NAME, Network
from pouw.files import write_private

AUTHORITY_LIFETIME = dt.timedelta(days=3650)
LIFETIME = dt.timedelta(days=365)
RENEW_BEFORE = dt.timedelta(days=60)
_CLOCK_SKEW = dt.timedelta(minutes=5)

ADMIN_GROUP = "pouw:cluster-admins"
"""Group of the admin kubeconfig. RBAC binds it to cluster-admin, so it can be revoked, unlike ``system:masters``."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Specification of a certificate: its file stem, authority, subject and usages."""

    name: str
    authority: str
    subject: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    server: bool = False
    client: bool = False


CLUSTER, ETCD, FRONT_PROXY = "ca", "etcd-ca", "front-proxy-ca"
AUTHORITIES = {CLUSTER: "pouw-cluster", ETCD: "pouw-etcd", FRONT_PROXY: "pouw-front-proxy"}


def certificates(network: Network) -> tuple[Certificate, ...]:
    """Return every certificate of the cluster but the authorities' own."""

    def client(name: str, subject: str, *groups: str) -> Certificate:
        return Certificate(name=name, authority=CLUSTER, subject=subject, groups=groups, client=True)

    api_hosts = (
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        f"kubernetes.default.svc.{network.domain}",
        "localhost",
        NODE_NAME,
        network.gateway,
        network.api_service,
        "127.0.0.1",
        network.loopback,
    )
    return (
        Certificate(name="apiserver", authority=CLUSTER, subject="kube-apiserver", hosts=api_hosts, server=True),
        client("apiserver-kubelet", "pouw:apiserver-kubelet", "pouw:kubelet-api"),
        Certificate(name="apiserver-etcd", authority=ETCD, subject="kube-apiserver", client=True),
        Certificate(
            name="etcd",
            authority=ETCD,
            subject="etcd",
            hosts=("localhost", network.loopback),
            server=True,
            client=True,
        ),
        Certificate(name="front-proxy", authority=FRONT_PROXY, subject="front-proxy-client", client=True),
        client("controller-manager", "system:kube-controller-manager"),
        client("scheduler", "system:kube-scheduler"),
        client("proxy", "system:kube-proxy"),
        client("kubelet", f"system:node:{NODE_NAME}", "system:nodes"),
        Certificate(
            name="kubelet-serving",
            authority=CLUSTER,
            subject=f"system:node:{NODE_NAME}",
            groups=("system:nodes",),
            hosts=(NODE_NAME, network.gateway),
            server=True,
        ),
        Certificate(
            name="local-serving", authority=CLUSTER, subject="pouw:local", hosts=(network.loopback,), server=True
        ),
        client("probe", "pouw:probe", "system:monitoring"),
        client("storage", "pouw:storage"),
        client("metrics-server", "pouw:metrics-server"),
        Certificate(
            name="metrics-server-serving",
            authority=CLUSTER,
            subject="metrics-server",
            hosts=("metrics-server.kube-system.svc", network.gateway),
            server=True,
        ),
        client("bootstrap", "pouw:bootstrap", "system:masters"),
        client("admin", "pouw:admin", ADMIN_GROUP),
    )


def issue_all(folder: Path, network: Network, *, now: dt.datetime) -> Sequence[str]:
    """Issue what is missing or out of date in ``folder``, and return the names of the issued certificates."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    names: list[str] = []
    for name, subject in AUTHORITIES.items():
        if not _authority_holds(folder, name, now=now):
            _issue_authority(folder, name, subject, now=now)
            names.append(name)
    for certificate in certificates(network):
        if not holds(folder, certificate, now=now):
            _issue(folder, certificate, now=now)
            names.append(certificate.name)
    account_key = folder / "service-account.key"
    if not account_key.exists() or not (folder / "service-account.pub").exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(account_key, _key_bytes(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private(folder / "service-account.pub", public)
        names.append("service-account")
    return names


def holds(folder: Path, specification: Certificate, *, now: dt.datetime) -> bool:
    """True if the certificate on disk meets its specification and stays valid for ``RENEW_BEFORE``."""
    certificate, key = _load(folder, specification.name)
    authority, _ = _load(folder, specification.authority)
    if certificate is None or key is None or authority is None:
        return False
    if certificate.not_valid_after_utc - now < RENEW_BEFORE or certificate.not_valid_before_utc > now:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return (
        certificate.public_key() == key.public_key()
        and certificate.subject == _subject(specification.subject, specification.groups)
        and _hosts(certificate) == frozenset(specification.hosts)
        and frozenset(_usages(specification)) == _usages_of(certificate)
    )


def _authority_holds(folder: Path, name: str, *, now: dt.datetime) -> bool:
    certificate, key = _load(folder, name)
    return (
        certificate is not None
        and key is not None
        and certificate.public_key() == key.public_key()
        and certificate.not_valid_after_utc - now >= LIFETIME
        and certificate.not_valid_before_utc <= now
    )


def _load(folder: Path, name: str) -> tuple[x509.Certificate | None, ec.EllipticCurvePrivateKey | None]:
    """Return a certificate and its key, each None if it is missing or damaged."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    except (OSError, ValueError):
        return None, None
    return certificate, key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _issue_authority(folder: Path, name: str, subject: str, *, now: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    title = _subject(subject, ())
    builder = (
        _builder(title, title, key.public_key(), now=now, lifetime=AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    _save(folder, name, builder.sign(key, hashes.SHA256()), key)


def _issue(folder: Path, specification: Certificate, *, now: dt.datetime) -> None:
    authority, authority_key = _load(folder, specification.authority)
    assert authority is not None and authority_key is not None, "authorities are issued first"  # noqa: S101, PT018
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(specification.subject, specification.groups)
    builder = (
        _builder(subject, authority.subject, key.public_key(), now=now, lifetime=LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(_usages(specification)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    if specification.hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in specification.hosts]), critical=False
        )
    _save(folder, specification.name, builder.sign(authority_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, now: dt.datetime, lifetime: dt.timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _subject(name: str, groups: Sequence[str]) -> x509.Name:
    return x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _hosts(certificate: x509.Certificate) -> frozenset[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(str(name.value) for name in names)


def _usages(specification: Certificate) -> list[x509.ObjectIdentifier]:
    return [
        *([ExtendedKeyUsageOID.SERVER_AUTH] if specification.server else []),
        *([ExtendedKeyUsageOID.CLIENT_AUTH] if specification.client else []),
    ]


def _usages_of(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    return frozenset(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _save(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """Write the key, then the certificate. ``holds`` notices a certificate that does not match its key."""
    write_private(folder / f"{name}.key", _key_bytes(key))
    write_private(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
