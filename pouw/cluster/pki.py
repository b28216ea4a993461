"""The cluster's own certificates: one authority for the cluster, one for etcd, one for the API aggregator.

Keys never leave their files (mode 0600). A certificate is issued again when it is missing, unreadable, signed
by another authority, says something else than wanted, or ends within ``RENEW_BEFORE``.
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
"""Group of the admin kubeconfig. Bound to cluster-admin by RBAC, so it can be taken away; unlike ``system:masters``."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """One certificate to hold: its file stem, who signs it, whom it names, and what it may be used for."""

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
    """Every certificate of the cluster below its authorities."""

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
    """Bring ``folder`` up to date and return the names of what was issued anew; nothing at all when all is well."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    issued: list[str] = []
    for name, subject in AUTHORITIES.items():
        if not _authority_holds(folder, name, now=now):
            _issue_authority(folder, name, subject, now=now)
            issued.append(name)
    for certificate in certificates(network):
        if not holds(folder, certificate, now=now):
            _issue(folder, certificate, now=now)
            issued.append(certificate.name)
    account_key = folder / "service-account.key"
    if not account_key.exists() or not (folder / "service-account.pub").exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(account_key, _key_bytes(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private(folder / "service-account.pub", public)
        issued.append("service-account")
    return issued


def holds(folder: Path, wanted: Certificate, *, now: dt.datetime) -> bool:
    """Whether the certificate on disk is the wanted one and stays valid for ``RENEW_BEFORE``."""
    found, key = _load(folder, wanted.name)
    authority, _ = _load(folder, wanted.authority)
    if found is None or key is None or authority is None:
        return False
    if found.not_valid_after_utc - now < RENEW_BEFORE or found.not_valid_before_utc > now:
        return False
    try:
        found.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return (
        found.public_key() == key.public_key()
        and found.subject == _subject(wanted.subject, wanted.groups)
        and _hosts(found) == frozenset(wanted.hosts)
        and frozenset(_usages(wanted)) == _usages_of(found)
    )


def _authority_holds(folder: Path, name: str, *, now: dt.datetime) -> bool:
    found, key = _load(folder, name)
    return (
        found is not None
        and key is not None
        and found.public_key() == key.public_key()
        and found.not_valid_after_utc - now >= LIFETIME
        and found.not_valid_before_utc <= now
    )


def _load(folder: Path, name: str) -> tuple[x509.Certificate | None, ec.EllipticCurvePrivateKey | None]:
    """Both halves, or ``None`` for what is missing or damaged: a torn file is issued anew, not mourned."""
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


def _issue(folder: Path, wanted: Certificate, *, now: dt.datetime) -> None:
    authority, authority_key = _load(folder, wanted.authority)
    assert authority is not None and authority_key is not None, "authorities are issued first"  # noqa: S101, PT018
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(wanted.subject, wanted.groups)
    builder = (
        _builder(subject, authority.subject, key.public_key(), now=now, lifetime=LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(_usages(wanted)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    if wanted.hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in wanted.hosts]), critical=False
        )
    _save(folder, wanted.name, builder.sign(authority_key, hashes.SHA256()), key)


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


def _usages(wanted: Certificate) -> list[x509.ObjectIdentifier]:
    return [
        *([ExtendedKeyUsageOID.SERVER_AUTH] if wanted.server else []),
        *([ExtendedKeyUsageOID.CLIENT_AUTH] if wanted.client else []),
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
    """Key first: a certificate without its key is the torn state that ``holds`` must see, and it does."""
    write_private(folder / f"{name}.key", _key_bytes(key))
    write_private(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
