"""Docker. The grammar of image names is the distribution project's reference grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud import Cloud, Facts, Name
from pouw.engine.plugins.offline.formats import cidr, matching
from pouw.engine.plugins.offline.settings import Settings

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
image_name = matching(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[\w][\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    "an image name: [host[:port]/]path[:tag], the path in lower case",
)
_DIGEST: Final = "sha256:{hash64}"

FACTS: Final[Mapping[str, Facts]] = {
    "docker:index/image:Image": Facts(
        formats={"imageName": image_name},
        computed={"baseImageName": "{imageName}", "repoDigest": f"{{imageName}}@{_DIGEST}"},
        id=_DIGEST,
    ),
    "docker:index/remoteImage:RemoteImage": Facts(
        replaces=["name"],
        formats={"name": image_name},
        computed={"imageId": _DIGEST, "repoDigest": f"{{name}}@{_DIGEST}"},
        id=_DIGEST,
    ),
    "docker:index/registryImage:RegistryImage": Facts(formats={"name": image_name}, computed={"sha256Digest": _DIGEST}),
    "docker:index/tag:Tag": Facts(
        replaces=["sourceImage", "targetImage"], formats={"sourceImage": image_name, "targetImage": image_name}
    ),
    "docker:index/network:Network": Facts(
        name=Name(longest=255, pattern=r"[A-Za-z0-9][\w.-]*", rule="letters, digits and any of ._-"),
        replaces=["attachable", "driver", "ingress", "internal", "ipamConfigs", "ipv6", "labels", "options"],
        values={"ipamDriver": ["default"]},
    ),
    "docker:index/volume:Volume": Facts(
        name=Name(longest=255, pattern=r"[A-Za-z0-9][\w.-]*", rule="letters, digits and any of ._-"),
        replaces=["driver", "driverOpts", "labels"],
    ),
    "docker:index/container:Container": Facts(
        name=Name(longest=255, pattern=r"[A-Za-z0-9][\w.-]*", rule="letters, digits and any of ._-"),
        replaces=[
            "command",
            "entrypoints",
            "envs",
            "hostname",
            "image",
            "mounts",
            "networksAdvanced",
            "ports",
            "volumes",
        ],
        values={"restart": ["no", "on-failure", "always", "unless-stopped"]},
    ),
}


def _name_of(described: ResourceType) -> Name | None:
    given, read = described.inputs.get("name"), described.outputs.get("name")
    return Name() if given is not None and read is not None and not given.required and read.required else None


def _settings(values: Mapping[str, Value]) -> Settings:
    del values
    return Settings()


def _identify(described: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    del described, outputs, settings
    return unique


CLOUD: Final = Cloud(
    package="docker",
    title="a Docker host",
    facts=FACTS,
    replaces=[],
    formats=[(r"subnet|ipRange", cidr)],
    open_enums=frozenset(),
    name_of=_name_of,
    answers={},
    settings=_settings,
    identify=_identify,
    nobody="",
)
