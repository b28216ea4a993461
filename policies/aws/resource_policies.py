"""Rules about resource policies: access for other accounts, and transport."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.policy_documents import allow_statements, denies_plain_transport, is_public
from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
DOMAIN = "aws:opensearch/domain:Domain"
WITH_POLICY = (
    "aws:backup/vaultPolicy:VaultPolicy",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy",
    "aws:ecr/registryPolicy:RegistryPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy",
    "aws:kms/key:Key",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:opensearch/domainPolicy:DomainPolicy",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:secretsmanager/secret:Secret",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
    DOMAIN,
    QUEUE_POLICY,
    TOPIC_POLICY,
)
PERMISSION = "aws:lambda/permission:Permission"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"

_FUNCTIONS = "https://docs.aws.amazon.com/lambda/latest/dg/"


def _check_principals(props: Props) -> Iterator[str]:
    for pattern in ("policy", "policyDocument", "accessPolicies"):
        for path, document in find(props, pattern):
            # An empty text is the form of a removed queue policy.
            if document is not MISSING and document:
                for statement_path, statement in allow_statements(document, path):
                    if is_public(statement):
                        yield (
                            f"{statement_path}: the policy grants access to all principals; got Principal *; expected "
                            "named accounts or a condition"
                        )


def _check_transport(props: Props) -> Iterator[str]:
    # A topic policy accepts no wildcard, and publishing is the only action that carries a message.
    if not props.get("policy") or not denies_plain_transport(props["policy"], only="sns:publish"):
        yield "policy: requests without TLS are accepted; got no statement that denies them; expected one"


def _check_function_permission(props: Props) -> Iterator[str]:
    restrictions = [name for name in ("principalOrgId", "sourceAccount", "sourceArn") if name in tuple(props)]
    if props.get("principal") == "*" and not restrictions:
        yield "principal: any account may invoke the function; got *; expected a service, an account or a restriction"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-policies-resource-deny-anybody",
        types=WITH_POLICY,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A policy for all principals grants access to every AWS account and to anonymous clients.",
        remedy=(
            "Set Principal to accounts or roles, or add a condition such as aws:PrincipalOrgID or aws:SourceAccount."
        ),
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
        check=_check_principals,
    ),
    Rule(
        id="aws-policies-messages-require-tls",
        types=(TOPIC_POLICY, QUEUE_POLICY),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Topics and queues also accept messages without TLS, which anyone on the network path can read.",
        remedy="Add a Deny of sqs:*, or of sns:Publish for a topic, where aws:SecureTransport is false.",
        reference="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
        check=_check_transport,
    ),
    Rule(
        id="aws-sns-subscription-deny-plain",
        types=(SUBSCRIPTION,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Alerts sent without TLS reveal current failures to anyone on the network path.",
        remedy="Set protocol: https.",
        reference="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
        check=must_not_be("protocol", "http"),
    ),
    Rule(
        id="aws-lambda-permission-deny-anybody",
        types=(PERMISSION,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Any account can invoke the function with any input at your cost.",
        remedy="Set principal to the service or account, or add principalOrgId or sourceArn.",
        reference=_FUNCTIONS + "access-control-resource-based.html",
        check=_check_function_permission,
    ),
    Rule(
        id="aws-lambda-url-require-authentication",
        types=(FUNCTION_URL,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A function URL is discoverable, and without authentication anyone can invoke the function.",
        remedy="Set authorizationType: AWS_IAM.",
        reference=_FUNCTIONS + "urls-auth.html",
        check=must_be("authorizationType", "AWS_IAM"),
    ),
)
