"""Who may do what through the API: roles, bindings and tokens, CIS section 5.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from policies.kubernetes.manifests import Props
from policies.kubernetes.relations import find_named, owns, place
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
_POD_MAKERS: Final = (
    *(("", name) for name in ("pods", "replicationcontrollers")),
    *(("apps", name) for name in ("deployments", "statefulsets", "daemonsets", "replicasets")),
    *(("batch", name) for name in ("jobs", "cronjobs")),
)
_EVERYBODY: Final = (
    "system:anonymous",
    "system:unauthenticated",
    "system:authenticated",
    "system:serviceaccounts",
)
_HOOKS: Final = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")


def _granted(wanted: Sequence[tuple[str, str]], verbs: Sequence[str]) -> Callable[[Props], Iterator[str]]:
    """A check that a role lets nobody do one of ``verbs`` with one of the ``wanted`` groups and resources."""

    def check(role: Props) -> Iterator[str]:
        listed = role.get("rules") or ()
        for index in range(len(listed)):
            allowed = list(listed[index].get("verbs") or ())
            if "*" in allowed:
                continue  # for the rule about wildcards
            groups = list(listed[index].get("apiGroups") or ())
            resources = list(listed[index].get("resources") or ())
            named = [name for group, name in wanted if group in groups or "*" in groups if name in resources]
            if named and (does := [verb for verb in allowed if verb in verbs]):
                yield f"rules[{index}]: lets {', '.join(does)} {', '.join(dict.fromkeys(named))}"

    return check


def _has_no_wildcard(role: Props) -> Iterator[str]:
    listed = role.get("rules") or ()
    for index in range(len(listed)):
        for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
            if "*" in list(listed[index].get(field) or ()):
                yield f"rules[{index}].{field}: is * and grows with every version of the cluster"


def _does_not_escalate(role: Props) -> Iterator[str]:
    listed = role.get("rules") or ()
    for index in range(len(listed)):
        allowed = list(listed[index].get("verbs") or ())
        if does := [verb for verb in allowed if verb in ("escalate", "bind", "impersonate")]:
            yield f"rules[{index}].verbs: lets its holder {', '.join(does)}"


def _is_not_admin(binding: Props) -> Iterator[str]:
    role = binding["roleRef"]
    # ``admin`` and ``edit`` of one namespace are what they are for; of the cluster they read every Secret.
    refused = ("cluster-admin", *(("admin", "edit") if binding["kind"] == "ClusterRoleBinding" else ()))
    if role["kind"] == "ClusterRole" and (name := role["name"]) in refused:
        yield f"roleRef.name: is {name}"


def _subjects(binding: Props) -> Iterator[tuple[str, Props]]:
    listed = binding.get("subjects") or ()
    for index in range(len(listed)):
        yield f"subjects[{index}]", listed[index]


def _deny_subjects(*names: str) -> Callable[[Props], Iterator[str]]:
    def check(binding: Props) -> Iterator[str]:
        for at, subject in _subjects(binding):
            if subject["kind"] in ("User", "Group") and (name := subject["name"]) in names:
                yield f"{at}.name: is {name}"

    return check


def _is_no_default_account(binding: Props) -> Iterator[str]:
    for at, subject in _subjects(binding):
        if subject["kind"] == "ServiceAccount" and subject["name"] == "default":
            yield f"{at}.name: is the account of every pod that names none"


def _role_exists(binding: Resource, stack: Stack) -> Iterator[str]:
    role = binding.inputs["roleRef"]
    where = place(binding, stack)
    if role["kind"] == "Role" and owns(where, stack) and find_named((ROLE,), role["name"], where, stack) is None:
        yield f"roleRef.name: no Role {role['name']} is in its namespace"


def _is_no_token(secret: Props) -> Iterator[str]:
    if secret.get("type") == "kubernetes.io/service-account-token":
        yield "type: is a token that never ends"


_role = partial(Rule, types=(ROLE, CLUSTER_ROLE), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)
_binding = partial(
    Rule, types=(BINDING, CLUSTER_BINDING), severity=Severity.CRITICAL, absent=Absence.ALLOW, reference=_REFERENCE
)

RULES: tuple[AnyRule, ...] = (
    _role(
        id="kubernetes-rbac-role-deny-wildcards",
        why="A wildcard grants what nobody has thought of, and what the next version adds.",
        remedy="List the groups, resources and verbs that are needed.",
        check=_has_no_wildcard,
    ),
    _role(
        id="kubernetes-rbac-role-deny-secrets",
        why="Who may list or watch Secrets holds every password and token in them, whatever else is denied.",
        remedy="Mount the one Secret that a program needs, and take secrets out of the role.",
        check=_granted([("", "secrets")], _READ),
    ),
    _role(
        id="kubernetes-rbac-role-deny-pods",
        why="Who may make pods may mount every Secret and use every account of the namespace.",
        remedy="Leave the making of workloads to the deployment, and take it out of the role.",
        check=_granted(_POD_MAKERS, _WRITE),
    ),
    _role(
        id="kubernetes-rbac-role-deny-exec",
        why="A shell in a pod is everything that the pod is, and no policy looks at what is typed.",
        remedy="Take pods/exec, pods/attach, pods/portforward and pods/ephemeralcontainers out of the role.",
        check=_granted(
            [("", f"pods/{name}") for name in ("exec", "attach", "portforward", "ephemeralcontainers")],
            ("get", *_WRITE),
        ),
    ),
    _role(
        id="kubernetes-rbac-role-deny-escalation",
        severity=Severity.CRITICAL,
        why="These verbs give their holder rights that it was not granted.",
        remedy="Remove escalate, bind and impersonate.",
        check=_does_not_escalate,
    ),
    _role(
        id="kubernetes-rbac-role-deny-nodeproxy",
        severity=Severity.CRITICAL,
        why="The proxy of a node leads to its kubelet, which runs commands in every pod past admission and audit.",
        remedy="Take nodes/proxy out of the role; nodes/metrics and nodes/stats are enough for monitoring.",
        check=_granted([("", "nodes/proxy")], ("get", *_WRITE)),
    ),
    _role(
        id="kubernetes-rbac-role-deny-webhooks",
        why="Who may change admission webhooks reads and changes every object that is admitted.",
        remedy="Take webhook configurations out of the role, or leave get, list and watch.",
        check=_granted([("admissionregistration.k8s.io", name) for name in _HOOKS], (*_WRITE, "delete")),
    ),
    _role(
        id="kubernetes-rbac-role-deny-signing",
        severity=Severity.CRITICAL,
        why="Who may approve or sign certificate requests makes itself a client of any name.",
        remedy="Take the approval and signing of certificates out of the role.",
        check=_granted(
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
        why="Who may make tokens of a service account is that account, for as long as it likes.",
        remedy="Take serviceaccounts/token out of the role; pods get theirs from the kubelet.",
        check=_granted([("", "serviceaccounts/token")], ("create",)),
    ),
    _role(
        id="kubernetes-rbac-role-deny-persistentvolumes",
        why="Who may make persistent volumes may make one of the node's own file system.",
        remedy="Leave volumes to storage classes, and take persistentvolumes out of the role.",
        check=_granted([("", "persistentvolumes")], _WRITE),
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-administrator",
        why="An administrator of the whole cluster stands above every other rule.",
        remedy="Bind a role that lists what is needed.",
        check=_is_not_admin,
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-masters",
        why="Members of system:masters pass every check, and no change of roles takes that away again.",
        remedy="Bind a group of your own.",
        check=_deny_subjects("system:masters"),
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-everybody",
        why="These groups hold everybody who reaches the API server, or every pod of the cluster.",
        remedy="Bind the one group or account that needs it.",
        check=_deny_subjects(*_EVERYBODY),
    ),
    _binding(
        id="kubernetes-rbac-binding-deny-defaultaccount",
        severity=Severity.HIGH,
        why="Every pod that names no account would get these rights.",
        remedy="Make an account for the one workload, and bind that.",
        check=_is_no_default_account,
    ),
    StackRule(
        id="kubernetes-rbac-binding-match-role",
        types=(BINDING,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A binding to a role that is not there grants nothing now, and what somebody else puts there later.",
        remedy="Declare the Role, or name the one that is meant.",
        reference="https://kubernetes.io/docs/reference/access-authn-authz/rbac/",
        check=_role_exists,
    ),
    Rule(
        id="kubernetes-core-secret-deny-accounttoken",
        types=(SECRET,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A token in a Secret never ends, and is worth the account to whoever has read it once.",
        remedy="Use the token that the kubelet gives a pod, or one from the token API with an end.",
        reference="https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets",
        check=_is_no_token,
    ),
)
