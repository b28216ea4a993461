"""Endpoints with the credentials of a kubeconfig, or of the service account of the pod that this process runs in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pouw.kube.endpoint import Endpoint, Headers, Tls
from pouw.kube.errors import KubeconfigError, cause
from pouw.kube.kubeconfig import Kubeconfig
from pouw.kube.proxies import proxy_for

_SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PLUGINS: Final = ("exec", "auth-provider")


def runs_in_pod(environment: Mapping[str, str], *, folder: Path = _SERVICE_ACCOUNT) -> bool:
    """True if this process has the service account of a pod."""
    return "KUBERNETES_SERVICE_HOST" in environment and (folder / "token").exists()


def from_service_account(environment: Mapping[str, str], *, folder: Path = _SERVICE_ACCOUNT) -> Endpoint:
    """Return the endpoint of the cluster that this process runs in. The kubelet renews the token in its file."""
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment.get("KUBERNETES_SERVICE_PORT", "443")
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Endpoint(
        url=url, tls=Tls(authority=(folder / "ca.crt").read_text()), headers=_token_of_file(folder / "token")
    )


def from_kubeconfig(kubeconfig: Kubeconfig, environment: Mapping[str, str]) -> Endpoint:
    """Return the endpoint of the active context. The environment may name a proxy.

    Raises:
        KubeconfigError: a part of the context cannot be used.
    """
    cluster, user = kubeconfig.cluster, kubeconfig.user
    url = str(cluster.get("server") or "").rstrip("/")
    if not url.startswith(("https://", "http://")) or not urlsplit(url).hostname:
        raise KubeconfigError("kubeconfig", "the server of the cluster is not a URL", got=repr(url))
    headers = _headers(kubeconfig)
    certificate = _pem(user, "client-certificate")
    key = _pem(user, "client-key")
    if any(user.get(name) for name in _PLUGINS) and not certificate:
        headers, certificate, key = _from_plugin(kubeconfig)
    return Endpoint(
        url=url,
        tls=Tls(
            authority=_pem(cluster, "certificate-authority"),
            certificate=certificate,
            key=key,
            verify=not cluster.get("insecure-skip-tls-verify"),
            server_name=str(cluster.get("tls-server-name") or ""),
        ),
        headers=headers,
        proxy=str(cluster.get("proxy-url") or proxy_for(url, environment)),
    )


def _headers(kubeconfig: Kubeconfig) -> Headers:
    user = kubeconfig.user
    if user.get("token"):
        header = {"Authorization": f"Bearer {user['token']}"}
    elif user.get("tokenFile"):
        return _token_of_file(Path(user["tokenFile"]))
    elif user.get("username") or user.get("password"):
        pair = f"{user.get('username', '')}:{user.get('password', '')}".encode()
        header = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    else:
        header = {}
    return lambda: header


def _token_of_file(path: Path) -> Headers:
    def headers() -> Mapping[str, str]:
        try:
            return {"Authorization": f"Bearer {path.read_text().strip()}"}
        except OSError as error:
            raise KubeconfigError(str(path), "the token cannot be read", got=cause(error)) from error

    return headers


def _from_plugin(kubeconfig: Kubeconfig) -> tuple[Headers, str, str]:
    """Return headers, certificate and key of a user with a credential plugin, as the official client reads them."""
    import kubernetes.config
    from kubernetes.client.configuration import Configuration

    configuration = Configuration()
    try:
        kubernetes.config.load_kube_config_from_dict(
            dict(kubeconfig.content), client_configuration=configuration, persist_config=False
        )
    except (kubernetes.config.ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        got = f"{type(error).__name__}: {error}"
        raise KubeconfigError("kubeconfig", "the credential plugin does not work", got=got) from None

    def headers() -> Mapping[str, str]:
        return {setting["key"]: setting["value"] for setting in configuration.auth_settings().values()}

    if not headers() and not configuration.cert_file:
        # The official client logs the plugin's failure and continues without credentials.
        raise KubeconfigError("kubeconfig", "the credential plugin returns no credentials", got=_command(kubeconfig))
    certificate = Path(configuration.cert_file).read_text() if configuration.cert_file else ""
    return headers, certificate, Path(configuration.key_file).read_text() if configuration.key_file else ""


def _command(kubeconfig: Kubeconfig) -> str:
    plugin = kubeconfig.user.get("exec")
    return str(plugin.get("command")) if isinstance(plugin, Mapping) else "auth-provider"


def _pem(body: Mapping[str, Any], name: str) -> str:
    """Return the PEM text of a field that is either a file or, as ``NAME-data``, base64."""
    data, path = body.get(f"{name}-data"), body.get(name)
    try:
        if data:
            return base64.b64decode(data).decode()
        return Path(path).read_text() if path else ""
    except (OSError, binascii.Error, ValueError, TypeError) as error:
        raise KubeconfigError("kubeconfig", f"{name} cannot be read", got=type(error).__name__) from error
