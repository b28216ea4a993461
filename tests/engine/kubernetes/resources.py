"""Resources of the tests, and their lookup on the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pouw.engine.plugins.core.properties import Value
from tests.engine.kubernetes.controlplane import ControlPlane

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def config_map(namespace: str, name: str | None = "settings", **data: Value) -> dict[str, Value]:
    metadata: dict[str, Value] = {"namespace": namespace}
    if name is not None:
        metadata["name"] = name
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


SKIP = {"pulumi.com/skipAwait": "true"}


def deployment(
    namespace: str, name: str = "web", *, replicas: int = 1, annotations: Mapping[str, str] | None = None
) -> dict[str, Value]:
    labels = {"app": name}
    container = {"name": "c", "image": "none", "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "annotations": dict(annotations or {})},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def live(plane: ControlPlane, path: str) -> dict[str, Any]:
    return plane.client.get(path)


def kinds(answer: Any) -> Mapping[str, str]:
    names = {0: "add", 1: "add-replace", 2: "delete", 3: "delete-replace", 4: "update", 5: "update-replace"}
    return {path: names[one.kind] for path, one in answer.detailedDiff.items()}
