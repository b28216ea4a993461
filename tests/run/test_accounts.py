"""The account guard: AWS answered by a local server over HTTP, ``az`` and ``gcloud`` by stand-ins on the PATH."""

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

from infra.settings.loading import parse
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
    """A request as the mock of AWS wants it."""

    from_wsgi_server = True
    raw_path = "/"


@Served.application
def token_service(request: Request) -> Response:
    """The mock's own answer of AWS's token service."""
    status, headers, body = TokenResponse.dispatch(request, request.url, request.headers)
    return Response(body, status, headers)


@contextmanager
def served(application: Any) -> Iterator[str]:
    """The address at which an application answers over HTTP."""
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
    """The address of a token service that knows one account."""
    with served(token_service) as address:
        yield address


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine where nobody is logged in to any cloud; the folder is all of its PATH."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "ARM_", "AZURE_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def stand_in(folder: Path, name: str, *, prints: str = "", complains: str = "", status: int = 0) -> None:
    """A program in the place of a cloud's own, which says what it is told to."""
    path = folder / name
    text = f"#!/bin/sh\n/bin/cat <<'END'\n{prints}\nEND\n/bin/cat >&2 <<'END'\n{complains}\nEND\nexit {status}\n"
    path.write_text(text)
    path.chmod(0o755)


def credentials(**more: str) -> Mapping[str, str]:
    return {**os.environ, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", **more}


def told(
    settings: Settings, config: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> str:
    return "\n".join(str(fault) for fault in accounts.faults(settings, config or {}, environment))


@pytest.mark.usefixtures("bare")
def test_aws_credentials_of_the_account_pass_and_of_another_are_refused(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in credentials(AWS_ENDPOINT_URL=aws).items():
        monkeypatch.setenv(name, value)
    assert told(stack("aws", AWS_ACCOUNT)) == ""
    refused = told(stack("aws", "210987654321"))
    assert refused.startswith("pouw:sites[0].account: the credentials are for another account; got 123456789012; ")
    assert "expected 210987654321" in refused


@pytest.mark.usefixtures("bare")
def test_an_endpoint_of_the_stacks_configuration_is_the_one_that_is_asked(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in credentials(AWS_ENDPOINT_URL="http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    assert told(stack("aws", AWS_ACCOUNT), {"aws:endpoints": [{"sts": aws}]}) == ""
    assert "cannot be told" in told(stack("aws", AWS_ACCOUNT))


@pytest.mark.usefixtures("bare")
def test_nobody_logged_in_is_refused_in_every_cloud() -> None:
    for cloud, account in (("aws", AWS_ACCOUNT), ("azure", SUBSCRIPTION), ("gcp", PROJECT)):
        refused = told(stack(cloud, account))
        assert "of the credentials cannot be told" in refused, cloud
        assert "log in" in refused or "login" in refused, "a remedy is told"


@pytest.mark.usefixtures("bare")
def test_an_answer_that_is_not_of_aws_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in credentials().items():
        monkeypatch.setenv(name, value)
    page = Response("<!doctype html><title>Please log in to the network", mimetype="text/html")
    with served(page) as address:
        assert "cannot be told" in told(stack("aws", AWS_ACCOUNT), {"aws:endpoints": [{"sts": address}]})


def test_the_aws_command_is_asked_where_there_is_no_sdk(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    stand_in(bare, "aws", prints=json.dumps({"Account": AWS_ACCOUNT, "Arn": f"arn:aws:iam::{AWS_ACCOUNT}:user/moto"}))
    assert told(stack("aws", AWS_ACCOUNT)) == ""
    stand_in(bare, "aws", complains="Unable to locate credentials", status=255)
    assert "got `aws sts get-caller-identity`: Unable to locate credentials" in told(stack("aws", AWS_ACCOUNT))


@pytest.mark.parametrize(
    ("deployer", "caller", "let_in"),
    [
        ("role/teams/deployer", "sts::{}:assumed-role/deployer/session-1", True),
        ("user/deployer", "iam::{}:user/people/deployer", True),
        ("role/deployer", "sts::{}:assumed-role/other/deployer", False),
        ("role/deployer", "iam::{}:user/deployer", False),
        ("role/deployer", "iam::{}:root", False),
    ],
)
def test_who_would_not_be_let_into_the_cluster_is_refused_before_it_is_made(
    bare: Path, monkeypatch: pytest.MonkeyPatch, deployer: str, caller: str, *, let_in: bool
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    arn = f"arn:aws:{caller.format(AWS_ACCOUNT)}"
    stand_in(bare, "aws", prints=json.dumps({"Account": AWS_ACCOUNT, "Arn": arn}))
    refused = told(stack("aws", AWS_ACCOUNT, deployer))
    if let_in:
        assert refused == ""
    else:
        assert refused.startswith(f"pouw:sites[0].cluster.administrators: do not name who deploys; got {arn}; ")


def test_azures_subscription_is_the_variables_or_that_of_the_command(bare: Path) -> None:
    stand_in(bare, "az", prints=json.dumps({"id": SUBSCRIPTION}))
    assert told(stack("azure", SUBSCRIPTION)) == ""
    other = "1c2f6471-1bf0-4dda-aec3-cb9272f09590"
    refused = told(stack("azure", SUBSCRIPTION), environment={**os.environ, "ARM_SUBSCRIPTION_ID": other})
    assert f"another subscription; got {other}" in refused
    stand_in(bare, "az", prints="not JSON")
    assert "printed no JSON" in told(stack("azure", SUBSCRIPTION))


def test_gcps_project_is_the_variables_the_keys_or_that_of_the_command(bare: Path, tmp_path: Path) -> None:
    stand_in(bare, "gcloud", prints=PROJECT)
    assert told(stack("gcp", PROJECT)) == ""
    stand_in(bare, "gcloud", prints="(unset)")
    assert "gcloud has no project set" in told(stack("gcp", PROJECT))
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "authorized_user", "quota_project_id": PROJECT}))
    assert told(stack("gcp", PROJECT), environment={"GOOGLE_APPLICATION_CREDENTIALS": str(key)}) == ""
    assert "another project; got elsewhere" in told(stack("gcp", PROJECT), environment={"GOOGLE_PROJECT": "elsewhere"})
    key.write_text("secret words that are no JSON")
    refused = told(stack("gcp", PROJECT), environment={"GOOGLE_APPLICATION_CREDENTIALS": str(key)})
    assert "cannot be read" in refused
    assert "secret words" not in refused


def test_a_site_on_an_existing_cluster_has_no_account_to_guard() -> None:
    settings = parse({"environment": "local", "sites": [{"name": "local", "cloud": "kubernetes"}]})
    assert told(settings, environment={}) == ""
