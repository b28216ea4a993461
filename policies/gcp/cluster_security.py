"""Rules about the security features of GKE clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.checks import all_of, format_value, must_be, must_be_set, must_not_be
from policies.gcp.clusters import CLUSTER
from policies.gcp.references import must_name_key
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

_GUIDE = "https://cloud.google.com/kubernetes-engine/docs/"
_HARDENING = _GUIDE + "how-to/hardening-your-cluster"


def _unless_autopilot(check: Callable[[Props], Iterator[str]]) -> Callable[[Props], Iterator[str]]:
    def check_applicable(props: Props) -> Iterator[str]:
        if props.get("enableAutopilot") is not True:
            yield from check(props)

    return check_applicable


def _check_network_policy(props: Props) -> Iterator[str]:
    if props.get("datapathProvider") != "ADVANCED_DATAPATH" and not (props.get("networkPolicy") or {}).get("enabled"):
        yield (
            f"datapathProvider: network policies are not enforced; got {format_value(props.get('datapathProvider'))}; "
            "expected ADVANCED_DATAPATH"
        )


def _check_secrets_encryption(cluster: Resource, stack: Stack) -> Iterator[str]:
    violations = list(must_be("databaseEncryption.state", "ENCRYPTED")(cluster.inputs))
    yield from violations or must_name_key("databaseEncryption.keyName")(cluster, stack)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-gke-cluster-deny-legacy-authorization",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Every service account of the cluster may perform every action.",
        remedy="Remove enableLegacyAbac.",
        reference=_HARDENING,
        check=must_not_be("enableLegacyAbac", True),
    ),
    Rule(
        id="gcp-gke-cluster-deny-client-certificate",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A client certificate cannot be revoked, and is valid as long as the cluster's certificate authority.",
        remedy="Set masterAuth.clientCertificateConfig.issueClientCertificate: false.",
        reference=_HARDENING,
        check=must_not_be("masterAuth.clientCertificateConfig.issueClientCertificate", True),
    ),
    Rule(
        id="gcp-gke-cluster-deny-anonymous",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A mistaken binding to system:unauthenticated grants access to the whole Internet.",
        remedy="Set anonymousAuthenticationConfig.mode: LIMITED. Only health checks then need no identity.",
        reference=_HARDENING,
        check=must_be("anonymousAuthenticationConfig.mode", "LIMITED"),
    ),
    Rule(
        id="gcp-gke-cluster-deny-open-bindings",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Every Google account belongs to system:authenticated, so a role for that group is public.",
        remedy=(
            "Set enableInsecureBindingSystemAuthenticated and enableInsecureBindingSystemUnauthenticated in "
            "rbacBindingConfig to false."
        ),
        reference=_GUIDE + "best-practices/rbac",
        check=all_of(
            must_be("rbacBindingConfig.enableInsecureBindingSystemAuthenticated", False),
            must_be("rbacBindingConfig.enableInsecureBindingSystemUnauthenticated", False),
        ),
    ),
    Rule(
        id="gcp-gke-cluster-require-network-policies",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The API accepts network policies, but nothing enforces them.",
        remedy="Set datapathProvider: ADVANCED_DATAPATH.",
        reference=_GUIDE + "concepts/dataplane-v2",
        check=_unless_autopilot(_check_network_policy),
    ),
    Rule(
        id="gcp-gke-cluster-require-intranode-visibility",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Traffic between pods of one node appears in no flow log.",
        remedy="Set enableIntranodeVisibility: true.",
        reference=_GUIDE + "how-to/intranode-visibility",
        check=_unless_autopilot(must_be("enableIntranodeVisibility", True)),
    ),
    Rule(
        id="gcp-gke-cluster-require-workload-identity",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without workload identity, pods use the node's account or stored keys.",
        remedy="Set workloadIdentityConfig.workloadPool: PROJECT.svc.id.goog.",
        reference=_GUIDE + "concepts/workload-identity",
        check=_unless_autopilot(must_be_set("workloadIdentityConfig.workloadPool")),
    ),
    Rule(
        id="gcp-gke-cluster-deny-plain-nodes",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An attacker with a node's bootstrap token can impersonate a node.",
        remedy="Remove enableShieldedNodes, or set it to true.",
        reference=_GUIDE + "how-to/shielded-gke-nodes",
        check=must_not_be("enableShieldedNodes", False),
    ),
    StackRule(
        id="gcp-gke-cluster-require-secrets-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone with access to the control plane's disk or backups can read Kubernetes secrets.",
        remedy="Set databaseEncryption.state: ENCRYPTED, and databaseEncryption.keyName to a key of the project.",
        reference=_GUIDE + "how-to/encrypting-secrets",
        check=_check_secrets_encryption,
    ),
    Rule(
        id="gcp-gke-cluster-require-image-admission",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Any image from anywhere can run, including images without a trusted build or scan.",
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
        why="Workloads that gain excessive permissions after their deployment stay undetected.",
        remedy="Set securityPostureConfig.mode: BASIC.",
        reference=_GUIDE + "concepts/about-security-posture-dashboard",
        check=must_be("securityPostureConfig.mode", "BASIC", "ENTERPRISE"),
    ),
)
