"""Certificates of the site's edge, one a host, each proven by a record in the stack's zone."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws.acm.certificate import Certificate
from pulumi_aws.acm.certificate_validation import CertificateValidation

from infra.component import Component
from infra.contracts import Names


def certificate(name: str, host: str, names: Names, tags: Mapping[str, str], parent: Component) -> pulumi.Output[str]:
    """Declare a certificate for ``host``; its ARN, known once AWS has seen the record."""
    made = Certificate(f"{name}-certificate", domain_name=host, validation_method="DNS", tags=tags, opts=parent.child())
    proof = made.domain_validation_options[0]
    # Zones of other clouds take no name with the root's dot.
    where = proof.resource_record_name.apply(lambda text: text.rstrip("."))
    value = proof.resource_record_value.apply(lambda text: text.rstrip("."))
    names.record(f"{name}-proof", host=where, kind="CNAME", value=value)
    valid = CertificateValidation(
        f"{name}-certificate-valid", certificate_arn=made.arn, validation_record_fqdns=[where], opts=parent.child()
    )
    return pulumi.Output.from_input(valid.certificate_arn)
