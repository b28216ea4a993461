"""Rules about admission webhooks, aggregated APIs and request priorities."""

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
_MAXIMUM_SECONDS = 10


def _check_timeout(hooks: Props) -> Iterator[str]:
    for path, seconds in find(hooks, "webhooks[*].timeoutSeconds"):
        if isinstance(seconds, int | float) and seconds > _MAXIMUM_SECONDS:
            yield f"{path}: is too high; got {seconds:g}; expected at most {_MAXIMUM_SECONDS}"


def _check_scope(hooks: Props) -> Iterator[str]:
    webhooks = hooks.get("webhooks") or ()
    for index in range(len(webhooks)):
        hook = webhooks[index]
        if (hook.get("failurePolicy") or "Fail") == "Fail" and not _is_narrow(hook):
            yield (
                f"webhooks[{index}].namespaceSelector: the webhook can block its own repair; got no selector; expected "
                "one without kube-system"
            )


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
        why="With failurePolicy Ignore, an attacker who stops the webhook disables its check.",
        remedy="Remove failurePolicy, or set it to Fail.",
        check=must_not_be("webhooks[*].failurePolicy", "Ignore"),
    ),
    _rule(
        id="kubernetes-admission-webhook-limit-timeout",
        why="Every matching request waits for a webhook that hangs, which can exhaust the API server.",
        remedy="Set timeoutSeconds to at most 10.",
        check=_check_timeout,
    ),
    _rule(
        id="kubernetes-admission-webhook-deny-external",
        severity=Severity.HIGH,
        why="Every admitted object, including Secrets, is sent to a server outside the cluster.",
        remedy="Set clientConfig.service instead of clientConfig.url.",
        check=must_not_be_set("webhooks[*].clientConfig.url"),
    ),
    _rule(
        id="kubernetes-admission-webhook-limit-scope",
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A failing webhook with cluster-wide scope also blocks the pods that would serve it.",
        remedy="Set namespaceSelector so that it excludes kube-system and the webhook's own namespace.",
        check=_check_scope,
    ),
    _rule(
        id="kubernetes-apiregistration-service-deny-unverified",
        types=(API_SERVICE,),
        severity=Severity.HIGH,
        why="An attacker between the API server and the service can answer in its place.",
        remedy="Remove insecureSkipTLSVerify, and set caBundle to the service's certificate authority.",
        reference="https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/",
        check=must_not_be("spec.insecureSkipTLSVerify", True),
    ),
    _rule(
        id="kubernetes-flowcontrol-level-deny-exempt",
        types=(PRIORITY_LEVEL,),
        why="Requests without a queue can starve all other requests.",
        remedy="Set type: Limited.",
        reference="https://kubernetes.io/docs/concepts/cluster-administration/flow-control/",
        check=must_not_be("spec.type", "Exempt"),
    ),
)
