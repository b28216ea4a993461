"""Availability of an image in its registry, asked as a container runtime asks before it pulls, without pulling."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from pouw.images import image_reference

_TIMEOUT_SECONDS = 5.0
_API_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Registries whose API has another host name than their images."""
_LOOPBACK = re.compile(r"^(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$")
_MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)


class Verdict(Enum):
    """The answer of a registry about one image."""

    PRESENT = "present"
    MISSING = "missing"
    CLOSED = "closed"
    """Credentials are needed. Some registries answer so about images that do not exist, too."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True)
class Look:
    """One answer: the verdict, the registry's host, and the registry's or the network's words."""

    verdict: Verdict
    host: str
    answer: str = ""


def look(reference: str) -> Look:
    """Ask the image's registry for its manifest, without credentials. Takes at most a few seconds."""
    image = image_reference.parse(reference)
    scheme = "http" if _LOOPBACK.match(image.host) else "https"
    url = f"{scheme}://{_API_HOSTS.get(image.host, image.host)}/v2/{image.name}/manifests/{image.version}"
    try:
        status = _manifest_status(url)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return Look(verdict=Verdict.UNREACHABLE, host=image.host, answer=str(reason) or type(error).__name__)
    return Look(verdict=_verdict(status), host=image.host, answer=f"status {status}")


def _verdict(status: int) -> Verdict:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Verdict.CLOSED
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
        return Verdict.MISSING
    return Verdict.PRESENT if status < HTTPStatus.BAD_REQUEST else Verdict.UNREACHABLE


def _manifest_status(url: str) -> int:
    """Return the HTTP status of the manifest. A registry that gives tokens to anonymous clients is asked for one."""
    status, challenge = _head(url, {"Accept": _MANIFESTS})
    scheme, _, parameters = challenge.partition(" ")
    if status != HTTPStatus.UNAUTHORIZED or scheme.lower() != "bearer":
        return status
    query = dict(re.findall(r'(\w+)="([^"]*)"', parameters))
    realm = query.pop("realm", "")
    if not realm.startswith(("https://", "http://")):
        return status
    with _open(urllib.request.Request(f"{realm}?{urllib.parse.urlencode(query)}")) as answer:  # noqa: S310 - checked
        document = json.loads(answer.read(1 << 20))
    token = document.get("token") or document.get("access_token") if isinstance(document, dict) else None
    if not token:
        return status
    return _head(url, {"Accept": _MANIFESTS, "Authorization": f"Bearer {token}"})[0]


def _head(url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    request = urllib.request.Request(url, method="HEAD", headers=dict(headers))  # noqa: S310 - made above
    try:
        with _open(request) as answer:
            return answer.status or 0, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("WWW-Authenticate", "")


def _open(request: urllib.request.Request) -> urllib.response.addinfourl:
    # The embedded cluster's runtime uses no proxy, so an answer through a proxy would be about another path.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answer: urllib.response.addinfourl = opener.open(request, timeout=_TIMEOUT_SECONDS)
    return answer
