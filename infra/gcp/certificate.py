"""The certificate of the site's edge, validated by records in the stack's zone."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp.certificatemanager.certificate import Certificate
from pulumi_gcp.certificatemanager.certificate_map import CertificateMap
from pulumi_gcp.certificatemanager.certificate_map_entry import CertificateMapEntry
from pulumi_gcp.certificatemanager.dns_authorization import DnsAuthorization

from infra.contracts import DnsRecord, SiteContext
from infra.gcp import physical_names


def declare(
    name: str, context: SiteContext, hosts: Sequence[str], opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], tuple[DnsRecord, ...]]:
    """Declare a certificate for ``hosts``. Return the address of its certificate map, and the records that prove it."""
    project = physical_names.project(context)
    proofs = {f"{name}-{index}-proof": host for index, host in enumerate(hosts)}
    authorizations = [_authorization(proof, context, host, opts) for proof, host in proofs.items()]
    certificate = Certificate(
        f"{name}-certificate",
        project=project,
        description=f"The edge of the site {context.site.name}",
        managed={"domains": list(hosts), "dns_authorizations": [authorization.id for authorization in authorizations]},
        labels=context.tags,
        opts=opts,
    )
    certificates = CertificateMap(f"{name}-certificates", project=project, labels=context.tags, opts=opts)
    # One entry serves all hosts, so a health check without a host name gets the same certificate.
    CertificateMapEntry(
        f"{name}-entry",
        project=project,
        map=certificates.name,
        matcher="PRIMARY",
        certificates=[certificate.id],
        labels=context.tags,
        opts=opts,
    )
    records = tuple(
        _record(f"{proof}-record", authorization) for proof, authorization in zip(proofs, authorizations, strict=True)
    )
    return pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id), records


def _authorization(name: str, context: SiteContext, host: str, opts: pulumi.ResourceOptions) -> DnsAuthorization:
    return DnsAuthorization(
        name,
        project=physical_names.project(context),
        domain=host,
        # Sites in other projects validate the same name, each by its own record.
        type="PER_PROJECT_RECORD",
        labels=context.tags,
        opts=opts,
    )


def _record(name: str, authorization: DnsAuthorization) -> DnsRecord:
    record = authorization.dns_resource_records[0]
    return DnsRecord(name=name, host=record.name, kind="CNAME", value=record.data)
