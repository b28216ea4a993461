"""Rules about role-based access control: roles, bindings and tokens, CIS section 5.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from policies.kubernetes.manifests import Props
from policies.kubernetes.references import find_named, namespace_of, owns
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ROLE = "kubernetes:rbac.authorization.k8s.io/v1:Role"
CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"
CLUSTER_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
_REFERENCE = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
_READ: Final = ("get", "list", "watch")
_WRITE: Final = ("create", "update", "patch")
_POD_OWNERS: Final = (
    *(("", name) for name in ("pods", "replicationcontrollers")),
    *(("apps", name) for name in ("deployments", "statefulsets", "daemonsets", "replicasets")),
    *(("batch", name) for name in ("jobs", "cronjobs")),
)
_PUBLIC_SUBJECTS: Final = (
    "system:anonymous",
    "system:unauthenticated",
    "system:authenticated",
    "system:serviceaccounts",
)
_HOOKS: Final = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")


def _deny_permissions(denied: Sequence[tuple[str, str]], verbs: Sequence[str]) -> Callable[[Props], Iterator[str]]:
    """Return a check that a role allows none of the verbs on any of the groups and resources."""

    def check(role: Props) -> Iterator[str]:
        rules = role.get("rules") or ()
        for index in range(len(rules)):
            rule_verbs = list(rules[index].get("verbs") or ())
            if "*" in rule_verbs:
                continue  # another rule judges wildcards
            groups = list(rules[index].get("apiGroups") or ())
            resources = list(rules[index].get("resources") or ())
            matches = [name for group, name in denied if group in groups or "*" in groups if name in resources]
            if matches and (granted_verbs := [verb for verb in rule_verbs if verb in verbs]):
                yield (
                    f"rules[{index}]: the role grants a dangerous permission; got {', '.join(granted_verbs)} on "
                    f"{', '.join(dict.fromkeys(matches))}; expected none of it"
                )

    return check


def _check_wildcards(role: Props) -> Iterator[str]:
    rules = role.get("rules") or ()
    for index in range(len(rules)):
        for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
            if "*" in list(rules[index].get(field) or ()):
                yield f"rules[{index}].{field}: the role uses a wildcard; got *; expected named entries"


def _check_escalation(role: Props) -> Iterator[str]:
    rules = role.get("rules") or ()
    for index in range(len(rules)):
        rule_verbs = list(rules[index].get("verbs") or ())
        if granted_verbs := [verb for verb in rule_verbs if verb in ("escalate", "bind", "impersonate")]:
            yield (
                f"rules[{index}].verbs: the role allows privilege escalation; got {', '.join(granted_verbs)}; expected "
                "none of them"
            )


def _check_administrator(binding: Props) -> Iterator[str]:
    role = binding["roleRef"]
    # The roles ``admin`` and ``edit`` are intended for one namespace; cluster-wide they can read every Secret.
    denied = ("cluster-admin", *(("admin", "edit") if binding["kind"] == "ClusterRoleBinding" else ()))
    if role["kind"] == "ClusterRole" and (name := role["name"]) in denied:
        yield (
            f"roleRef.name: an administrator role is bound; got {name}; expected a role with only the required "
            "permissions"
        )


def _subjects(binding: Props) -> Iterator[tuple[str, Props]]:
    subjects = binding.get("subjects") or ()
    for index in range(len(subjects)):
        yield f"subjects[{index}]", subjects[index]


def _deny_subjects(*names: str) -> Callable[[Props], Iterator[str]]:
    def check(binding: Props) -> Iterator[str]:
        for path, subject in _subjects(binding):
            if subject["kind"] in ("User", "Group") and (name := subject["name"]) in names:
                yield f"{path}.name: the subject is too broad; got {name}; expected a single group or account"

    return check


def _check_default_account(binding: Props) -> Iterator[str]:
    for path, subject in _subjects(binding):
        if subject["kind"] == "ServiceAccount" and subject["name"] == "default":
            yield f"{path}.name: the default account is bound; got default; expected a dedicated account"


def _check_role_reference(binding: Resource, stack: Stack) -> Iterator[str]:
    role = binding.inputs["roleRef"]
    namespace = namespace_of(binding, stack)
    if (
        role["kind"] == "Role"
        and owns(namespace, stack)
        and find_named((ROLE,), role["name"], namespace, stack) is None
    ):
        yield f"roleRef.name: the role does not exist; got {role['name']}; expected a Role of the namespace"


def _check_account_token(secret: Props) -> Iterator[str]:
    if secret.get("type") == "kubernetes.io/service-account-token":
        yield (
            "type: the Secret is a token without expiry; got kubernetes.io/service-account-token; expected another type"
        )


_role = partial(Rule, types=(ROLE, CLUSTER_ROLE), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)
_binding = partial(
    Rule, types=(BINDING, CLUSTER_BINDING), severity=Severity.CRITICAL, absent=Absence.ALLOW, reference=_REFERENCE
)

RULES: tuple[AnyRule, ...] = (
    _role(
        id="kubernetes-rbac-role-deny-wildcards",
        why="A wildcard grants permissions that were never reviewed, including those of future versions.",
        remedy="Set apiGroups, resources and verbs to the required ones.",
        check=_check_wildcards,
    ),
    _role(
        id="kubernetes-rbac-role-deny-secrets",
        why="An identity that may list or watch Secrets can read every password and token in them.",
        remedy="Remove secrets from resources, and mount the required Secret.",
        check=_deny_permissions([("", "secrets")], _READ),
    ),
    _role(
        id="kubernetes-rbac-role-deny-pods",
        why="An identity that may create pods can mount every Secret and use every account of the namespace.",
        remedy="Remove the write verbs on workloads, and let the deployment create them.",
        check=_deny_permissions(_POD_OWNERS, _WRITE),
    ),
    _role(
        id="kubernetes-rbac-role-deny-exec",
        why="A shell in a pod has all its permissions, and no policy inspects the commands.",
        remedy="Remove pods/exec, pods/attach, pods/portforward and pods/ephemeralcontainers from resources.",
        check=_deny_permissions(
            [("", f"pods/{name}") for name in ("exec", "attach", "portforward", "ephemeralcontainers")],
            ("get", *_WRITE),
        ),
    ),
    _role(
        id="kubernetes-rbac-role-deny-escalation",
        severity=Severity.CRITICAL,
        why="These verbs let an identity obtain permissions that it was not granted.",
        remedy="Remove escalate, bind and impersonate from verbs.",
        check=_check_escalation,
    ),
    _role(
        id="kubernetes-rbac-role-deny-nodeproxy",
        severity=Severity.CRITICAL,
        why="The proxy of a node reaches its kubelet, which runs commands in every pod past admission and audit.",
        remedy="Remove nodes/proxy from resources. For monitoring, nodes/metrics and nodes/stats suffice.",
        check=_deny_permissions([("", "nodes/proxy")], ("get", *_WRITE)),
    ),
    _role(
        id="kubernetes-rbac-role-deny-webhooks",
        why="An identity that may change admission webhooks can read and change every admitted object.",
        remedy="Remove webhook configurations from resources, or keep only get, list and watch.",
        check=_deny_permissions([("admissionregistration.k8s.io", name) for name in _HOOKS], (*_WRITE, "delete")),
    ),
    _role(
        id="kubernetes-rbac-role-deny-signing",
        severity=Severity.CRITICAL,
        why="An identity that may approve or sign certificates can obtain a client certificate for any name.",
        remedy="Remove certificate approval and signing from resources.",
        check=_deny_permissions(
            [
                ("certificates.k8s.io", "certificatesigningrequests/approval"),
                ("certificates.k8s.io", "certificatesigningrequests/status"),
                ("certificates.k8s.io", "signers"),
            ],
            ("approve", "sign", *_WRITE),
        ),
    ),
    _role(
        id="kubernetes-rbac-role-deny-tokens",
        why="An identity that may create tokens of a service account can act as that account.",
        remedy="Remove serviceaccounts/token from resources. Pods get their tokens from the kubelet.",
        check=_deny_permissions([("", "serviceaccounts/token")], ("create",)),
    ),
    _role(
        id="kubernetes-rbac-role-deny-persistentvolumes",
        why="An identity that may create persistent volumes can mount the node's file system.",
        remedy="Remove persistentvolumes from resources, and use storage classes.",
        check=_deny_permissions([("", "persistentvolumes")], _WRITE),
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-administrator",
        why="A cluster administrator can bypass every other rule.",
        remedy="Set roleRef to a role with only the required permissions.",
        check=_check_administrator,
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-masters",
        why="Members of system:masters pass every authorisation check, and this access cannot be revoked by roles.",
        remedy="Replace the subject by a group of your own.",
        check=_deny_subjects("system:masters"),
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-everybody",
        why="These groups contain all clients of the API server, or every pod of the cluster.",
        remedy="Replace the subject by the one group or account that needs the role.",
        check=_deny_subjects(*_PUBLIC_SUBJECTS),
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-defaultaccount",
        severity=Severity.HIGH,
        why="Every pod without an account gets these permissions.",
        remedy="Replace the subject by a dedicated account of the workload.",
        check=_check_default_account,
    ),
    StackRule(
        id="kubernetes-rbac-binding-match-role",
        types=(BINDING,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A binding to a missing role grants nothing now, and later whatever a role of that name contains.",
        remedy="Add the Role, or set roleRef to an existing one.",
        reference="https://kubernetes.io/docs/reference/access-authn-authz/rbac/",
        check=_check_role_reference,
    ),
    Rule(
        id="kubernetes-core-secret-deny-accounttoken",
        types=(SECRET,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A token in a Secret never expires, and anyone who reads it can use the account.",
        remedy="Replace the Secret by the token that the kubelet mounts, or by one from the token API.",
        reference="https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets",
        check=_check_account_token,
    ),
)
