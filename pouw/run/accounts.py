"""The account guard: whose the credentials are, asked before a run may change anything in a cloud.

Each cloud is asked with what its own tools use: the SDK or the command line of AWS, ``az``, ``gcloud``, and the
variables by which the providers are told an account. Where none of them can say, the run is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from infra.aws.settings import AwsSite
from infra.clouds import CLOUDS
from infra.faults import Fault, choices
from infra.settings.site import ManagedSite
from infra.settings.stack import NAMESPACE, Settings
from pouw.errors import EngineError

_TIMEOUT_S = 30.0
_AZURE_VARIABLES: Final = ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID")
_GCP_VARIABLES: Final = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
_GCP_KEYS: Final = ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS")


class AccountError(EngineError):
    """The credentials are not those of the account that a site lives in, or nobody can tell; nothing was changed."""


class _UnknownError(Exception):
    """Whose the credentials are cannot be told; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a run would work with: the environment, and the stack's ``aws:`` configuration."""

    environment: Mapping[str, str]
    config: Mapping[str, Any]
    """The stack's configuration, with whole keys."""


@dataclass(frozen=True, kw_only=True)
class _Caller:
    """Whose the credentials are."""

    account: str
    identity: str = ""
    """ARN of the role or user on AWS, where who made a cluster has no right in it by that alone."""


_Ask: TypeAlias = Callable[[Surroundings, str], _Caller]


def faults(settings: Settings, config: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> list[Fault]:
    """A fault for each site whose account is not the one that the credentials are for, or whose cluster would not let
    their owner in. Each cloud is asked once."""
    around = Surroundings(environment=os.environ if environment is None else environment, config=config)
    told: dict[tuple[str, str], _Caller | _UnknownError] = {}
    found: list[Fault] = []
    for index, site in enumerate(settings.sites):
        if not isinstance(site, ManagedSite):
            continue
        region = site.region
        key = (site.cloud, region if site.cloud == "aws" else "")
        if key not in told:
            told[key] = _asked(site.cloud, around, region)
        path = f"{NAMESPACE}:sites[{index}]"
        foreign = _fault(f"{path}.account", site.cloud, site.account, told[key])
        found += foreign
        if not foreign and isinstance(site, AwsSite):
            found += _outsider(f"{path}.cluster.administrators", site.cluster.administrators, told[key])
    return found


def _asked(cloud: str, around: Surroundings, region: str) -> _Caller | _UnknownError:
    try:
        return _ASK[cloud](around, region)
    except _UnknownError as reason:
        return reason


def _fault(path: str, cloud: str, wanted: str, told: _Caller | _UnknownError) -> list[Fault]:
    if isinstance(told, _UnknownError):
        message = f"the {CLOUDS[cloud].account_noun} of the credentials cannot be told"
        return [Fault(path=path, message=message, got=str(told), expected=wanted, remedy=CLOUDS[cloud].login)]
    if told.account.lower() != wanted.lower():
        message = f"the credentials are for another {CLOUDS[cloud].account_noun}"
        return [Fault(path=path, message=message, got=told.account, expected=wanted, remedy=CLOUDS[cloud].login)]
    return []


def _outsider(path: str, administrators: Sequence[str], told: _Caller | _UnknownError) -> Iterator[Fault]:
    """Whoever is not let into the cluster would make it and then fail at its first workload."""
    if not administrators or isinstance(told, _UnknownError):
        return
    if _kind_and_name(told.identity) not in map(_kind_and_name, administrators):
        expected = f"one of {choices(administrators, told.identity)}"
        remedy = "deploy as one of them, or add the role or user that deploys"
        yield Fault(path=path, message="do not name who deploys", got=told.identity, expected=expected, remedy=remedy)


def _kind_and_name(arn: str) -> tuple[str, str]:
    """Whether it is a role or a user, and its name; a session of a role counts as the role, and tells no path."""
    kind, *parts = arn.rpartition(":")[2].split("/")
    return ("role", parts[0]) if kind == "assumed-role" and parts else (kind, parts[-1] if parts else "")


def _aws(around: Surroundings, region: str) -> _Caller:
    profile, endpoint = around.config.get("aws:profile"), _sts_endpoint(around.config.get("aws:endpoints"))
    try:
        import botocore.exceptions
        import botocore.parsers
        import botocore.session
    except ImportError:
        return _aws_by_cli(around, region, profile, endpoint)
    try:
        session = botocore.session.Session(profile=profile)
        client = session.create_client("sts", region_name=region, endpoint_url=endpoint)
        answer = client.get_caller_identity()
    except botocore.parsers.ResponseParserError as error:
        raise _UnknownError("what answered is not AWS") from error
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise _UnknownError(str(error)) from error
    return _Caller(account=str(answer["Account"]), identity=str(answer["Arn"]))


def _aws_by_cli(around: Surroundings, region: str, profile: Any, endpoint: str | None) -> _Caller:
    told = ["aws", "sts", "get-caller-identity", "--output", "json", "--region", region]
    told += ["--profile", str(profile)] if profile else []
    told += ["--endpoint-url", endpoint] if endpoint else []
    answer = _json(told, around)
    return _Caller(account=str(answer["Account"]), identity=str(answer["Arn"]))


def _sts_endpoint(endpoints: Any) -> str | None:
    """The address of the token service among ``aws:endpoints``, a list of mappings from service to address."""
    entries = json.loads(endpoints) if isinstance(endpoints, str) else endpoints
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("sts"):
            return str(entry["sts"])
    return None


def _azure(around: Surroundings, region: str) -> _Caller:
    del region
    if named := _variable(around, _AZURE_VARIABLES):
        return _Caller(account=named)
    return _Caller(account=str(_json(["az", "account", "show", "--output", "json"], around)["id"]))


def _gcp(around: Surroundings, region: str) -> _Caller:
    del region
    if named := _variable(around, _GCP_VARIABLES):
        return _Caller(account=named)
    if key := _variable(around, _GCP_KEYS):
        return _Caller(account=_project_of(key))
    said = _output(["gcloud", "config", "get-value", "project"], around).strip()
    if not said or said == "(unset)":
        raise _UnknownError("gcloud has no project set")
    return _Caller(account=said)


def _project_of(key: str) -> str:
    """The project that a credentials file, or its content, belongs to."""
    try:
        text = key if key.lstrip().startswith("{") else Path(key).read_text(encoding="utf-8")
        content = json.loads(text)
    except (OSError, ValueError) as error:
        raise _UnknownError(f"the credentials file cannot be read: {type(error).__name__}") from error
    found = content.get("project_id") or content.get("quota_project_id")
    if not found:
        raise _UnknownError("the credentials file names no project")
    return str(found)


def _variable(around: Surroundings, names: tuple[str, ...]) -> str:
    return next((around.environment[name] for name in names if around.environment.get(name)), "")


def _json(command: list[str], around: Surroundings) -> Mapping[str, Any]:
    try:
        content: Mapping[str, Any] = json.loads(_output(command, around))
    except ValueError as error:
        raise _UnknownError(f"`{' '.join(command[:3])}` printed no JSON") from error
    return content


def _output(command: list[str], around: Surroundings) -> str:
    program = shutil.which(command[0], path=around.environment.get("PATH"))
    if program is None:
        raise _UnknownError(f"`{command[0]}` is not on the PATH")
    try:
        done = subprocess.run(
            [program, *command[1:]],
            env=dict(around.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _UnknownError(f"`{' '.join(command[:3])}`: {type(error).__name__}") from error
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise _UnknownError(f"`{' '.join(command[:3])}`: {last[0][:200]}")
    return done.stdout


_ASK: Mapping[str, _Ask] = {"aws": _aws, "azure": _azure, "gcp": _gcp}
