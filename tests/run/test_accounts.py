"""The account check: a local HTTP server answers for AWS, programs on the PATH stand in for ``az`` and ``gcloud``."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from moto.sts.responses import TokenResponse
from werkzeug import Request, Response
from werkzeug.serving import make_server

from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.run import accounts

AWS_ACCOUNT = "123456789012"
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
TENANT = "5c1f6471-1bf0-4dda-aec3-cb9272f09590"
PROJECT = "pouw-staging"
REGIONS = {
    "aws": ("us-east-1", "us-west-2"),
    "azure": ("westeurope", "northeurope"),
    "gcp": ("us-central1", "us-west1"),
}


def stack(cloud: str, account: str, deployer: str = "user/moto") -> Settings:
    region, copy = REGIONS[cloud]
    site = {
        "name": "primary",
        "cloud": cloud,
        "region": region,
        "account": account,
        "backups": {"copyRegion": copy},
        **({"tenant": TENANT} if cloud == "azure" else {}),
        **({"cluster": {"administrators": [f"arn:aws:iam::{account}:{deployer}"]}} if cloud == "aws" else {}),
    }
    return parse({"environment": "staging", "sites": [site], "contacts": ["oncall@example.org"]})


class Served(Request):
    """A request with the attributes that moto reads."""

    from_wsgi_server = True
    raw_path = "/"


@Served.application
def token_service(request: Request) -> Response:
    """Return moto's answer for AWS's token service."""
    status, headers, body = TokenResponse.dispatch(request, request.url, request.headers)
    return Response(body, status, headers)


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """Serve an application over HTTP, and provide its address."""
    server = make_server("127.0.0.1", 0, application)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def aws() -> Iterator[str]:
    """Provide the address of a token service with one account."""
    with serving(token_service) as address:
        yield address


@pytest.fixture
def empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the only folder on the PATH of a machine without credentials."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "ARM_", "AZURE_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def stand_in(folder: Path, name: str, *, prints: str = "", error: str = "", status: int = 0) -> None:
    """Write a program that replaces a cloud's own, with this output and status."""
    path = folder / name
    text = f"#!/bin/sh\n/bin/cat <<'END'\n{prints}\nEND\n/bin/cat >&2 <<'END'\n{error}\nEND\nexit {status}\n"
    path.write_text(text)
    path.chmod(0o755)


def credentials(**variables: str) -> Mapping[str, str]:
    return {**os.environ, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", **variables}


def messages(
    settings: Settings, config: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> str:
    return "\n".join(
        str(fault)
        for fault in accounts.faults(settings, config or {}, os.environ if environment is None else environment)
    )


@pytest.mark.usefixtures("empty_path")
def test_aws_credentials_of_another_account_are_refused(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials(AWS_ENDPOINT_URL=aws).items():
        monkeypatch.setenv(name, value)
    assert messages(stack("aws", AWS_ACCOUNT)) == ""
    message = messages(stack("aws", "210987654321"))
    assert message.startswith("pouw:sites[0].account: the credentials are for another account; got 123456789012; ")
    assert "expected 210987654321" in message


@pytest.mark.usefixtures("empty_path")
def test_the_endpoint_in_the_stacks_configuration_is_queried(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials(AWS_ENDPOINT_URL="http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    assert messages(stack("aws", AWS_ACCOUNT), {"aws:endpoints": [{"sts": aws}]}) == ""
    assert "is unknown" in messages(stack("aws", AWS_ACCOUNT))


@pytest.mark.usefixtures("empty_path")
def test_missing_credentials_are_refused_in_every_cloud() -> None:
    for cloud, account in (("aws", AWS_ACCOUNT), ("azure", SUBSCRIPTION), ("gcp", PROJECT)):
        message = messages(stack(cloud, account))
        assert "of the credentials is unknown" in message, cloud
        assert "log in" in message or "login" in message, "the message names a remedy"


@pytest.mark.usefixtures("empty_path")
def test_an_answer_that_is_not_from_aws_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials().items():
        monkeypatch.setenv(name, value)
    page = Response("<!doctype html><title>Please log in to the network", mimetype="text/html")
    with serving(page) as address:
        assert "is unknown" in messages(stack("aws", AWS_ACCOUNT), {"aws:endpoints": [{"sts": address}]})


def test_the_aws_command_is_queried_without_the_sdk(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    stand_in(
        empty_path, "aws", prints=json.dumps({"Account": AWS_ACCOUNT, "Arn": f"arn:aws:iam::{AWS_ACCOUNT}:user/moto"})
    )
    assert messages(stack("aws", AWS_ACCOUNT)) == ""
    stand_in(empty_path, "aws", error="Unable to locate credentials", status=255)
    assert "got `aws sts get-caller-identity`: Unable to locate credentials" in messages(stack("aws", AWS_ACCOUNT))


@pytest.mark.parametrize(
    ("deployer", "caller", "admitted"),
    [
        ("role/teams/deployer", "sts::{}:assumed-role/deployer/session-1", True),
        ("user/deployer", "iam::{}:user/people/deployer", True),
        ("role/deployer", "sts::{}:assumed-role/other/deployer", False),
        ("role/deployer", "iam::{}:user/deployer", False),
        ("role/deployer", "iam::{}:root", False),
    ],
)
def test_a_caller_who_is_not_an_administrator_is_refused(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch, deployer: str, caller: str, *, admitted: bool
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    arn = f"arn:aws:{caller.format(AWS_ACCOUNT)}"
    stand_in(empty_path, "aws", prints=json.dumps({"Account": AWS_ACCOUNT, "Arn": arn}))
    message = messages(stack("aws", AWS_ACCOUNT, deployer))
    if admitted:
        assert message == ""
    else:
        assert message.startswith(
            f"pouw:sites[0].cluster.administrators: do not include the role or user of the credentials; got {arn}; "
        )


def test_the_azure_subscription_is_from_a_variable_or_the_command(empty_path: Path) -> None:
    stand_in(empty_path, "az", prints=json.dumps({"id": SUBSCRIPTION}))
    assert messages(stack("azure", SUBSCRIPTION)) == ""
    subscription = "1c2f6471-1bf0-4dda-aec3-cb9272f09590"
    message = messages(stack("azure", SUBSCRIPTION), environment={**os.environ, "ARM_SUBSCRIPTION_ID": subscription})
    assert f"another subscription; got {subscription}" in message
    stand_in(empty_path, "az", prints="not JSON")
    assert "printed no JSON" in messages(stack("azure", SUBSCRIPTION))


def test_the_gcp_project_is_from_a_variable_the_key_or_the_command(empty_path: Path, tmp_path: Path) -> None:
    stand_in(empty_path, "gcloud", prints=PROJECT)
    assert messages(stack("gcp", PROJECT)) == ""
    stand_in(empty_path, "gcloud", prints="(unset)")
    assert "gcloud has no project set" in messages(stack("gcp", PROJECT))
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "authorized_user", "quota_project_id": PROJECT}))
    assert messages(stack("gcp", PROJECT), environment={"GOOGLE_APPLICATION_CREDENTIALS": str(key)}) == ""
    assert "another project; got elsewhere" in messages(
        stack("gcp", PROJECT), environment={"GOOGLE_PROJECT": "elsewhere"}
    )
    key.write_text("secret words that are not JSON")
    message = messages(stack("gcp", PROJECT), environment={"GOOGLE_APPLICATION_CREDENTIALS": str(key)})
    assert "cannot be read" in message
    assert "secret words" not in message


def test_a_site_on_an_existing_cluster_has_no_account_to_check() -> None:
    settings = parse({"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]})
    assert messages(settings, environment={}) == ""
