"""A signed zone of the stack in Route 53, for sites of every cloud, with a log of all its queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.cloudwatch.log_resource_policy import LogResourcePolicy
from pulumi_aws.kms.key import Key
from pulumi_aws.route53.health_check import HealthCheck
from pulumi_aws.route53.hosted_zone_dns_sec import HostedZoneDnsSec
from pulumi_aws.route53.key_signing_key import KeySigningKey
from pulumi_aws.route53.query_log import QueryLog
from pulumi_aws.route53.record import Record
from pulumi_aws.route53.zone import Zone

from infra.aws import access_policies, physical_names
from infra.aws.audit_logs import retention
from infra.aws.keys import DELETION_DAYS
from infra.component import Component
from infra.contracts import READY_PATH, RecordKind, SiteContext, Target

HOME: Final = "us-east-1"
"""Region in which Route 53, a global service, expects the keys and logs of its zones."""
_TTL_SECONDS: Final = 60
_WEIGHTS: Final = {True: 100, False: 0}


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """A zone in the account of the site of ``context``."""

    context: SiteContext
    zone: str


class Dns(Component, token="pouw:aws:Dns"):
    """Outputs: ``zone`` (its id), ``name_servers`` and ``signers``, the DS records for the parent domain."""

    zone: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    signers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        zone = Zone(
            f"{name}-zone",
            name=args.zone,
            comment=f"Host names of the network, environment {args.context.environment}",
            force_destroy=not args.context.protect,
            tags=args.context.tags,
            opts=self.child(protect=args.context.protect),
        )
        self._log(zone)
        signer = self._sign(zone)
        self.publish(zone=zone.zone_id, name_servers=zone.name_servers, signers=[signer.ds_record])

    def _sign(self, zone: Zone) -> KeySigningKey:
        """Sign the zone: Route 53 rotates the keys that sign records, under a key-signing key that stays."""
        name, context = self._name, self._args.context
        key = Key(
            f"{name}-signing-key",
            region=HOME,
            description=f"Signs the keys of the zone {self._args.zone}",
            customer_master_key_spec="ECC_NIST_P256",
            key_usage="SIGN_VERIFY",
            deletion_window_in_days=DELETION_DAYS,
            policy=access_policies.signing_key(physical_names.account(context)),
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        signer = KeySigningKey(
            f"{name}-signer",
            name="pouw",
            hosted_zone_id=zone.zone_id,
            key_management_service_arn=key.arn,
            status="ACTIVE",
            opts=self.child(),
        )
        HostedZoneDnsSec(
            f"{name}-signature",
            hosted_zone_id=zone.zone_id,
            signing_status="SIGNING",
            opts=self.child(depends_on=[signer]),
        )
        return signer

    def _log(self, zone: Zone) -> None:
        name, context, account = self._name, self._args.context, physical_names.account(self._args.context)
        key = Key(
            f"{name}-log-key",
            region=HOME,
            description=f"Encrypts the query log of the zone {self._args.zone}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=DELETION_DAYS,
            policy=access_policies.log_key(account, HOME),
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        group_name = f"/aws/route53/{self._args.zone}"
        group = LogGroup(
            f"{name}-queries",
            region=HOME,
            name=group_name,
            kms_key_id=key.arn,
            retention_in_days=retention(context.site.network.flow_log_days),
            tags=context.tags,
            opts=self.child(),
        )
        policy = LogResourcePolicy(
            f"{name}-queries-policy",
            region=HOME,
            policy_name=physical_names.compose_name("log-policy", context, "dns"),
            policy_document=access_policies.log_queries(
                account, f"arn:aws:logs:{HOME}:{account}:log-group:{group_name}"
            ),
            opts=self.child(),
        )
        QueryLog(
            f"{name}-query-log",
            zone_id=zone.zone_id,
            cloudwatch_log_group_arn=group.arn,
            # Route 53 refuses a log group without this policy.
            opts=self.child(depends_on=[policy]),
        )

    def record(self, name: str, *, host: pulumi.Input[str], kind: RecordKind, value: pulumi.Input[str]) -> None:
        """Declare a record; ``host`` is the full name, ``name`` the name of the resource."""
        Record(
            f"{self._name}-{name}",
            zone_id=self.zone,
            name=host,
            type=kind,
            ttl=_TTL_SECONDS,
            records=[value],
            # Certificates of two sites in one account validate their shared name by the same record.
            allow_overwrite=True,
            opts=self.child(),
        )

    def failover(self, name: str, *, host: str, targets: Sequence[Target]) -> None:
        """Declare a name that resolves to the active target while its ``/ready`` answers over TLS, else to a standby.

        Active targets share the load. A standby has weight 0: Route 53 uses it only while no other target is healthy.
        All records of one name have one kind. So targets of two kinds get a name each, and ``host`` is a CNAME to it.
        """
        mixed = len({target.kind for target in targets}) > 1
        for target in targets:
            check = self._check(f"{name}-{target.site}", host, target)
            kind, value = target.kind, target.address
            if mixed:
                alias = f"{target.site}.{host}"
                self.record(f"{name}-{target.site}-alias", host=alias, kind=kind, value=value)
                kind, value = "CNAME", alias
            Record(
                f"{self._name}-{name}-{target.site}",
                zone_id=self.zone,
                name=host,
                type=kind,
                ttl=_TTL_SECONDS,
                records=[value],
                set_identifier=target.site,
                weighted_routing_policies=[{"weight": _WEIGHTS[target.active]}],
                health_check_id=check.id,
                opts=self.child(),
            )

    def _check(self, name: str, host: str, target: Target) -> HealthCheck:
        # A check by address sends the host name; a check by name sends that name.
        endpoint = {"ip_address": target.address, "fqdn": host} if target.kind == "A" else {"fqdn": target.address}
        context = self._args.context
        return HealthCheck(
            f"{self._name}-{name}-health",
            type="HTTPS",
            port=443,
            resource_path=READY_PATH,
            enable_sni=True,
            request_interval=10,
            failure_threshold=3,
            tags={**context.tags, "Name": f"{target.site}-{host}"},
            opts=self.child(),
            **endpoint,
        )
