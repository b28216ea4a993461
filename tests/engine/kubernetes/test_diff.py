"""Plans of changed inputs, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from pouw.engine.plugins.core.changes import ChangeKind
from pouw.engine.plugins.core.properties import UNKNOWN, Value
from pouw.engine.plugins.kubernetes.diff import Mutability, Plan, plan
from pouw.engine.plugins.kubernetes.objects import Object


def pod_template(image: str) -> Object:
    return {"spec": {"containers": [{"name": "c", "image": image}]}}


def obj(kind: str, api_version: str = "v1", *, name: str = "x", **fields: Value) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "n"}, **fields}


def make_plan(
    old: Object, new: Object, *, live: Object | None = None, mutability: Mutability | None = None, **more: Any
) -> Plan:
    settings = {"namespaced": True, **more}
    return plan(old_inputs=old, live=live or old, news=new, mutability=mutability or Mutability(), **settings)


def describe(result: Plan) -> dict[str, str]:
    return {one.name: one.kind.value + ("-replace" if one.replaces else "") for one in result.changes}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            obj("ConfigMap", data={"k": "v"}),
            obj("ConfigMap", data={"k": "w"}),
            {"data.k": "update-replace"},
            id="data",
        ),
        pytest.param(
            obj("ConfigMap", data={"k": "v"}), obj("ConfigMap", data={}), {"data.k": "delete-replace"}, id="data-gone"
        ),
        pytest.param(
            obj("ConfigMap"), obj("ConfigMap", data={"a.b": "c"}), {"data": "add-replace"}, id="data-that-comes"
        ),
        pytest.param(
            obj("ConfigMap", data={"a.b": "c"}),
            obj("ConfigMap", data={"a.b": "d"}),
            {'data["a.b"]': "update-replace"},
            id="a-key-with-a-dot",
        ),
        pytest.param(
            obj("Deployment", "apps/v1", spec={"replicas": 1}),
            obj("Deployment", "apps/v1", spec={"replicas": 2}),
            {"spec.replicas": "update"},
            id="replicas",
        ),
        pytest.param(
            obj("Deployment", "apps/v1", spec={"selector": {"matchLabels": {"a": "b"}}}),
            obj("Deployment", "apps/v1", spec={"selector": {"matchLabels": {"a": "c"}}}),
            {"spec.selector.matchLabels.a": "update-replace"},
            id="selector",
        ),
        pytest.param(
            obj("Job", "batch/v1", spec={"template": pod_template("a")}),
            obj("Job", "batch/v1", spec={"template": pod_template("b")}),
            {"spec.template.spec.containers[0].image": "update-replace"},
            id="job-template",
        ),
        pytest.param(
            obj("Pod", **pod_template("a")),
            obj("Pod", **pod_template("b")),
            {"spec.containers[0].image": "update-replace"},
            id="pod-image",
        ),
        pytest.param(
            obj("Pod", spec={"containers": []}),
            obj("Pod", **pod_template("b")),
            {"spec.containers[0]": "add-replace"},
            id="pod-container",
        ),
        pytest.param(
            obj("StatefulSet", "apps/v1", spec={"serviceName": "a", "replicas": 1}),
            obj("StatefulSet", "apps/v1", spec={"serviceName": "b", "replicas": 2}),
            {"spec.serviceName": "update-replace", "spec.replicas": "update"},
            id="stateful-set",
        ),
        pytest.param(
            obj("Service", spec={"clusterIP": "10.0.0.1", "ports": [{"port": 1}]}),
            obj("Service", spec={"clusterIP": "10.0.0.2", "ports": [{"port": 2}]}),
            {"spec.clusterIP": "update-replace", "spec.ports[0].port": "update"},
            id="service",
        ),
        pytest.param(
            obj("PersistentVolumeClaim", spec={"storageClassName": "a", "resources": {"requests": {"storage": "1Gi"}}}),
            obj("PersistentVolumeClaim", spec={"storageClassName": "b", "resources": {"requests": {"storage": "2Gi"}}}),
            {"spec.storageClassName": "update-replace", "spec.resources.requests.storage": "update"},
            id="claim",
        ),
        pytest.param(
            obj("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"name": "a"}),
            obj("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"name": "b"}),
            {"roleRef.name": "update-replace"},
            id="role-reference",
        ),
        pytest.param(
            obj("Secret", data={"k": "dg=="}),
            obj("Secret", stringData={"k": "w"}),
            {"data.k": "update-replace"},
            id="secret",
        ),
        pytest.param(
            obj("Deployment", "apps/v1", spec={"template": pod_template("a")}),
            obj("Deployment", "apps/v1", spec={"template": pod_template("a"), "paused": True}),
            {"spec.paused": "add"},
            id="addition",
        ),
        pytest.param(
            obj("Service", spec={"ports": [{"port": 1}, {"port": 2}]}),
            obj("Service", spec={"ports": [{"port": 1}]}),
            {"spec.ports[1]": "delete"},
            id="an-element-less",
        ),
        pytest.param(obj("ConfigMap", data={"k": "v"}), obj("ConfigMap", data={"k": "v"}), {}, id="nothing"),
    ],
)
def test_a_change_plans(old: Object, new: Object, expected: dict[str, str]) -> None:
    assert describe(make_plan(old, new)) == expected


def test_what_the_server_added_is_no_change() -> None:
    inputs = obj("Service", spec={"ports": [{"port": 80}]})
    live = obj(
        "Service", spec={"clusterIP": "10.0.0.1", "ports": [{"port": 80, "protocol": "TCP"}], "type": "ClusterIP"}
    )
    live["metadata"]["uid"] = "u"
    assert not make_plan(inputs, inputs, live=live).changes


def test_a_manual_edit_is_changed_back() -> None:
    inputs = obj("Deployment", "apps/v1", spec={"replicas": 2})
    live = obj("Deployment", "apps/v1", spec={"replicas": 5})
    assert describe(make_plan(inputs, inputs, live=live)) == {"spec.replicas": "update"}


def test_quantities_that_mean_the_same_are_the_same() -> None:
    def claim(storage: Value) -> Object:
        return obj("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": storage}}})

    assert not make_plan(claim("1024Mi"), claim("1024Mi"), live=claim("1Gi")).changes
    assert describe(make_plan(claim("1Gi"), claim("1.5Gi"))) == {"spec.resources.requests.storage": "update"}


def test_an_unknown_value_counts_as_changed() -> None:
    old, new = obj("ConfigMap", data={"k": "v"}), obj("ConfigMap", data={"k": UNKNOWN})
    result = make_plan(old, new)
    assert describe(result) == {"data.k": "update-replace"}
    assert result.changes[0].kind is ChangeKind.UPDATE


def test_a_namespace_that_is_not_said_is_the_default_one() -> None:
    without = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}}
    assert not make_plan(without, without, live=live).changes


def test_an_unknown_namespace_replaces() -> None:
    new = obj("ConfigMap")
    new["metadata"]["namespace"] = UNKNOWN
    assert describe(make_plan(obj("ConfigMap"), new)) == {"metadata.namespace": "update-replace"}


def test_a_kind_without_namespaces_ignores_one() -> None:
    new = obj("Namespace")
    assert not make_plan(obj("Namespace"), {**new, "metadata": {"name": "x"}}, namespaced=False).changes


@pytest.mark.parametrize(
    ("name", "annotations", "delete_first"),
    [("x", {}, True), ("y", {}, False), ("x", {"pulumi.com/autonamed": "true"}, False)],
)
def test_only_an_object_that_keeps_its_own_name_must_go_first(
    name: str, annotations: dict[str, str], delete_first: bool
) -> None:
    old = obj("ConfigMap", data={"k": "v"})
    new = obj("ConfigMap", name=name, data={"k": "w"})
    new["metadata"]["annotations"] = annotations
    assert make_plan(old, new, live=old).delete_before_replace is delete_first


def test_ignored_paths_are_no_change() -> None:
    old, new = obj("ConfigMap", data={"k": "v", "l": "v"}), obj("ConfigMap", data={"k": "w", "l": "w"})
    assert describe(make_plan(old, new, ignored=["data.k"])) == {"data.l": "update-replace"}
    assert not make_plan(old, new, ignored=["data"]).changes


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_mutable_data_updates_unless_the_object_says_otherwise(kind: str) -> None:
    mutable = Mutability(config_maps=True, secrets=True)
    old, new = obj(kind, data={"k": "dg=="}), obj(kind, data={"k": "dw=="})
    assert describe(make_plan(old, new, mutability=mutable)) == {"data.k": "update"}
    fixed = {**new, "immutable": True}
    assert describe(make_plan({**old, "immutable": True}, fixed, mutability=mutable)) == {"data.k": "update-replace"}
