"""The account check: the owner of the credentials, queried before a run may change anything in a cloud.

Each cloud is queried through what its own tools use: the SDK or the command line of AWS, ``az``, ``gcloud``, and the
variables that select an account for the providers. If none of them names an account, the run is refused.
"""

from __future__ import annotations

import json
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
from pouw.home import Home
from pouw.run import stacks

_TIMEOUT_S = 30.0
_AZURE_VARIABLES: Final = ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID")
_GCP_VARIABLES: Final = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
_GCP_KEYS: Final = ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS")


class AccountError(EngineError):
    """The credentials are not those of a site's account, or their account is unknown; nothing was changed."""


class _UnknownError(Exception):
    """The account of the credentials is unknown; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The environment of a run, and the stack's configuration with whole keys."""

    environment: Mapping[str, str]
    config: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Caller:
    """The account and the identity of the credentials."""

    account: str
    identity: str = ""
    """ARN of the role or user on AWS, where the creator of a cluster has no access to it by default."""


_Query: TypeAlias = Callable[[Context, str], _Caller]


def require(stack: str, settings: Settings, *, home: Home) -> None:
    """Require that the credentials belong to the account of each site.

    Raises:
        AccountError: the credentials are for another account, or their account is unknown.
    """
    if account_faults := faults(settings, stacks.REPOSITORY_PROJECT.configuration(stack), home.environment):
        raise AccountError(*account_faults)


def faults(settings: Settings, config: Mapping[str, Any], environment: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each site in another account, or whose cluster would not admit the credentials' owner.

    Each cloud is queried once.
    """
    context = Context(environment=environment, config=config)
    callers: dict[tuple[str, str], _Caller | _UnknownError] = {}
    site_faults: list[Fault] = []
    for index, site in enumerate(settings.sites):
        if not isinstance(site, ManagedSite):
            continue
        region = site.region
        key = (site.cloud, region if site.cloud == "aws" else "")
        if key not in callers:
            callers[key] = _query(site.cloud, context, region)
        path = f"{NAMESPACE}:sites[{index}]"
        account_faults = _account_faults(f"{path}.account", site.cloud, site.account, callers[key])
        site_faults += account_faults
        if not account_faults and isinstance(site, AwsSite):
            administrators = site.cluster.administrators
            site_faults += _administrator_faults(f"{path}.cluster.administrators", administrators, callers[key])
    return site_faults


def _query(cloud: str, context: Context, region: str) -> _Caller | _UnknownError:
    try:
        return _QUERIES[cloud](context, region)
    except _UnknownError as reason:
        return reason


def _account_faults(path: str, cloud: str, expected: str, caller: _Caller | _UnknownError) -> list[Fault]:
    noun, remedy = CLOUDS[cloud].account_noun, CLOUDS[cloud].login
    if isinstance(caller, _UnknownError):
        message = f"the {noun} of the credentials is unknown"
        return [Fault(path=path, message=message, got=str(caller), expected=expected, remedy=remedy)]
    if caller.account.lower() != expected.lower():
        message = f"the credentials are for another {noun}"
        return [Fault(path=path, message=message, got=caller.account, expected=expected, remedy=remedy)]
    return []


def _administrator_faults(path: str, administrators: Sequence[str], caller: _Caller | _UnknownError) -> Iterator[Fault]:
    """Yield a fault if the caller is not an administrator: it would create the cluster, and could not use it."""
    if not administrators or isinstance(caller, _UnknownError):
        return
    if _kind_and_name(caller.identity) not in map(_kind_and_name, administrators):
        yield Fault(
            path=path,
            message="do not include the role or user of the credentials",
            got=caller.identity,
            expected=f"one of {choices(administrators, caller.identity)}",
            remedy="deploy as one of them, or add the role or user that deploys",
        )


def _kind_and_name(arn: str) -> tuple[str, str]:
    """Return ``role`` or ``user``, and its name. A session of a role counts as the role; it has no path."""
    kind, *parts = arn.rpartition(":")[2].split("/")
    return ("role", parts[0]) if kind == "assumed-role" and parts else (kind, parts[-1] if parts else "")


def _aws(context: Context, region: str) -> _Caller:
    profile, endpoint = context.config.get("aws:profile"), _sts_endpoint(context.config.get("aws:endpoints"))
    try:
        import botocore.exceptions
        import botocore.parsers
        import botocore.session
    except ImportError:
        return _aws_cli(context, region, profile, endpoint)
    try:
        session = botocore.session.Session(profile=profile)
        client = session.create_client("sts", region_name=region, endpoint_url=endpoint)
        answer = client.get_caller_identity()
    except botocore.parsers.ResponseParserError as error:
        raise _UnknownError("the answer is not from AWS") from error
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise _UnknownError(str(error)) from error
    return _Caller(account=str(answer["Account"]), identity=str(answer["Arn"]))


def _aws_cli(context: Context, region: str, profile: Any, endpoint: str | None) -> _Caller:
    command = ["aws", "sts", "get-caller-identity", "--output", "json", "--region", region]
    command += ["--profile", str(profile)] if profile else []
    command += ["--endpoint-url", endpoint] if endpoint else []
    answer = _json(command, context)
    return _Caller(account=str(answer["Account"]), identity=str(answer["Arn"]))


def _sts_endpoint(endpoints: Any) -> str | None:
    """Return the address of the token service among ``aws:endpoints``, a list of mappings from service to address."""
    entries = json.loads(endpoints) if isinstance(endpoints, str) else endpoints
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("sts"):
            return str(entry["sts"])
    return None


def _azure(context: Context, region: str) -> _Caller:
    del region
    if subscription := _variable(context, _AZURE_VARIABLES):
        return _Caller(account=subscription)
    return _Caller(account=str(_json(["az", "account", "show", "--output", "json"], context)["id"]))


def _gcp(context: Context, region: str) -> _Caller:
    del region
    if project := _variable(context, _GCP_VARIABLES):
        return _Caller(account=project)
    if key := _variable(context, _GCP_KEYS):
        return _Caller(account=_project_of(key))
    project = _output(["gcloud", "config", "get-value", "project"], context).strip()
    if not project or project == "(unset)":
        raise _UnknownError("gcloud has no project set")
    return _Caller(account=project)


def _project_of(key: str) -> str:
    """Return the project of a credentials file, given as its path or its content."""
    try:
        text = key if key.lstrip().startswith("{") else Path(key).read_text(encoding="utf-8")
        content = json.loads(text)
    except (OSError, ValueError) as error:
        raise _UnknownError(f"the credentials file cannot be read: {type(error).__name__}") from error
    project = content.get("project_id") or content.get("quota_project_id")
    if not project:
        raise _UnknownError("the credentials file names no project")
    return str(project)


def _variable(context: Context, names: tuple[str, ...]) -> str:
    return next((context.environment[name] for name in names if context.environment.get(name)), "")


def _json(command: list[str], context: Context) -> Mapping[str, Any]:
    try:
        content: Mapping[str, Any] = json.loads(_output(command, context))
    except ValueError as error:
        raise _UnknownError(f"`{' '.join(command[:3])}` printed no JSON") from error
    return content


def _output(command: list[str], context: Context) -> str:
    program = shutil.which(command[0], path=context.environment.get("PATH"))
    if program is None:
        raise _UnknownError(f"`{command[0]}` is not on the PATH")
    try:
        process = subprocess.run(
            [program, *command[1:]],
            env=dict(context.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _UnknownError(f"`{' '.join(command[:3])}`: {type(error).__name__}") from error
    if process.returncode != 0:
        last_line = process.stderr.strip().splitlines()[-1:] or [f"status {process.returncode}"]
        raise _UnknownError(f"`{' '.join(command[:3])}`: {last_line[0][:200]}")
    return process.stdout


_QUERIES: Mapping[str, _Query] = {"aws": _aws, "azure": _azure, "gcp": _gcp}
