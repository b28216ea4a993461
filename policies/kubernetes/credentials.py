"""How secrets and accounts reach a program: CIS sections 5.1 and 5.4. No message holds a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from policies.checks import MISSING, find, must_be, must_not_be_set
from policies.kubernetes.manifests import WORKLOADS, Props, in_containers, in_pod
from policies.rule import Absence, AnyRule, Level, Rule, Severity

SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
_SECRETS = "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"
_ACCOUNTS = "https://kubernetes.io/docs/concepts/security/service-accounts/"
_SECRET_NAME = re.compile(
    r"(?i)(^|[_.-])(password|passwd|passphrase|secret|token|credentials?|api_?key|private_?key|access_?key|seed)$"
)
_SECRET_TEXT: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|://[^/\s:@]+:[^/\s:@]+@")
"""A private key, an access key of AWS, or a password in an address."""
_OTHERS_MAY_READ: Final = 0o004
_DEFAULT_MODE: Final = 0o644


def _looks_secret(name: str, value: Any) -> bool:
    text = str(value)
    return bool(text) and bool(_SECRET_NAME.search(name) or _SECRET_TEXT.search(text))


def _environment_is_plain(container: Props) -> Iterator[str]:
    listed = container.get("env") or ()
    for index in range(len(listed)):
        # The value of an entry is read only where it is one: another says where it comes from.
        if "value" in tuple(listed[index]) and _looks_secret(listed[index]["name"], listed[index]["value"] or ""):
            yield f"env[{index}].value: looks like a secret, in plain text"


def _takes_secrets_by_file(container: Props) -> Iterator[str]:
    yield from must_not_be_set("env[*].valueFrom.secretKeyRef")(container)
    yield from must_not_be_set("envFrom[*].secretRef")(container)


def _holds_no_secret(config: Props) -> Iterator[str]:
    data = config.get("data") or {}
    for key in data:
        if _looks_secret(key, data[key] or ""):
            yield f"data: {key} looks like a secret, and everybody who may look at the namespace reads it"


def _names_an_account(spec: Props) -> Iterator[str]:
    named = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if not named or named == "default":
        yield "serviceAccountName: is the account of every pod that names none"


def _secrets_are_the_users(spec: Props) -> Iterator[str]:
    for kind in ("secret", "projected"):
        for at, volume in find(spec, f"volumes[*].{kind}"):
            if volume is not MISSING and int(volume.get("defaultMode") or _DEFAULT_MODE) & _OTHERS_MAY_READ:
                yield f"{at}.defaultMode: every user of the pod may read it"


_rule = partial(Rule, types=WORKLOADS, severity=Severity.MEDIUM, absent=Absence.ALLOW, reference=_SECRETS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-container-deny-secretenvironment",
        why="An environment is inherited by every child, shown in dumps and logs, and never changes while a pod runs.",
        remedy="Mount the Secret as a file, and give the program its path.",
        check=in_containers(_takes_secrets_by_file),
    ),
    _rule(
        id="kubernetes-pods-container-deny-plainsecrets",
        severity=Severity.HIGH,
        why="A secret in a manifest is read by everybody who may look at workloads, and stays in every history.",
        remedy="Put it into a Secret, mount that as a file, and give the program its path.",
        check=in_containers(_environment_is_plain),
    ),
    _rule(
        id="kubernetes-core-configmap-deny-secrets",
        types=(CONFIG_MAP,),
        severity=Severity.HIGH,
        why="A ConfigMap is neither encrypted nor kept from those who may look.",
        remedy="Put it into a Secret.",
        check=_holds_no_secret,
    ),
    _rule(
        id="kubernetes-pods-pod-require-account",
        absent=Absence.DENY,
        why="What is granted to the default account is granted to every pod that names none.",
        remedy="Make an account for the workload, and name it in serviceAccountName.",
        reference=_ACCOUNTS,
        check=in_pod(_names_an_account),
    ),
    _rule(
        id="kubernetes-core-account-deny-automount",
        types=(SERVICE_ACCOUNT,),
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A pod that forgets to decline the token gets it.",
        remedy="Set automountServiceAccountToken: false for the account, and true for the pods that need it.",
        reference=_ACCOUNTS,
        check=must_be("automountServiceAccountToken", False),
    ),
    _rule(
        id="kubernetes-pods-volume-limit-secretmode",
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="By default every user inside a pod reads its Secrets, not the program's user alone.",
        remedy="Set defaultMode: 0440 and a group with fsGroup.",
        check=in_pod(_secrets_are_the_users),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-servicelinks",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Every pod gets the address of every Service of its namespace, in variables that may be taken for its own.",
        remedy="Set enableServiceLinks: false.",
        reference="https://kubernetes.io/docs/tutorials/services/connect-applications-service/",
        check=in_pod(must_be("enableServiceLinks", False)),
    ),
)
