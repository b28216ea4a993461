"""Cases of ``policies.gcp.functions``."""

from __future__ import annotations

from policies.gcp.functions import FUNCTION, FUNCTION_2, RULES, SERVICE
from tests.policies import tables

_case = tables.of(RULES)
_DEDICATED = "program@some.iam.gserviceaccount.com"
_DEFAULT = "1-compute@developer.gserviceaccount.com"
_SERVICE = {"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "template": {"serviceAccount": _DEDICATED}}
_FUNCTION = {
    "runtime": "python313",
    "ingressSettings": "ALLOW_INTERNAL_AND_GCLB",
    "httpsTriggerSecurityLevel": "SECURE_ALWAYS",
    "serviceAccountEmail": _DEDICATED,
}
_FUNCTION_2 = {"serviceConfig": {"ingressSettings": "ALLOW_INTERNAL_ONLY", "serviceAccountEmail": _DEDICATED}}
_INGRESS = "gcp-run-service-require-inner-ingress"
_ACCOUNT_RULE = "gcp-run-service-require-own-account"

CASES = [
    _case(_INGRESS, _SERVICE, "ingress", "INGRESS_TRAFFIC_ALL", type=SERVICE),
    _case(_INGRESS, _FUNCTION, "ingressSettings", "ALLOW_ALL", type=FUNCTION),
    _case(_INGRESS, _FUNCTION_2, "serviceConfig.ingressSettings", "ALLOW_ALL", type=FUNCTION_2),
    _case("gcp-run-function-require-tls", _FUNCTION, "httpsTriggerSecurityLevel", "SECURE_OPTIONAL"),
    _case(_ACCOUNT_RULE, _SERVICE, "template.serviceAccount", _DEFAULT, type=SERVICE),
    _case(_ACCOUNT_RULE, _FUNCTION, "serviceAccountEmail", _DEFAULT, type=FUNCTION),
    _case(_ACCOUNT_RULE, _FUNCTION_2, "serviceConfig.serviceAccountEmail", _DEFAULT, type=FUNCTION_2),
]
