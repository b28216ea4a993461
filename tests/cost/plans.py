"""Constructed steps of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.engine.events import StepStarted, Subject

_STACK = "urn:pulumi:staging::pouw::"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's marker for a text that is unknown before the run."""
SITE = f"{_STACK}pouw:aws:Site::primary"
POOLS = f"{_STACK}pouw:aws:Site$pouw:aws:NodePools::primary-pools"


def settings(**more: Any) -> Settings:
    """Return the settings of a stack with one site ``primary`` in AWS; ``more`` is added to the site."""
    site = {
        "name": "primary",
        "cloud": "aws",
        "region": "us-east-1",
        "account": "123456789012",
        "cluster": {"administrators": ["arn:aws:iam::123456789012:role/deployer"]},
        "backups": {"copyRegion": "us-west-2"},
        **more,
    }
    return parse({"environment": "staging", "sites": [site], "contacts": ["oncall@example.org"]})


def provider(package: str, name: str = "default", **inputs: Any) -> StepStarted:
    """Return the step of a provider."""
    token = f"pulumi:providers:{package}"
    return StepStarted(
        subject=Subject(urn=f"{_STACK}{token}::{name}"),
        operation="create",
        logical=True,
        properties=(),
        is_planned=True,
        after=inputs,
    )


def component(urn: str, parent: str = "") -> StepStarted:
    """Return the step of a component, which has no provider."""
    return StepStarted(
        subject=Subject(urn=urn),
        operation="create",
        logical=True,
        properties=(),
        is_planned=True,
        parent=parent,
        after={},
    )


def step(
    token: str,
    name: str,
    after: Mapping[str, Any] | None,
    *,
    before: Mapping[str, Any] | None = None,
    parent: str = SITE,
    provided_by: str = "default",
) -> StepStarted:
    """Return a resource's step; the operation follows from its inputs before and after."""
    if before is None:
        word = "create"
    elif after is None:
        word = "delete"
    else:
        word = "same" if before == after else "update"
    package = token.partition(":")[0]
    return StepStarted(
        subject=Subject(urn=f"{_STACK}{token}::{name}"),
        operation=word,
        logical=True,
        properties=(),
        is_planned=True,
        provider=f"{_STACK}pulumi:providers:{package}::{provided_by}",
        parent=parent,
        before=before,
        after=after,
    )
