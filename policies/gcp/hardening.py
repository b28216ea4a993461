"""Kubernetes clusters on Google Cloud: what is protected inside, and from whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import both, must_be, must_be_set, must_not_be
from policies.gcp.clusters import CLUSTER
from policies.gcp.relations import must_name_key
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_GUIDE = "https://cloud.google.com/kubernetes-engine/docs/"
_HARDENING = _GUIDE + "how-to/hardening-your-cluster"


def _unless_autopilot(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    def checked(props: Props) -> Iterator[str]:
        if props.get("enableAutopilot") is not True:
            yield from check(props)

    return checked


def _enforces_no_policy(props: Props) -> Iterator[str]:
    if props.get("datapathProvider") != "ADVANCED_DATAPATH" and not (props.get("networkPolicy") or {}).get("enabled"):
        yield "datapathProvider: is not ADVANCED_DATAPATH, so no network policy is enforced"


def _secrets_are_encrypted(cluster: Resource, stack: Stack) -> Iterator[str]:
    state = list(must_be("databaseEncryption.state", "ENCRYPTED")(cluster.inputs))
    yield from state or must_name_key("databaseEncryption.keyName")(cluster, stack)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-gke-cluster-deny-legacy-authorization",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every service account of the cluster may do everything.",
        remedy="Remove enableLegacyAbac.",
        reference=_HARDENING,
        check=must_not_be("enableLegacyAbac", True),
    ),
    Rule(
        id="gcp-gke-cluster-deny-client-certificate",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A client certificate cannot be revoked, and lasts as long as the cluster's authority.",
        remedy="Set masterAuth.clientCertificateConfig.issueClientCertificate: false.",
        reference=_HARDENING,
        check=must_not_be("masterAuth.clientCertificateConfig.issueClientCertificate", True),
    ),
    Rule(
        id="gcp-gke-cluster-deny-anonymous",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A binding to system:unauthenticated, made by mistake, serves the whole world.",
        remedy="Set anonymousAuthenticationConfig.mode: LIMITED: only health checks need no identity.",
        reference=_HARDENING,
        check=must_be("anonymousAuthenticationConfig.mode", "LIMITED"),
    ),
    Rule(
        id="gcp-gke-cluster-deny-open-bindings",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Everybody with a Google account is system:authenticated, so a role for that group is for everybody.",
        remedy="Set both switches of rbacBindingConfig to false.",
        reference=_GUIDE + "best-practices/rbac",
        check=both(
            must_be("rbacBindingConfig.enableInsecureBindingSystemAuthenticated", False),
            must_be("rbacBindingConfig.enableInsecureBindingSystemUnauthenticated", False),
        ),
    ),
    Rule(
        id="gcp-gke-cluster-require-network-policies",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Network policies are taken by the API, and nobody enforces them.",
        remedy="Set datapathProvider: ADVANCED_DATAPATH.",
        reference=_GUIDE + "concepts/dataplane-v2",
        check=_unless_autopilot(_enforces_no_policy),
    ),
    Rule(
        id="gcp-gke-cluster-require-intranode-visibility",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="What pods of one node say to each other is in no flow log.",
        remedy="Set enableIntranodeVisibility: true.",
        reference=_GUIDE + "how-to/intranode-visibility",
        check=_unless_autopilot(must_be("enableIntranodeVisibility", True)),
    ),
    Rule(
        id="gcp-gke-cluster-require-workload-identity",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Pods act as their node's account, or carry keys of their own.",
        remedy="Set workloadIdentityConfig.workloadPool: PROJECT.svc.id.goog.",
        reference=_GUIDE + "concepts/workload-identity",
        check=_unless_autopilot(must_be_set("workloadIdentityConfig.workloadPool")),
    ),
    Rule(
        id="gcp-gke-cluster-deny-plain-nodes",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever reads a node's bootstrap token can pose as a node.",
        remedy="Remove enableShieldedNodes, or set it to true.",
        reference=_GUIDE + "how-to/shielded-gke-nodes",
        check=must_not_be("enableShieldedNodes", False),
    ),
    StackRule(
        id="gcp-gke-cluster-require-secrets-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Kubernetes secrets are as open as the control plane's disk and its backups.",
        remedy="Set databaseEncryption.state: ENCRYPTED, and name a key of the project's own.",
        reference=_GUIDE + "how-to/encrypting-secrets",
        check=_secrets_are_encrypted,
    ),
    Rule(
        id="gcp-gke-cluster-require-image-admission",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Any image from anywhere runs, also one that nobody built or scanned.",
        remedy="Set binaryAuthorization.evaluationMode: PROJECT_SINGLETON_POLICY_ENFORCE.",
        reference="https://cloud.google.com/binary-authorization/docs/overview",
        check=must_be(
            "binaryAuthorization.evaluationMode",
            "PROJECT_SINGLETON_POLICY_ENFORCE",
            "POLICY_BINDINGS",
            "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE",
        ),
    ),
    Rule(
        id="gcp-gke-cluster-require-posture-scan",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Workloads that were made too strong after the deployment are seen by nobody.",
        remedy="Set securityPostureConfig.mode: BASIC.",
        reference=_GUIDE + "concepts/about-security-posture-dashboard",
        check=must_be("securityPostureConfig.mode", "BASIC", "ENTERPRISE"),
    ),
)
