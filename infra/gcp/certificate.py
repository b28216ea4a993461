"""The certificate of the site's edge, validated by records in the stack's zone."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp.certificatemanager.certificate import Certificate
from pulumi_gcp.certificatemanager.certificate_map import CertificateMap
from pulumi_gcp.certificatemanager.certificate_map_entry import CertificateMapEntry
from pulumi_gcp.certificatemanager.dns_authorization import DnsAuthorization

from infra.contracts import Dns, SiteContext
from infra.gcp import physical_names


def declare(
    name: str, context: SiteContext, dns: Dns, hosts: Sequence[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Declare a certificate for ``hosts`` and return the address of its certificate map."""
    project = physical_names.project(context)
    proofs = [_proof(f"{name}-{index}", context, dns, host, opts) for index, host in enumerate(hosts)]
    certificate = Certificate(
        f"{name}-certificate",
        project=project,
        description=f"The edge of the site {context.site.name}",
        managed={"domains": list(hosts), "dns_authorizations": proofs},
        labels=context.tags,
        opts=opts,
    )
    certificates = CertificateMap(f"{name}-certificates", project=project, labels=context.tags, opts=opts)
    # One entry for all: a checker that dns no host is answered like a client that does.
    CertificateMapEntry(
        f"{name}-entry",
        project=project,
        map=certificates.name,
        matcher="PRIMARY",
        certificates=[certificate.id],
        labels=context.tags,
        opts=opts,
    )
    return pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id)


def _proof(name: str, context: SiteContext, dns: Dns, host: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    authorization = DnsAuthorization(
        f"{name}-proof",
        project=physical_names.project(context),
        domain=host,
        # Sites in other projects validate the same name, each by its own record.
        type="PER_PROJECT_RECORD",
        labels=context.tags,
        opts=opts,
    )
    record = authorization.dns_resource_records[0]
    dns.record(f"{name}-proof-record", host=record.name, kind="CNAME", value=record.data)
    id_: pulumi.Output[str] = authorization.id
    return id_
