"""Docker. The grammar of image names is the distribution project's reference grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud_description import CatalogueEntry, Cloud, Name
from pouw.engine.plugins.offline.formats import cidr, matching
from pouw.engine.plugins.offline.settings import Settings

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
image_name = matching(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[\w][\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    "an image name: [host[:port]/]path[:tag], the path in lower case",
)
_DIGEST: Final = "sha256:{hash64}"

CATALOGUE: Final[Mapping[str, CatalogueEntry]] = {
    "docker:index/image:Image": CatalogueEntry(
        formats={"imageName": image_name},
        computed={"baseImageName": "{imageName}", "repoDigest": f"{{imageName}}@{_DIGEST}"},
        id=_DIGEST,
    ),
    "docker:index/remoteImage:RemoteImage": CatalogueEntry(
        replaces=["name"],
        formats={"name": image_name},
        computed={"imageId": _DIGEST, "repoDigest": f"{{name}}@{_DIGEST}"},
        id=_DIGEST,
    ),
    "docker:index/registryImage:RegistryImage": CatalogueEntry(
        formats={"name": image_name}, computed={"sha256Digest": _DIGEST}
    ),
    "docker:index/tag:Tag": CatalogueEntry(
        replaces=["sourceImage", "targetImage"], formats={"sourceImage": image_name, "targetImage": image_name}
    ),
    "docker:index/network:Network": CatalogueEntry(
        name=Name(longest=255, pattern=r"[A-Za-z0-9][\w.-]*", rule="letters, digits and any of ._-"),
        replaces=["attachable", "driver", "ingress", "internal", "ipamConfigs", "ipv6", "labels", "options"],
        values={"ipamDriver": ["default"]},
    ),
    "docker:index/volume:Volume": CatalogueEntry(
        name=Name(longest=255, pattern=r"[A-Za-z0-9][\w.-]*", rule="letters, digits and any of ._-"),
        replaces=["driver", "driverOpts", "labels"],
    ),
    "docker:index/container:Container": CatalogueEntry(
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


def _name_of(definition: ResourceType) -> Name | None:
    as_input, as_output = definition.inputs.get("name"), definition.outputs.get("name")
    is_optional = as_input is not None and not as_input.required
    return Name() if is_optional and as_output is not None and as_output.required else None


def _settings(values: Mapping[str, Value]) -> Settings:
    del values
    return Settings()


def _identify(definition: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    del definition, outputs, settings
    return unique


CLOUD: Final = Cloud(
    package="docker",
    title="a Docker host",
    catalogue=CATALOGUE,
    replaces=[],
    formats=[(r"subnet|ipRange", cidr)],
    open_enums=frozenset(),
    name_of=_name_of,
    functions={},
    settings=_settings,
    identify=_identify,
    placeholder_account="",
)
