"""The certificate of the site's edge, validated by records in the stack's zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws.acm.certificate import Certificate
from pulumi_aws.acm.certificate_validation import CertificateValidation

from infra.component import Component
from infra.contracts import Dns


def declare(name: str, hosts: Sequence[str], dns: Dns, tags: dict[str, str], parent: Component) -> pulumi.Output[str]:
    """Declare a certificate for ``hosts`` and return its ARN, which is known once AWS has validated the records."""
    certificate = Certificate(
        f"{name}-certificate",
        domain_name=hosts[0],
        subject_alternative_names=list(hosts[1:]),
        validation_method="DNS",
        tags=tags,
        opts=parent.child(),
    )
    proofs = []
    for index, host in enumerate(hosts):
        proof = certificate.domain_validation_options.apply(lambda options, host=host: proof_of(options, host))
        record, value = proof.apply(lambda pair: pair[0]), proof.apply(lambda pair: pair[1])
        dns.record(f"{name}-proof-{index}", host=record, kind="CNAME", value=value)
        proofs.append(record)
    valid = CertificateValidation(
        f"{name}-certificate-valid",
        certificate_arn=certificate.arn,
        validation_record_fqdns=proofs,
        opts=parent.child(),
    )
    return pulumi.Output.from_input(valid.certificate_arn)


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
