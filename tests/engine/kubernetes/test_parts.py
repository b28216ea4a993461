"""The provider's pure parts: names, quantities, managers, configuration and state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.quantities import canonical
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.naming import Naming, NamingMode
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.kubernetes import configuration, dry_run, field_managers, state
from pouw.engine.plugins.kubernetes.naming import with_name
from pouw.engine.plugins.kubernetes.normalization import normal_inputs, pruned
from pouw.engine.plugins.kubernetes.objects import Object


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("128Mi", "128Mi"),
        ("1000", "1k"),
        ("1e3", "1e3"),
        ("100M", "100M"),
        (2, "2"),
        (0.1, "100m"),
        ("0", "0"),
        ("512", "512"),
        ("none", "none"),
    ],
)
def test_quantities_are_spelled_as_the_server_does(quantity: str | float, expected: str) -> None:
    assert canonical(quantity) == expected


def test_only_quantities_are_respelled() -> None:
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "labels": {"limits": "1000m"}},
        "spec": {
            "containers": [
                {"name": "c", "env": [{"name": "A", "value": "1000m"}], "resources": {"limits": {"cpu": "1000m"}}}
            ]
        },
    }
    container = normal_inputs(pod)["spec"]["containers"][0]
    assert container["resources"]["limits"]["cpu"] == "1"
    assert container["env"][0]["value"] == "1000m"
    assert normal_inputs(pod)["metadata"]["labels"] == {"limits": "1000m"}


def test_live_values_are_cut_to_the_shape_of_the_inputs() -> None:
    live = {"a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 2}, {"x": 3}], "s": "t"}
    assert pruned(live, {"a": {"b": 0}, "l": [{"x": 0}], "gone": 1}) == {"a": {"b": 1}, "l": [{"x": 1}]}


def metadata_of(**fields: Value) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": fields}


def test_the_same_seed_makes_the_same_name() -> None:
    naming = Naming(resource="web", seed=b"seed")
    assert with_name(metadata_of(), {}, naming) == with_name(metadata_of(), {}, naming)


def test_names_that_cannot_be_made_up_are_asked_for() -> None:
    with pytest.raises(ProviderError, match=r"metadata\.name: is needed"):
        with_name(metadata_of(), {}, Naming(resource="web", mode=NamingMode.DISABLED))
    with pytest.raises(ProviderError, match="generateName cannot be used"):
        with_name(metadata_of(generateName="web-"), {}, Naming(resource="web"))


def test_a_proposed_name_is_taken_and_an_unknown_one_left() -> None:
    proposed = Naming(resource="web", mode=NamingMode.PROPOSED, proposed="mine")
    assert with_name(metadata_of(), {}, proposed)["metadata"]["name"] == "mine"
    assert with_name(metadata_of(name=UNKNOWN), {}, proposed)["metadata"] == {"name": UNKNOWN}


def test_a_name_that_the_program_gave_once_is_not_kept_as_a_made_one() -> None:
    assert "name" not in with_name(metadata_of(), metadata_of(name="chosen"), Naming(resource="web"))["metadata"]


def entry(manager: str, operation: str, fields: Object, subresource: str = "") -> dict[str, Any]:
    result = {"manager": manager, "operation": operation, "fieldsV1": fields}
    return {**result, "subresource": subresource} if subresource else result


def live(*entries: dict[str, Any]) -> Object:
    return {"metadata": {"resourceVersion": "7", "managedFields": list(entries)}}


def test_fields_of_a_create_and_of_kubectl_are_signed_over() -> None:
    patch = field_managers.signed_over(
        live(
            entry("pulumi-kubernetes", "Update", {"f:spec": {"f:a": {}}}),
            entry("kubectl", "Apply", {"f:spec": {"f:b": {}}}),
            entry("controller", "Update", {"f:status": {}}, "status"),
        ),
        "mine",
    )
    assert patch is not None
    assert patch[0] == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    assert [(first["manager"], first["operation"]) for first in patch[1]["value"]] == [
        ("mine", "Apply"),
        ("controller", "Update"),
    ]
    assert patch[1]["value"][0]["fieldsV1"] == {"f:spec": {"f:a": {}, "f:b": {}}}


def test_nothing_is_signed_over_twice() -> None:
    assert field_managers.signed_over(live(entry("mine", "Apply", {})), "mine") is None


def test_the_mark_of_a_create_is_known_and_given_up() -> None:
    new_state = live(entry("other", "Update", {}), entry("pulumi-kubernetes-1a2b3c4d", "Update", {}))
    assert field_managers.carries_mark(new_state, "pulumi-kubernetes-1a2b3c4d")
    assert not field_managers.carries_mark(new_state, "pulumi-kubernetes-ffffffff")
    patch = field_managers.without_mark(new_state, "pulumi-kubernetes-1a2b3c4d")
    assert patch is not None
    assert patch[1] == {"op": "replace", "path": "/metadata/managedFields/1/manager", "value": "pulumi-kubernetes"}


def test_every_resource_has_a_manager_of_its_own() -> None:
    first, second = state.own_manager("urn:a"), state.own_manager("urn:b")
    assert first != second
    assert len(first) == len("pulumi-kubernetes-") + 8


def test_a_list_with_a_secret_is_secret_as_a_whole() -> None:
    properties = {"spec": {"items": ["a", Secret("b")], "open": 1}}
    values_with_secrets = state.with_secrets({"spec": {"items": ["b", "a"], "open": 1}}, properties)
    assert values_with_secrets == {"spec": {"items": Secret(["b", "a"]), "open": 1}}


def test_kubectls_copy_of_a_secret_is_sealed() -> None:
    annotation = "kubectl.kubernetes.io/last-applied-configuration"
    secret: Object = {
        "kind": "Secret",
        "metadata": {"annotations": {annotation: "{…}", "b": "c"}},
        "data": {"k": "dg=="},
    }
    values_with_secrets = state.with_secrets(secret, {})
    assert values_with_secrets["metadata"]["annotations"] == {annotation: Secret("{…}"), "b": "c"}
    assert values_with_secrets["data"] == Secret({"k": "dg=="})


def test_a_preview_of_a_service_does_not_promise_an_address() -> None:
    service: Object = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": []}}
    answer = {**service, "spec": {"ports": [], "clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"]}}
    assert dry_run.of_dry_run(service, answer)["spec"]["clusterIP"] is UNKNOWN
    fixed: Object = {**service, "spec": {"ports": [], "clusterIP": "None"}}
    assert dry_run.of_inputs(fixed)["spec"]["clusterIP"] == "None"


def config(server: str = "https://127.0.0.1:1", **context: str) -> str:
    return json.dumps(
        {
            "clusters": [
                {"name": "c", "cluster": {"server": server, "certificate-authority": "ca.crt"}},
                {"name": "d", "cluster": {"server": "https://127.0.0.1:2"}},
            ],
            "contexts": [
                {"name": "x", "context": {"cluster": "c", "user": "u", **context}},
                {"name": "y", "context": {"cluster": "d", "user": "u"}},
            ],
            "users": [{"name": "u", "user": {"token": "canary"}}],
            "current-context": "x",
        }
    )


def test_another_cluster_replaces_and_another_token_does_not() -> None:
    moved = configuration.difference({"kubeconfig": config()}, {"kubeconfig": config("https://127.0.0.1:9")})
    assert moved.replaces == ["kubeconfig"]
    renewed = configuration.difference({"kubeconfig": config()}, {"kubeconfig": config().replace("canary", "new")})
    assert (renewed.differs, renewed.replaces) == (["kubeconfig"], [])
    assert configuration.difference({"kubeconfig": config()}, {"kubeconfig": UNKNOWN}).replaces == ["kubeconfig"]


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [
        ("one", "one", []),
        ("one", "two", ["clusterIdentifier"]),
        ("one", UNKNOWN, ["clusterIdentifier"]),
        (None, "one", []),
    ],
)
def test_only_its_identifier_identifies_a_cluster_that_has_one(
    before: str | None, after: str, replaces: list[str]
) -> None:
    old = {"kubeconfig": config(), **({"clusterIdentifier": before} if before else {})}
    for kubeconfig in (config("https://127.0.0.1:9"), UNKNOWN):
        change = configuration.difference(old, {"kubeconfig": kubeconfig, "clusterIdentifier": after})
        assert change.replaces == replaces
        assert "kubeconfig" in change.differs


def test_what_the_provider_does_not_do_is_a_fault_of_its_configuration() -> None:
    assert configuration.faults({"renderYamlToDirectory": "out"})[0].path == "renderYamlToDirectory"
    (fault,) = configuration.faults({"kubeconfig": Secret(config()), "context": "z"})
    assert str(fault) == "kubeconfig: no context 'z'; expected one of: x, y"
    assert "canary" not in repr(configuration.read({"kubernetes:config:kubeconfig": config()}, {}))


def test_a_variable_wins_over_the_environment() -> None:
    environment = {"PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true", "PULUMI_K8S_ENABLE_SECRET_MUTABLE": "true"}
    result = configuration.read({"kubernetes:config:enableSecretMutable": "false"}, environment)
    assert (result.mutable_config_maps, result.mutable_secrets) == (True, False)
