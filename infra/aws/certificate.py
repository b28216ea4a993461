"""The certificate of the site's edge, proven by records in the stack's zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws.acm.certificate import Certificate
from pulumi_aws.acm.certificate_validation import CertificateValidation

from infra.component import Component
from infra.contracts import Dns


def certificate(
    name: str, hosts: Sequence[str], dns: Dns, tags: dict[str, str], parent: Component
) -> pulumi.Output[str]:
    """Declare a certificate for ``hosts``; its ARN, known once AWS has seen the records."""
    made = Certificate(
        f"{name}-certificate",
        domain_name=hosts[0],
        subject_alternative_names=list(hosts[1:]),
        validation_method="DNS",
        tags=tags,
        opts=parent.child(),
    )
    proofs = []
    for index, host in enumerate(hosts):
        proof = made.domain_validation_options.apply(lambda options, host=host: proof_of(options, host))
        where, value = proof.apply(lambda found: found[0]), proof.apply(lambda found: found[1])
        dns.record(f"{name}-proof-{index}", host=where, kind="CNAME", value=value)
        proofs.append(where)
    valid = CertificateValidation(
        f"{name}-certificate-valid",
        certificate_arn=made.arn,
        validation_record_fqdns=proofs,
        opts=parent.child(),
    )
    return pulumi.Output.from_input(valid.certificate_arn)


def proof_of(options: Sequence[Any], host: str) -> tuple[str, str]:
    """Name and value of the record that proves ``host``, both without the root's dot.

    Raises:
        LookupError: there is none.
    """
    found = next((one for one in options if one.domain_name == host), None)
    if found is None:
        raise LookupError(f"AWS named no record that proves {host}, only {[one.domain_name for one in options]}")
    return found.resource_record_name.rstrip("."), found.resource_record_value.rstrip(".")
