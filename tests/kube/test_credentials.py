"""Credentials of a kubeconfig: certificates, tokens, passwords, plugins and proxies."""

from __future__ import annotations

import base64
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pouw.cluster import pki
from pouw.cluster.layout import Network
from pouw.kube import credentials
from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import KubeconfigError
from pouw.kube.kubeconfig import Kubeconfig, parse
from pouw.kube.proxies import proxy_for

SERVER = "https://192.0.2.1:6443"


def kubeconfig(user: Mapping[str, Any], **cluster: Any) -> Kubeconfig:
    return parse(
        json.dumps(
            {
                "clusters": [{"name": "c", "cluster": {"server": SERVER, **cluster}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "users": [{"name": "u", "user": dict(user)}],
                "current-context": "x",
            }
        )
    )


def endpoint(user: Mapping[str, Any], **cluster: Any) -> Endpoint:
    return credentials.from_kubeconfig(kubeconfig(user, **cluster), {})


def test_a_token_and_a_password_become_headers() -> None:
    assert endpoint({"token": "canary"}).headers() == {"Authorization": "Bearer canary"}
    basic = base64.b64encode(b"me:canary").decode()
    assert endpoint({"username": "me", "password": "canary"}).headers() == {"Authorization": f"Basic {basic}"}
    assert endpoint({}).headers() == {}


def test_a_token_file_is_read_for_each_request(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    headers = endpoint({"tokenFile": str(path)}).headers
    assert headers() == {"Authorization": "Bearer first"}
    path.write_text("second")
    assert headers() == {"Authorization": "Bearer second"}
    path.unlink()
    with pytest.raises(KubeconfigError, match="the token cannot be read"):
        headers()


def test_certificates_come_from_files_or_from_data(tmp_path: Path) -> None:
    pki.issue_all(tmp_path, Network(), now=dt.datetime.now(dt.UTC))
    files = {"client-certificate": tmp_path / "admin.crt", "client-key": tmp_path / "admin.key"}
    data = {f"{name}-data": base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}
    authority = base64.b64encode((tmp_path / "ca.crt").read_bytes()).decode()
    for user in ({name: str(path) for name, path in files.items()}, data):
        context = endpoint(user, **{"certificate-authority-data": authority}).tls.context()
        assert [entry["subject"] for entry in context.get_ca_certs()]
        assert context.check_hostname


def test_a_server_is_trusted_unseen_only_if_the_kubeconfig_says_so() -> None:
    context = endpoint({}, **{"insecure-skip-tls-verify": True}).tls.context()
    assert not context.check_hostname
    assert endpoint({}, **{"tls-server-name": "api.internal"}).tls.server_name == "api.internal"


def test_a_credential_plugin_is_run_by_the_official_client(tmp_path: Path) -> None:
    status = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "canary"}}
    path = tmp_path / "credential.json"
    path.write_text(json.dumps(status))
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "cat", "args": [str(path)]}
    assert endpoint({"exec": plugin}).headers()["authorization"] == "Bearer canary"


def test_a_credential_plugin_that_fails_is_reported() -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/does/not/exist"}
    with pytest.raises(KubeconfigError, match="no credentials; got /does/not/exist"):
        endpoint({"exec": plugin})


def test_a_simple_kubeconfig_needs_no_official_client() -> None:
    code = (
        "import sys\nfrom pouw.kube import credentials, kubeconfig\n"
        f"loaded = kubeconfig.parse({json.dumps(dict(kubeconfig({'token': 't'}).content))!r})\n"
        "credentials.from_kubeconfig(loaded, {}).headers()\nprint('kubernetes' in sys.modules)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "False"


@pytest.mark.parametrize("server", ["", "192.0.2.1", "ftp://192.0.2.1", "https://"])
def test_a_server_that_is_not_a_url_is_refused(server: str) -> None:
    with pytest.raises(KubeconfigError, match="not a URL"):
        endpoint({}, server=server)


def test_a_pods_service_account_names_its_cluster(tmp_path: Path) -> None:
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert not credentials.runs_in_pod(environment, folder=tmp_path)
    (tmp_path / "token").write_text("canary")
    (tmp_path / "ca.crt").write_text("")
    assert credentials.runs_in_pod(environment, folder=tmp_path)
    account = credentials.from_service_account(environment, folder=tmp_path)
    assert account.url == "https://10.0.0.1:6443"
    assert account.headers() == {"Authorization": "Bearer canary"}


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ("", "http://proxy:3128"),
        ("*", ""),
        ("192.0.2.1", ""),
        ("192.0.2.0/24", ""),
        ("192.0.2.1:6443", ""),
        ("192.0.2.1:443", "http://proxy:3128"),
        ("198.51.100.0/24,example.com", "http://proxy:3128"),
    ],
)
def test_no_proxy_excludes_hosts_as_kubectl_does(excluded: str, expected: str) -> None:
    environment = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": excluded}
    assert credentials.from_kubeconfig(kubeconfig({}), environment).proxy == expected


@pytest.mark.parametrize(
    ("entry", "host", "is_excluded"),
    [
        ("example.com", "api.example.com", True),
        ("example.com", "example.com", True),
        (".example.com", "example.com", False),
        (".example.com", "api.example.com", True),
        ("example.com", "badexample.com", False),
        ("", "localhost", True),
        ("", "127.0.0.9", True),
    ],
)
def test_domains_cover_their_subdomains(entry: str, host: str, is_excluded: bool) -> None:
    environment = {"https_proxy": "http://proxy:3128", "no_proxy": entry}
    assert (proxy_for(f"https://{host}", environment) == "") is is_excluded


def test_a_proxy_of_the_kubeconfig_wins() -> None:
    assert endpoint({}, **{"proxy-url": "http://other:1"}).proxy == "http://other:1"
