"""Rules about secrets and service accounts in workloads: CIS sections 5.1 and 5.4. No message contains a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from policies.checks import MISSING, find, format_value, must_be, must_not_be_set
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
"""A private key, an access key of AWS, or a password in a URL."""
_OTHERS_READ_BIT: Final = 0o004
_DEFAULT_MODE: Final = 0o644


def _looks_secret(name: str, value: Any) -> bool:
    text = str(value)
    return bool(text) and bool(_SECRET_NAME.search(name) or _SECRET_TEXT.search(text))


def _check_environment(container: Props) -> Iterator[str]:
    variables = container.get("env") or ()
    for index in range(len(variables)):
        # An entry has either a value or a source; only a value is read.
        if "value" in tuple(variables[index]) and _looks_secret(
            variables[index]["name"], variables[index]["value"] or ""
        ):
            yield f"env[{index}].value: the manifest contains a secret; got a literal value; expected a mounted Secret"


def _check_secret_environment(container: Props) -> Iterator[str]:
    yield from must_not_be_set("env[*].valueFrom.secretKeyRef")(container)
    yield from must_not_be_set("envFrom[*].secretRef")(container)


def _check_config_map(config: Props) -> Iterator[str]:
    data = config.get("data") or {}
    for key in data:
        if _looks_secret(key, data[key] or ""):
            yield f"data: the ConfigMap contains a secret; got a value for {key}; expected a Secret"


def _check_account(spec: Props) -> Iterator[str]:
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if not account or account == "default":
        yield (
            f"serviceAccountName: the pod uses the default account; got {format_value(account)}; expected a dedicated "
            "account"
        )


def _check_secret_mode(spec: Props) -> Iterator[str]:
    for kind in ("secret", "projected"):
        for path, volume in find(spec, f"volumes[*].{kind}"):
            if volume is not MISSING and int(volume.get("defaultMode") or _DEFAULT_MODE) & _OTHERS_READ_BIT:
                yield (
                    f"{path}.defaultMode: every user of the pod may read the Secret; got a mode for all; expected 0440"
                )


_rule = partial(Rule, types=WORKLOADS, severity=Severity.MEDIUM, absent=Absence.ALLOW, reference=_SECRETS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-container-deny-secretenvironment",
        why="Child processes inherit the environment, and crash dumps and logs may contain it.",
        remedy="Replace secretKeyRef and secretRef by a mounted Secret, and give the program its path.",
        check=in_containers(_check_secret_environment),
    ),
    _rule(
        id="kubernetes-pods-container-deny-plainsecrets",
        severity=Severity.HIGH,
        why="Anyone who may view workloads can read the secret, and it remains in the version history.",
        remedy="Replace the value by a mounted Secret, and give the program its path.",
        check=in_containers(_check_environment),
    ),
    _rule(
        id="kubernetes-core-configmap-deny-secrets",
        types=(CONFIG_MAP,),
        severity=Severity.HIGH,
        why="A ConfigMap is not encrypted, and every viewer of the namespace can read it.",
        remedy="Move the value from data to a Secret.",
        check=_check_config_map,
    ),
    _rule(
        id="kubernetes-pods-pod-require-account",
        absent=Absence.DENY,
        why="A permission of the default account applies to every pod without an account.",
        remedy="Add a ServiceAccount for the workload, and set serviceAccountName.",
        reference=_ACCOUNTS,
        check=in_pod(_check_account),
    ),
    _rule(
        id="kubernetes-core-account-deny-automount",
        types=(SERVICE_ACCOUNT,),
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A pod gets the API token by default, even if it does not use the API.",
        remedy="Set automountServiceAccountToken: false on the account, and true on the pods that need the token.",
        reference=_ACCOUNTS,
        check=must_be("automountServiceAccountToken", False),
    ),
    _rule(
        id="kubernetes-pods-volume-limit-secretmode",
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="By default every user inside the pod can read its Secrets.",
        remedy="Set defaultMode: 0440, and a group with fsGroup.",
        check=in_pod(_check_secret_mode),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-servicelinks",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Variables with the address of every Service of the namespace can collide with the program's own.",
        remedy="Set enableServiceLinks: false.",
        reference="https://kubernetes.io/docs/tutorials/services/connect-applications-service/",
        check=in_pod(must_be("enableServiceLinks", False)),
    ),
)
