"""Tests of exemptions: a rule passes what another rule vouches for, or what it leaves to others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from policies.catalogue import every_rule
from policies.interface import SETTINGS_TYPE
from policies.kubernetes.manifests import DEPLOYMENT
from policies.kubernetes.references import NAMESPACE, NETWORK_POLICY, SERVICE
from policies.kubernetes.storage import STORAGE_CLASS
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration

RULES = every_rule()
PIN, RANGES = "kubernetes-pods-image-pin-digest", "kubernetes-core-service-require-ranges"
KEY, PODS = "kubernetes-storage-class-require-key", "kubernetes-core-service-match-pods"
CLOSED, REPLICAS = "kubernetes-networks-namespace-require-default-deny", "kubernetes-apps-deployment-require-replicas"
IMAGE = "docker:index/image:Image"


def texts(rule: str, *stack: Declaration, environment: str = "") -> list[str]:
    """Return the texts of the rule's diagnostics of the first resource."""
    config = {"settings": {"environment": environment}} if environment else None
    diagnostics = Analyzer(RULES[rule], config=config).stack(*stack)
    return [entry.text for entry in diagnostics if entry.urn == stack[0].urn]


def deployment(image: Any, *more: Any) -> Declaration:
    """Return pods with these images, of which one may come from a build."""
    containers = [{"name": f"c{number}", "image": entry} for number, entry in enumerate((image, *more))]
    props = {
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"containers": containers}}},
    }
    return Declaration(type=DEPLOYMENT, props=props, references={"spec": ["origin"]})


def origin(kind: str) -> Declaration:
    return Declaration(type=kind, name="origin", props={})


def test_an_image_that_the_stack_builds_is_pinned() -> None:
    assert texts(PIN, deployment(UNKNOWN), origin(IMAGE)) == []


def test_an_image_from_another_origin_must_be_known() -> None:
    (text,) = texts(PIN, deployment(UNKNOWN), origin("aws:ecr/repository:Repository"))
    assert text.startswith("not evaluated")


def test_a_build_does_not_vouch_for_another_image_beside_it() -> None:
    (text,) = texts(PIN, deployment(UNKNOWN, "registry.example/shop:1.0"), origin(IMAGE))
    assert "registry.example/shop:1.0" in text


@pytest.mark.parametrize("environment", ["local", "staging"])
def test_a_stack_outside_production_may_use_a_tag_and_one_pod(environment: str) -> None:
    workload = deployment("registry.example/shop:1.0")
    assert texts(PIN, workload, origin(SETTINGS_TYPE), environment=environment) == []
    assert texts(REPLICAS, workload, origin(SETTINGS_TYPE), environment=environment) == []


def balancer(references: Mapping[str, list[str]], **spec: Any) -> Declaration:
    props = {"kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "LoadBalancer", **spec}}
    return Declaration(type=SERVICE, props=props, references=references)


def test_ranges_from_addresses_of_the_stack_may_be_unknown() -> None:
    address = origin("aws:ec2/eip:Eip")
    assert texts(RANGES, balancer({"spec": ["origin"]}, loadBalancerSourceRanges=UNKNOWN), address) == []
    empty_specs: list[dict[str, Any]] = [{}, {"loadBalancerSourceRanges": []}]
    for spec in empty_specs:
        (violation,) = texts(RANGES, balancer({"spec": ["origin"]}, **spec), address)
        assert "open to the Internet" in violation
    (text,) = texts(RANGES, balancer({}, loadBalancerSourceRanges=UNKNOWN), address)
    assert text.startswith("not evaluated")


@pytest.mark.parametrize(
    ("kind", "unevaluated"),
    [("aws:kms/key:Key", 0), ("azure-native:compute:DiskEncryptionSet", 0), ("aws:s3/bucket:Bucket", 1)],
)
def test_a_storage_class_with_parameters_from_a_key_is_encrypted(kind: str, unevaluated: int) -> None:
    props = {"kind": "StorageClass", "provisioner": UNKNOWN, "parameters": UNKNOWN}
    storage = Declaration(type=STORAGE_CLASS, props=props, references={"parameters": ["origin"]})
    violations = texts(KEY, storage, origin(kind))
    assert len([text for text in violations if text.startswith("not evaluated")]) == unevaluated == len(violations)


def test_pods_may_exist_in_a_namespace_outside_the_stack() -> None:
    service = Declaration(type=SERVICE, props={"metadata": {"namespace": "theirs"}, "spec": {"selector": {"app": "a"}}})
    assert texts(PODS, service) == []
    (text,) = texts(PODS, service, Declaration(type=NAMESPACE, name="theirs", props={"metadata": {"name": "theirs"}}))
    assert text == "the Service has no pod; got no matching pod; expected labels of pods in the stack"


def mounting(config_map: str) -> Declaration:
    """Return pods of the namespace ``shop`` that mount a ConfigMap beside their token."""
    volume = {"name": "token", "projected": {"sources": [{"configMap": {"name": config_map}}]}}
    props = {"kind": "Deployment", "metadata": {"name": "a", "namespace": "shop"}}
    return Declaration(type=DEPLOYMENT, props={**props, "spec": {"template": {"spec": {"volumes": [volume]}}}})


@pytest.mark.parametrize(("config_map", "violations"), [("kube-root-ca.crt", 0), ("other", 1)])
def test_the_cluster_certificate_authority_is_in_every_namespace(config_map: str, violations: int) -> None:
    shop = Declaration(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
    assert len(texts("kubernetes-pods-pod-match-configmaps", mounting(config_map), shop)) == violations


def namespace(name: str) -> Declaration:
    """Return one of two sites' namespaces: both have one name."""
    return Declaration(type=NAMESPACE, name=name, props={"kind": "Namespace", "metadata": {"name": "pouw"}})


def policy(name: str, spec: Any) -> Declaration:
    """Return a policy in a namespace whose name is not known yet, but where it comes from is."""
    metadata = {"name": name, "namespace": UNKNOWN}
    return Declaration(type=NETWORK_POLICY, name=f"in-{name}", props={"metadata": metadata, "spec": spec},
                 references={"metadata": [name]})  # fmt: skip


def test_a_known_policy_closes_a_namespace_despite_an_unknown_one() -> None:
    closing = policy("here", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    unknown = Declaration(type=NETWORK_POLICY, name="later", props={"metadata": closing.props["metadata"],
                      "spec": UNKNOWN},
                    references=closing.references)  # fmt: skip
    assert texts(CLOSED, namespace("here"), unknown, closing) == []
    (text,) = texts(CLOSED, namespace("here"), unknown)
    assert text.startswith("not evaluated")


def test_a_policy_of_one_site_does_not_close_another_sites_namespace() -> None:
    closing = policy("here", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    assert len(texts(CLOSED, namespace("there"), namespace("here"), closing)) == 2


def test_a_policy_without_a_spec_in_the_plan_closes_nothing() -> None:
    empty = Declaration(type=NETWORK_POLICY, name="later", props={"metadata": {"namespace": "pouw"}})
    assert len(texts(CLOSED, namespace("here"), empty)) == 2
