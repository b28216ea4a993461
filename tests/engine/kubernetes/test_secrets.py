"""Secrets stay secret in the state, in faults, in messages of the server and in the log."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pouw.engine.plugins.core.properties import Secret, revealed
from tests.engine.kubernetes.controlplane import ControlPlane, Pods, failing_status
from tests.engine.kubernetes.provider import FailedError, Provider, urn
from tests.engine.kubernetes.resources import CONFIG_MAP, DEPLOYMENT, SECRET, config_map, deployment

pytestmark = pytest.mark.engine


def test_secret_text_becomes_data_and_stays_secret(provider: Provider, namespace: str) -> None:
    news = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": namespace},
        "stringData": {"token": "canary"},
    }
    resource = provider.create(urn(SECRET, "s"), news)
    data = Secret({"token": base64.b64encode(b"canary").decode()})
    assert resource.inputs["data"] == data
    assert "stringData" not in resource.inputs
    assert resource.state["data"] == data
    assert resource.state["__inputs"]["data"] == data
    assert provider.diff(resource, news).changes == 1


def test_a_secret_in_any_object_stays_secret(provider: Provider, namespace: str) -> None:
    news = config_map(namespace, open="v", closed=Secret("canary"))
    resource = provider.create(urn(CONFIG_MAP, "a"), news)
    assert resource.inputs["data"]["closed"] == Secret("canary")
    assert resource.state["data"] == {"open": "v", "closed": Secret("canary")}


def test_a_fault_in_a_secret_value_does_not_show_it(provider: Provider, namespace: str) -> None:
    _, faults = provider.check(urn(CONFIG_MAP, "a"), config_map(namespace, k=Secret(41_415_926)))
    assert faults == ["data.k: must be a string, got an integer"]


def test_the_servers_refusal_does_not_show_secrets(provider: Provider, namespace: str) -> None:
    news = deployment(namespace)
    news["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 1, "name": Secret("CANARY_VALUE")}]
    with pytest.raises(FailedError, match=r"\[secret\]") as failure:
        provider.create(urn(DEPLOYMENT, "web"), news)
    assert "CANARY_VALUE" not in str(failure.value)


def test_nothing_of_a_secret_reaches_the_log(provider: Provider, control_plane: ControlPlane, namespace: str) -> None:
    def revealing(pod: dict[str, Any]) -> dict[str, Any]:
        return failing_status(pod, "CreateContainerConfigError", "bad value canary-text")

    news = deployment(namespace)
    news["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": Secret("canary-text")}]
    with Pods(control_plane.client, namespace, revealing), pytest.raises(FailedError) as failure:
        provider.create(urn(DEPLOYMENT, "web"), news, timeout=1)
    output = json.dumps([str(failure.value), failure.value.reasons, provider.log.warnings, provider.log.statuses])
    assert "canary-text" not in output
    assert "[secret]" in output
    assert (
        revealed(failure.value.state)["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "canary-text"
    )
    assert isinstance(failure.value.state["spec"]["template"]["spec"]["containers"], Secret)
