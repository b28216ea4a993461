"""What a rule takes another's word for, and what it leaves to others: it passes without a look at the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from policies.catalogue import every_rule
from policies.interface import SETTINGS_TYPE
from policies.kubernetes.manifests import DEPLOYMENT
from policies.kubernetes.references import NAMESPACE, NETWORK_POLICY, SERVICE
from policies.kubernetes.storage import STORAGE_CLASS
from tests.policies.analyzer import UNKNOWN, Analyzer, Given

RULES = every_rule()
PIN, RANGES = "kubernetes-pods-image-pin-digest", "kubernetes-core-service-require-ranges"
KEY, PODS = "kubernetes-storage-class-require-key", "kubernetes-core-service-match-pods"
CLOSED, REPLICAS = "kubernetes-networks-namespace-require-default-deny", "kubernetes-apps-deployment-require-replicas"
IMAGE = "docker:index/image:Image"


def said(rule: str, *stack: Given, environment: str = "") -> list[str]:
    """What the rule says of the first among the others."""
    config = {"settings": {"environment": environment}} if environment else None
    found = Analyzer(RULES[rule], config=config).stack(*stack)
    return [one.text for one in found if one.urn == stack[0].urn]


def deployment(image: Any, *more: Any) -> Given:
    """Pods of some images, of which one may come from a build."""
    listed = [{"name": f"c{number}", "image": one} for number, one in enumerate((image, *more))]
    props = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": {"containers": listed}}}}
    return Given(type=DEPLOYMENT, props=props, references={"spec": ["origin"]})


def origin(kind: str) -> Given:
    return Given(type=kind, name="origin", props={})


def test_an_image_of_a_build_is_named_by_what_was_built() -> None:
    assert said(PIN, deployment(UNKNOWN), origin(IMAGE)) == []


def test_an_image_from_anywhere_else_has_to_be_known() -> None:
    (text,) = said(PIN, deployment(UNKNOWN), origin("aws:ecr/repository:Repository"))
    assert text.startswith("not evaluated")


def test_a_build_vouches_for_no_image_that_is_named_beside_it() -> None:
    (text,) = said(PIN, deployment(UNKNOWN, "registry.example/shop:1.0"), origin(IMAGE))
    assert "registry.example/shop:1.0" in text


@pytest.mark.parametrize("environment", ["local", "staging"])
def test_a_stack_for_trying_may_name_a_tag_and_run_one_pod(environment: str) -> None:
    one = deployment("registry.example/shop:1.0")
    assert said(PIN, one, origin(SETTINGS_TYPE), environment=environment) == []
    assert said(REPLICAS, one, origin(SETTINGS_TYPE), environment=environment) == []


def balancer(references: Mapping[str, list[str]], **spec: Any) -> Given:
    props = {"kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "LoadBalancer", **spec}}
    return Given(type=SERVICE, props=props, references=references)


def test_ranges_made_of_addresses_of_the_stack_need_not_be_known() -> None:
    address = origin("aws:ec2/eip:Eip")
    assert said(RANGES, balancer({"spec": ["origin"]}, loadBalancerSourceRanges=UNKNOWN), address) == []
    nothing: list[dict[str, Any]] = [{}, {"loadBalancerSourceRanges": []}]
    for given in nothing:
        (unsaid,) = said(RANGES, balancer({"spec": ["origin"]}, **given), address)
        assert "open to the Internet" in unsaid
    (text,) = said(RANGES, balancer({}, loadBalancerSourceRanges=UNKNOWN), address)
    assert text.startswith("not evaluated")


@pytest.mark.parametrize(
    ("kind", "unevaluated"),
    [("aws:kms/key:Key", 0), ("azure-native:compute:DiskEncryptionSet", 0), ("aws:s3/bucket:Bucket", 1)],
)
def test_a_class_whose_parameters_come_from_a_key_is_under_it(kind: str, unevaluated: int) -> None:
    given = {"kind": "StorageClass", "provisioner": UNKNOWN, "parameters": UNKNOWN}
    storage = Given(type=STORAGE_CLASS, props=given, references={"parameters": ["origin"]})
    found = said(KEY, storage, origin(kind))
    assert len([text for text in found if text.startswith("not evaluated")]) == unevaluated == len(found)


def test_pods_of_a_namespace_that_the_stack_does_not_own_may_be_there() -> None:
    service = Given(type=SERVICE, props={"metadata": {"namespace": "theirs"}, "spec": {"selector": {"app": "a"}}})
    assert said(PODS, service) == []
    (text,) = said(PODS, service, Given(type=NAMESPACE, name="theirs", props={"metadata": {"name": "theirs"}}))
    assert text == "the Service has no pod; got no matching pod; expected labels of pods in the stack"


def mounting(config_map: str) -> Given:
    """Pods of the namespace ``shop`` that mount a ConfigMap beside their token."""
    volume = {"name": "token", "projected": {"sources": [{"configMap": {"name": config_map}}]}}
    props = {"kind": "Deployment", "metadata": {"name": "a", "namespace": "shop"}}
    return Given(type=DEPLOYMENT, props={**props, "spec": {"template": {"spec": {"volumes": [volume]}}}})


@pytest.mark.parametrize(("config_map", "told"), [("kube-root-ca.crt", 0), ("other", 1)])
def test_the_clusters_own_authority_is_in_every_namespace(config_map: str, told: int) -> None:
    shop = Given(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
    assert len(said("kubernetes-pods-pod-match-configmaps", mounting(config_map), shop)) == told


def namespace(name: str) -> Given:
    """One of two sites' namespaces: both have one name."""
    return Given(type=NAMESPACE, name=name, props={"kind": "Namespace", "metadata": {"name": "pouw"}})


def policy(name: str, spec: Any) -> Given:
    """A policy in a namespace whose name is not known yet, but where it comes from is."""
    metadata = {"name": name, "namespace": UNKNOWN}
    return Given(type=NETWORK_POLICY, name=f"in-{name}", props={"metadata": metadata, "spec": spec},
                 references={"metadata": [name]})  # fmt: skip


def test_a_namespace_is_closed_by_what_is_known_whatever_another_policy_will_say() -> None:
    closing = policy("here", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    unknown = Given(type=NETWORK_POLICY, name="later", props={"metadata": closing.props["metadata"], "spec": UNKNOWN},
                    references=closing.references)  # fmt: skip
    assert said(CLOSED, namespace("here"), unknown, closing) == []
    (text,) = said(CLOSED, namespace("here"), unknown)
    assert text.startswith("not evaluated")


def test_a_policy_of_one_site_closes_no_namespace_of_another() -> None:
    closing = policy("here", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    assert len(said(CLOSED, namespace("there"), namespace("here"), closing)) == 2


def test_a_policy_whose_spec_the_plan_leaves_out_closes_nothing() -> None:
    empty = Given(type=NETWORK_POLICY, name="later", props={"metadata": {"namespace": "pouw"}})
    assert len(said(CLOSED, namespace("here"), empty)) == 2
