"""What stands before the API: admission webhooks, aggregated APIs, priorities of requests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import find, must_not_be, must_not_be_set
from policies.kubernetes.manifests import Props
from policies.rule import Absence, AnyRule, Level, Rule, Severity

VALIDATING = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration"
MUTATING = "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration"
API_SERVICE = "kubernetes:apiregistration.k8s.io/v1:APIService"
PRIORITY_LEVEL = "kubernetes:flowcontrol.apiserver.k8s.io/v1:PriorityLevelConfiguration"
_HOOKS = "https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/"
_MOST_SECONDS = 10


def _answers_soon(hooks: Props) -> Iterator[str]:
    for at, seconds in find(hooks, "webhooks[*].timeoutSeconds"):
        if isinstance(seconds, int | float) and seconds > _MOST_SECONDS:
            yield f"{at}: is {seconds:g}, and must be at most {_MOST_SECONDS}"


def _leaves_the_system_alone(hooks: Props) -> Iterator[str]:
    listed = hooks.get("webhooks") or ()
    for index in range(len(listed)):
        hook = listed[index]
        if (hook.get("failurePolicy") or "Fail") == "Fail" and not _is_narrow(hook):
            yield f"webhooks[{index}].namespaceSelector: is missing, so its own failure keeps it from being repaired"


def _is_narrow(hook: Props) -> bool:
    for field in ("namespaceSelector", "objectSelector"):
        selector = hook.get(field) or {}
        if selector.get("matchLabels") or selector.get("matchExpressions"):
            return True
    return bool(hook.get("matchConditions"))


_rule = partial(Rule, types=(VALIDATING, MUTATING), severity=Severity.MEDIUM, absent=Absence.ALLOW, reference=_HOOKS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-admission-webhook-deny-ignoring",
        types=(VALIDATING,),
        severity=Severity.HIGH,
        why="A check that is skipped when it cannot be asked is gone as soon as somebody stops it.",
        remedy="Remove failurePolicy, or set it to Fail.",
        check=must_not_be("webhooks[*].failurePolicy", "Ignore"),
    ),
    _rule(
        id="kubernetes-admission-webhook-limit-timeout",
        why="Every request waits as long for a webhook that hangs, and the API server is full of them.",
        remedy="Set timeoutSeconds to 10 or less.",
        check=_answers_soon,
    ),
    _rule(
        id="kubernetes-admission-webhook-deny-external",
        severity=Severity.HIGH,
        why="Every object that is admitted, Secrets too, goes to a server outside of the cluster.",
        remedy="Use clientConfig.service instead of url.",
        check=must_not_be_set("webhooks[*].clientConfig.url"),
    ),
    _rule(
        id="kubernetes-admission-webhook-limit-scope",
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A webhook over everything, when it fails, keeps even the pods from starting that would answer for it.",
        remedy="Leave out kube-system and its own namespace with a namespaceSelector.",
        check=_leaves_the_system_alone,
    ),
    _rule(
        id="kubernetes-apiregistration-service-deny-unverified",
        types=(API_SERVICE,),
        severity=Severity.HIGH,
        why="Whoever stands between the API server and the service answers in its place.",
        remedy="Remove insecureSkipTLSVerify, and give the service's authority in caBundle.",
        reference="https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/",
        check=must_not_be("spec.insecureSkipTLSVerify", True),
    ),
    _rule(
        id="kubernetes-flowcontrol-level-deny-exempt",
        types=(PRIORITY_LEVEL,),
        why="Requests that wait for nothing leave nothing to those who wait.",
        remedy="Set type: Limited.",
        reference="https://kubernetes.io/docs/concepts/cluster-administration/flow-control/",
        check=must_not_be("spec.type", "Exempt"),
    ),
)
