"""Cases of ``policies.gcp.data_stores``."""

from __future__ import annotations

from policies.gcp.data_stores import ENTRY, RULES, SECRETS
from tests.policies import tables

_case = tables.of(RULES)
_CACHE = {"authEnabled": True, "transitEncryptionMode": "SERVER_AUTHENTICATION"}
_DATASET = {"accesses": [{"role": "READER", "specialGroup": "projectOwners"}], "deleteContentsOnDestroy": False}
_PUSH = {"pushConfig": {"pushEndpoint": "https://some.example.org", "oidcToken": {"serviceAccountEmail": "some"}}}
_SECRET = {"rotation": {"rotationPeriod": "7776000s"}, "versionDestroyTtl": "604800s"}
_OPEN = "gcp-bigquery-dataset-deny-open-access"

CASES = [
    _case("gcp-redis-instance-require-password", _CACHE, "authEnabled", False),
    _case("gcp-redis-instance-require-tls", _CACHE, "transitEncryptionMode", "DISABLED"),
    _case(_OPEN, _DATASET, "accesses[0].specialGroup", "allAuthenticatedUsers", absent_path="accesses"),
    _case(_OPEN, {"iamMember": "group:some@example.org"}, "iamMember", "allUsers", type=ENTRY),
    _case("gcp-bigquery-dataset-deny-deletion-of-contents", _DATASET, "deleteContentsOnDestroy", True),
    _case("gcp-pubsub-subscription-require-signed-push", _PUSH, "pushConfig.oidcToken", {}),
    _case("gcp-secretmanager-secret-require-rotation", _SECRET, "rotation.rotationPeriod", ""),
    _case("gcp-secretmanager-secret-require-undoing", _SECRET, "versionDestroyTtl", "", type=SECRETS[1]),
]
