"""Configuration that a run adds to the stack's file: local images, the embedded cluster's kubeconfig, the key seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from infra.settings.stack import NAMESPACE, Settings
from pouw import images
from pouw.engine.project import Project
from pouw.engine.stack_configuration import ExtraConfig
from pouw.home import Home
from pouw.network.sites import embedded_kubeconfig
from pouw.run import key_seeds, stacks

Seed = Callable[[str, Home], str]


def for_program(
    stack: str,
    settings: Settings,
    references: Mapping[str, str],
    *,
    home: Home,
    project: Project = stacks.REPOSITORY_PROJECT,
    seed: Seed = key_seeds.seed,
) -> ExtraConfig:
    """Return the configuration that the program needs. ``references`` are the images built here, by their kind."""
    extra = dict(for_providers(settings, home))
    if references:
        extra[f"{NAMESPACE}:images"] = ({**_image_settings(settings), **references}, False)
    elif any(site.managed for site in settings.sites) and settings.images.tag is None:
        tag = images.content_tag(settings.images.base)
        extra[f"{NAMESPACE}:images"] = ({**_image_settings(settings), "tag": tag}, False)
    if key_seeds.SETTING not in stacks.values(stack, project):
        extra[f"{NAMESPACE}:{key_seeds.SETTING}"] = (seed(stack, home), True)
    return extra


def for_providers(settings: Settings, home: Home) -> ExtraConfig:
    """Return the configuration that providers need without the program: access to the embedded cluster."""
    if settings.embedded and not settings.kubeconfig:
        return {f"{NAMESPACE}:kubeconfig": (str(embedded_kubeconfig(home)), False)}
    return {}


def _image_settings(settings: Settings) -> Mapping[str, object]:
    content: Mapping[str, object] = settings.images.model_dump(by_alias=True, exclude_none=True)
    return content
