"""Kinds of a CustomResourceDefinition."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.kubernetes.provider import Provider, urn

pytestmark = pytest.mark.engine


def test_a_custom_kind_works_as_soon_as_its_definition_is_created(provider: Provider, namespace: str) -> None:
    definition: dict[str, Any] = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "parts.tests.pouw.dev"},
        "spec": {
            "group": "tests.pouw.dev",
            "scope": "Namespaced",
            "names": {"plural": "parts", "singular": "part", "kind": "Part"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {"size": {"type": "integer"}},
                                    "x_kubernetes_preserve_unknown_fields": True,
                                }
                            },
                        }
                    },
                }
            ],
        },
    }
    token = "kubernetes:tests.pouw.dev/v1:Part"
    news = {
        "apiVersion": "tests.pouw.dev/v1",
        "kind": "Part",
        "metadata": {"name": "p", "namespace": namespace},
        "spec": {"size": 3},
    }
    crd = provider.create(urn("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "parts"), definition)
    assert provider.diff(crd, definition).changes == 1
    resource = provider.create(urn(token, "p"), news)
    assert resource.state["spec"] == {"size": 3}
    _, faults = provider.check(urn(token, "p"), {**news, "spec": {"size": "big"}})
    assert faults == ["spec.size: must be an integer, got a string: 'big'"]
    schema = {
        **definition,
        "spec": {**definition["spec"], "names": {**definition["spec"]["names"], "shortNames": ["pt"]}},
    }
    updated = provider.update(crd, schema)
    assert updated.state["spec"]["names"]["shortNames"] == ["pt"]
    provider.delete(updated)
    assert provider.read(resource.urn, resource.id, state=resource.state, inputs=resource.inputs) is None
    provider.delete(resource)
