"""Rules about Cloud Run services and Cloud Functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.checks import must_be
from policies.gcp.references import StackCheck, by_type, must_name_account
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


def _ingress_path(props: Mapping[str, Any]) -> str:
    if "template" in props:
        return "ingress"
    return "ingressSettings" if "runtime" in props else "serviceConfig.ingressSettings"


def _check_ingress(props: Props) -> Iterator[str]:
    path = _ingress_path(props)
    yield from must_be(path, *_INGRESS[path].split())(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-run-service-require-inner-ingress",
        types=(SERVICE, FUNCTION, FUNCTION_2),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Clients can reach the service's default URL past the load balancer and Cloud Armor.",
        remedy="Set ingress, or ingressSettings, to internal traffic or to internal traffic and the load balancer.",
        reference=_RUN + "securing/ingress",
        check=_check_ingress,
    ),
    Rule(
        id="gcp-run-function-require-tls",
        types=(FUNCTION,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The function also answers without TLS, and anyone on the network path can read the data.",
        remedy="Set httpsTriggerSecurityLevel: SECURE_ALWAYS.",
        reference="https://cloud.google.com/functions/docs/securing",
        check=must_be("httpsTriggerSecurityLevel", "SECURE_ALWAYS"),
    ),
    StackRule(
        id="gcp-run-service-require-own-account",
        types=tuple(_ACCOUNTS),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The default account may edit the whole project, so one vulnerability in the program exposes everything.",
        remedy="Set serviceAccount, or serviceAccountEmail, to an account of the program.",
        reference=_RUN + "securing/service-identity",
        check=by_type(_ACCOUNTS),
    ),
)
