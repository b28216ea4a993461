"""Cases of ``policies.gcp.iam_bindings``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policies.gcp.iam_bindings import BUCKET_ENTRIES, PROJECTS, RULES
from tests.policies import tables
from tests.policies.contract import Case

_case = tables.of(RULES)
_MEMBER, _BINDING, _POLICY = PROJECTS[:3]
_BASIC = "gcp-iam-grant-deny-basic-roles"
_IMPERSONATION = "gcp-iam-grant-deny-impersonation"
_ADMINISTERING = "gcp-iam-grant-deny-administering-programs"
_PROGRAM = {"role": "roles/logging.logWriter", "member": "serviceAccount:some@some.iam.gserviceaccount.com"}


def policy(role: str, member: str) -> dict[str, Any]:
    """Return an IAM policy with one binding."""
    return {"policyData": json.dumps({"bindings": [{"role": role, "members": [member]}]})}


def _public_cases(rule: str) -> Iterator[Case]:
    """Yield the three forms of a grant, each with a public member."""
    (types,) = (entry.types for entry in RULES if entry.id == rule)
    grant = {"role": "roles/any", "member": "group:some@example.org"}
    yield _case(rule, grant, "member", "allUsers", type=types[0])
    binding = {"role": "roles/any", "members": ["group:some@example.org"]}
    yield _case(rule, binding, "members[0]", "allAuthenticatedUsers", type=types[1], absent_path="members")
    iam_policy = policy("roles/any", "group:some@example.org")
    yield _case(rule, iam_policy, "policyData", policy("roles/any", "allUsers")["policyData"], type=types[2])


CASES = [
    *(case for rule in RULES if rule.id.endswith("-deny-everybody") for case in _public_cases(rule.id)),
    *(
        _case("gcp-storage-bucket-deny-everybody", {"entity": "user-some@example.org"}, "entity", "allUsers", type=kind)
        for kind in BUCKET_ENTRIES
    ),
    _case(_BASIC, _PROGRAM, "role", "roles/editor", type=_MEMBER),
    _case(_IMPERSONATION, _PROGRAM, "role", "roles/iam.serviceAccountTokenCreator", type=_MEMBER),
    _case(_ADMINISTERING, {**_PROGRAM, "role": "roles/storage.admin", "member": "group:some@example.org"}, "member",
          _PROGRAM["member"], type=_MEMBER),
    _case("gcp-iam-grant-deny-strangers", _PROGRAM, "member", "user:colleague@gmail.com", type=_MEMBER),
]  # fmt: skip
