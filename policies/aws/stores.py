"""Tables, caches, search and warehouses on AWS."""

from __future__ import annotations

from policies.checks import both, may_be, must_be, must_be_set, must_match, must_not_be
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
        why="A program that writes nonsense for an hour cannot be undone.",
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
        why="One call deletes the table; elsewhere a stack is meant to be taken down.",
        remedy="Set deletionProtectionEnabled: true.",
        reference=_TABLES + "WorkingWithTables.Basics.html",
        check=must_be("deletionProtectionEnabled", True),
    ),
    Rule(
        id="aws-elasticache-group-require-encryption",
        types=(CACHE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="What is cached is as secret as where it comes from.",
        remedy="Set atRestEncryptionEnabled: true.",
        reference=_CACHES + "at-rest-encryption.html",
        check=must_be("atRestEncryptionEnabled", True),
    ),
    Rule(
        id="aws-elasticache-group-require-tls",
        types=(CACHE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A cache that speaks in the clear can have no password either.",
        remedy="Set transitEncryptionEnabled: true, and leave transitEncryptionMode at required.",
        reference=_CACHES + "in-transit-encryption.html",
        check=both(must_be("transitEncryptionEnabled", True), must_not_be("transitEncryptionMode", "preferred")),
    ),
    Rule(
        id="aws-elasticache-group-require-failover",
        types=(CACHE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="When the one zone of the cache fails, what needs it fails.",
        remedy="Set automaticFailoverEnabled and multiAzEnabled to true.",
        reference=_CACHES + "AutoFailover.html",
        check=both(must_be("automaticFailoverEnabled", True), must_be("multiAzEnabled", True)),
    ),
    Rule(
        id="aws-opensearch-domain-require-encryption",
        types=(SEARCH,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The index holds all that is searched for, and its nodes tell each other.",
        remedy="Set encryptAtRest.enabled and nodeToNodeEncryption.enabled to true.",
        reference=_SEARCHES + "encryption-at-rest.html",
        check=both(must_be("encryptAtRest.enabled", True), must_be("nodeToNodeEncryption.enabled", True)),
    ),
    Rule(
        id="aws-opensearch-domain-match-tls-policy",
        types=(SEARCH,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default takes TLS 1.0, whose protection has been broken.",
        remedy="Set tlsSecurityPolicy: Policy-Min-TLS-1-2-PFS-2023-10 in domainEndpointOptions, and keep HTTPS.",
        reference=_SEARCHES + "infrastructure-security.html",
        check=both(
            must_match(
                "domainEndpointOptions.tlsSecurityPolicy", r"Policy-Min-TLS-1-[23]-.+", "TLS 1.2 and later only"
            ),
            must_not_be("domainEndpointOptions.enforceHttps", False),
        ),
    ),
    Rule(
        id="aws-opensearch-domain-require-network",
        types=(SEARCH,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A domain outside of a network has a public address, and only its policy between it and the world.",
        remedy="Set vpcOptions.",
        reference=_SEARCHES + "vpc.html",
        check=must_be_set("vpcOptions"),
    ),
    Rule(
        id="aws-redshift-cluster-require-encryption",
        types=(WAREHOUSE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever gets hold of a snapshot reads the warehouse.",
        remedy="Leave encrypted out, or set it to true.",
        reference=_WAREHOUSES + "working-with-db-encryption.html",
        check=may_be("encrypted", True, "true"),
    ),
    Rule(
        id="aws-redshift-cluster-deny-public",
        types=(WAREHOUSE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A warehouse with a public address is tried with known passwords all day.",
        remedy="Remove publiclyAccessible.",
        reference=_WAREHOUSES + "managing-clusters-vpc.html",
        check=must_not_be("publiclyAccessible", True),
    ),
    Rule(
        id="aws-sqs-queue-deny-plain",
        types=(QUEUE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Messages that wait are data at rest, and are encrypted unless somebody turns it off.",
        remedy="Leave sqsManagedSseEnabled out, or name a key.",
        reference="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "sqs-server-side-encryption.html",
        check=must_not_be("sqsManagedSseEnabled", False),
    ),
)
