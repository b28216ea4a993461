"""Programs that Google runs: who reaches them, as whom they act, what they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import must_be
from policies.gcp.relations import StackCheck, by_type, must_name_account
from policies.rule import Absence, AnyRule, Props, Rule, Severity, StackRule

SERVICE = "gcp:cloudrunv2/service:Service"
FUNCTION = "gcp:cloudfunctions/function:Function"
FUNCTION_2 = "gcp:cloudfunctionsv2/function:Function"

_RUN = "https://cloud.google.com/run/docs/"
_INGRESS: Mapping[str, str] = {
    "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    "ingressSettings": "ALLOW_INTERNAL_ONLY ALLOW_INTERNAL_AND_GCLB",
    "serviceConfig.ingressSettings": "ALLOW_INTERNAL_ONLY ALLOW_INTERNAL_AND_GCLB",
}
_ACCOUNTS: Mapping[str, StackCheck] = {
    SERVICE: must_name_account("template.serviceAccount"),
    FUNCTION: must_name_account("serviceAccountEmail"),
    FUNCTION_2: must_name_account("serviceConfig.serviceAccountEmail"),
}


def _path(props: Mapping[str, Any]) -> str:
    if "template" in props:
        return "ingress"
    return "ingressSettings" if "runtime" in props else "serviceConfig.ingressSettings"


def _is_open(props: Props) -> Iterator[str]:
    path = _path(props)
    yield from must_be(path, *_INGRESS[path].split())(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-run-service-require-inner-ingress",
        types=(SERVICE, FUNCTION, FUNCTION_2),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The address that Google gives it is reached past the load balancer and its guard.",
        remedy="Set the ingress to internal, or to internal and the load balancer.",
        reference=_RUN + "securing/ingress",
        check=_is_open,
    ),
    Rule(
        id="gcp-run-function-require-tls",
        types=(FUNCTION,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The address answers in plain text, too.",
        remedy="Set httpsTriggerSecurityLevel: SECURE_ALWAYS.",
        reference="https://cloud.google.com/functions/docs/securing",
        check=must_be("httpsTriggerSecurityLevel", "SECURE_ALWAYS"),
    ),
    StackRule(
        id="gcp-run-service-require-own-account",
        types=tuple(_ACCOUNTS),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default account edits the whole project, and one hole in the program is enough.",
        remedy="Name an account of the program's own.",
        reference=_RUN + "securing/service-identity",
        check=by_type(_ACCOUNTS),
    ),
)
