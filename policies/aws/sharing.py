"""Policies on resources: who else may use them, and how they come."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.documents import allowed, is_for_anybody, refuses_plain_transport
from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
DOMAIN = "aws:opensearch/domain:Domain"
SHARED = (
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


def _is_for_everybody(props: Props) -> Iterator[str]:
    for path in ("policy", "policyDocument", "accessPolicies"):
        for at, document in find(props, path):
            # Removing a queue's policy leaves an empty text.
            if document is not MISSING and document:
                for where, statement in allowed(document, at):
                    if is_for_anybody(statement):
                        yield f"{where}: anybody may use it"


def _takes_plain_transport(props: Props) -> Iterator[str]:
    # A topic takes no wildcard in its policy, and the one thing that carries a message is to publish it.
    if not props.get("policy") or not refuses_plain_transport(props["policy"], only="sns:publish"):
        yield "policy: refuses no request without TLS"


def _anybody_calls(props: Props) -> Iterator[str]:
    narrowed = [name for name in ("principalOrgId", "sourceAccount", "sourceArn") if name in tuple(props)]
    if props.get("principal") == "*" and not narrowed:
        yield "principal: anybody may call the function"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-policies-resource-deny-anybody",
        types=SHARED,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A policy for everybody holds for every account of AWS, and for those who have none.",
        remedy="Name the accounts or roles, or add a condition such as aws:PrincipalOrgID or aws:SourceAccount.",
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
        check=_is_for_everybody,
    ),
    Rule(
        id="aws-policies-messages-require-tls",
        types=(TOPIC_POLICY, QUEUE_POLICY),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Topics and queues take messages without TLS, too, and then anybody on the way reads along.",
        remedy="Deny sqs:*, or sns:Publish for a topic, to everybody where aws:SecureTransport is false.",
        reference="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
        check=_takes_plain_transport,
    ),
    Rule(
        id="aws-sns-subscription-deny-plain",
        types=(SUBSCRIPTION,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Alerts that are posted without TLS tell anybody on the way what is broken.",
        remedy="Use https.",
        reference="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
        check=must_not_be("protocol", "http"),
    ),
    Rule(
        id="aws-lambda-permission-deny-anybody",
        types=(PERMISSION,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Anybody's account calls the function, with any input, at our cost.",
        remedy="Name the service or account, or add principalOrgId or sourceArn.",
        reference=_FUNCTIONS + "access-control-resource-based.html",
        check=_anybody_calls,
    ),
    Rule(
        id="aws-lambda-url-require-authentication",
        types=(FUNCTION_URL,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="The address of a function is found, and then it runs for whoever asks.",
        remedy="Set authorizationType: AWS_IAM.",
        reference=_FUNCTIONS + "urls-auth.html",
        check=must_be("authorizationType", "AWS_IAM"),
    ),
)
