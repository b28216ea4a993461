"""Rules about DynamoDB, ElastiCache, OpenSearch, Redshift and SQS."""

from __future__ import annotations

from policies.checks import all_of, may_be, must_be, must_be_set, must_match, must_not_be
from policies.rule import Absence, AnyRule, Rule, Severity

TABLE = "aws:dynamodb/table:Table"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
SEARCH = "aws:opensearch/domain:Domain"
WAREHOUSE = "aws:redshift/cluster:Cluster"
QUEUE = "aws:sqs/queue:Queue"

_TABLES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
_CACHES = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/"
_SEARCHES = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/"
_WAREHOUSES = "https://docs.aws.amazon.com/redshift/latest/mgmt/"

RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-dynamodb-table-require-recovery",
        types=(TABLE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Wrong writes of a faulty program cannot be undone without point-in-time recovery.",
        remedy="Set pointInTimeRecovery.enabled: true.",
        reference=_TABLES + "PointInTimeRecovery.html",
        check=must_be("pointInTimeRecovery.enabled", True),
    ),
    Rule(
        id="aws-dynamodb-table-require-deletion-protection",
        types=(TABLE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why="One API call can delete the table. Stacks outside production are meant to be deleted.",
        remedy="Set deletionProtectionEnabled: true.",
        reference=_TABLES + "WorkingWithTables.Basics.html",
        check=must_be("deletionProtectionEnabled", True),
    ),
    Rule(
        id="aws-elasticache-group-require-encryption",
        types=(CACHE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Cached data is as sensitive as its source, and an unencrypted disk exposes it.",
        remedy="Set atRestEncryptionEnabled: true.",
        reference=_CACHES + "at-rest-encryption.html",
        check=must_be("atRestEncryptionEnabled", True),
    ),
    Rule(
        id="aws-elasticache-group-require-tls",
        types=(CACHE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without TLS, anyone on the network path can read the data, and passwords are not supported.",
        remedy="Set transitEncryptionEnabled: true, and transitEncryptionMode: required.",
        reference=_CACHES + "in-transit-encryption.html",
        check=all_of(must_be("transitEncryptionEnabled", True), must_not_be("transitEncryptionMode", "preferred")),
    ),
    Rule(
        id="aws-elasticache-group-require-failover",
        types=(CACHE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A failure of the cache's only zone stops every service that needs it.",
        remedy="Set automaticFailoverEnabled and multiAzEnabled to true.",
        reference=_CACHES + "AutoFailover.html",
        check=all_of(must_be("automaticFailoverEnabled", True), must_be("multiAzEnabled", True)),
    ),
    Rule(
        id="aws-opensearch-domain-require-encryption",
        types=(SEARCH,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The index contains all searched data, and its nodes exchange it over the network.",
        remedy="Set encryptAtRest.enabled and nodeToNodeEncryption.enabled to true.",
        reference=_SEARCHES + "encryption-at-rest.html",
        check=all_of(must_be("encryptAtRest.enabled", True), must_be("nodeToNodeEncryption.enabled", True)),
    ),
    Rule(
        id="aws-opensearch-domain-match-tls-policy",
        types=(SEARCH,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default policy accepts TLS 1.0, which has known attacks.",
        remedy="Set domainEndpointOptions.tlsSecurityPolicy: Policy-Min-TLS-1-2-PFS-2023-10, and enforceHttps: true.",
        reference=_SEARCHES + "infrastructure-security.html",
        check=all_of(
            must_match(
                "domainEndpointOptions.tlsSecurityPolicy",
                r"Policy-Min-TLS-1-[23]-.+",
                "a policy that accepts only TLS 1.2 or later",
            ),
            must_not_be("domainEndpointOptions.enforceHttps", False),
        ),
    ),
    Rule(
        id="aws-opensearch-domain-require-network",
        types=(SEARCH,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A domain outside a VPC has a public address that only its access policy protects.",
        remedy="Set vpcOptions.",
        reference=_SEARCHES + "vpc.html",
        check=must_be_set("vpcOptions"),
    ),
    Rule(
        id="aws-redshift-cluster-require-encryption",
        types=(WAREHOUSE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Anyone with access to a snapshot can read the warehouse.",
        remedy="Remove encrypted, or set it to true.",
        reference=_WAREHOUSES + "working-with-db-encryption.html",
        check=may_be("encrypted", True, "true"),
    ),
    Rule(
        id="aws-redshift-cluster-deny-public",
        types=(WAREHOUSE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A warehouse with a public address is under constant password-guessing attacks.",
        remedy="Remove publiclyAccessible.",
        reference=_WAREHOUSES + "managing-clusters-vpc.html",
        check=must_not_be("publiclyAccessible", True),
    ),
    Rule(
        id="aws-sqs-queue-deny-plain",
        types=(QUEUE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Waiting messages are data at rest, and this setting turns off their default encryption.",
        remedy="Remove sqsManagedSseEnabled, or set a key.",
        reference="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "sqs-server-side-encryption.html",
        check=must_not_be("sqsManagedSseEnabled", False),
    ),
)
