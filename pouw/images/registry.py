"""Whether a registry has an image, asked as a container runtime would ask before it pulls, and without pulling."""

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

from pouw.images.program_archive import normalized

_SECONDS = 5.0
_ELSEWHERE = {"docker.io": "registry-1.docker.io"}
"""Registries whose API answers under another name than their images have."""
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
    """What can be said of an image."""

    THERE = "there"
    MISSING = "missing"
    CLOSED = "closed"
    """Not to be seen without credentials; some registries say so of what does not exist, too."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look: the verdict, and the registry's or the network's words for it."""

    verdict: Verdict
    host: str
    said: str = ""


def look(reference: str) -> Look:
    """Ask the image's registry for its manifest, as somebody without credentials. Takes seconds at most."""
    host, _, rest = normalized(reference).partition("/")
    name, version = _split(rest)
    scheme = "http" if _LOOPBACK.match(host) else "https"
    url = f"{scheme}://{_ELSEWHERE.get(host, host)}/v2/{name}/manifests/{version}"
    try:
        status = _ask(url)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return Look(verdict=Verdict.UNREACHABLE, host=host, said=str(reason) or type(error).__name__)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        verdict = Verdict.CLOSED
    elif status in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
        verdict = Verdict.MISSING
    else:
        verdict = Verdict.THERE if status < HTTPStatus.BAD_REQUEST else Verdict.UNREACHABLE
    return Look(verdict=verdict, host=host, said=f"status {status}")


def _split(rest: str) -> tuple[str, str]:
    name, at, digest = rest.partition("@")
    if at:
        return name.partition(":")[0], digest
    name, _, tag = rest.rpartition(":")
    return name, tag


def _ask(url: str) -> int:
    """The status of the manifest; a registry that gives a token to anybody is asked for one."""
    status, challenge = _head(url, {"Accept": _MANIFESTS})
    scheme, _, rest = challenge.partition(" ")
    if status != HTTPStatus.UNAUTHORIZED or scheme.lower() != "bearer":
        return status
    told = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = told.pop("realm", "")
    if not realm.startswith(("https://", "http://")):
        return status
    with _open(urllib.request.Request(f"{realm}?{urllib.parse.urlencode(told)}")) as answer:  # noqa: S310 - checked
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
    # The embedded cluster's runtime uses no proxy; whether a proxy reaches the registry is not what is asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    answer: urllib.response.addinfourl = opener.open(request, timeout=_SECONDS)
    return answer
