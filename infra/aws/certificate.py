"""The certificate of the site's edge, validated by records in the stack's zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws.acm.certificate import Certificate
from pulumi_aws.acm.certificate_validation import CertificateValidation

from infra.component import Component
from infra.contracts import DnsRecord


def declare(
    name: str, hosts: Sequence[str], tags: dict[str, str], parent: Component
) -> tuple[pulumi.Output[str], tuple[DnsRecord, ...]]:
    """Declare a certificate for ``hosts``. Return its ARN, known once AWS sees the records, and these records."""
    certificate = Certificate(
        f"{name}-certificate",
        domain_name=hosts[0],
        subject_alternative_names=list(hosts[1:]),
        validation_method="DNS",
        tags=tags,
        opts=parent.child(),
    )
    options = certificate.domain_validation_options
    proofs = [options.apply(lambda entries, host=host: proof_of(entries, host)) for host in hosts]
    records = tuple(
        DnsRecord(
            name=f"{name}-proof-{index}",
            host=proof.apply(lambda pair: pair[0]),
            kind="CNAME",
            value=proof.apply(lambda pair: pair[1]),
        )
        for index, proof in enumerate(proofs)
    )
    validation = CertificateValidation(
        f"{name}-certificate-valid",
        certificate_arn=certificate.arn,
        validation_record_fqdns=[record.host for record in records],
        opts=parent.child(),
    )
    return pulumi.Output.from_input(validation.certificate_arn), records


def proof_of(options: Sequence[Any], host: str) -> tuple[str, str]:
    """Return name and value of the record that validates ``host``, both without the final dot.

    Raises:
        LookupError: AWS asks for no such record.
    """
    option = next((option for option in options if option.domain_name == host), None)
    if option is None:
        domains = [option.domain_name for option in options]
        raise LookupError(f"{host}: AWS asks for no validation record; got records for {domains}")
    return option.resource_record_name.rstrip("."), option.resource_record_value.rstrip(".")
