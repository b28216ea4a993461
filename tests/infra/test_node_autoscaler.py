"""The autoscaler of machines, for a site whose cloud has none built in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pulumi
import pytest

from infra.contracts import PodIdentity, Scaler
from infra.kubernetes.namespace import WorkloadContext, network_policies
from infra.kubernetes.node_autoscaler import DIGESTS, NAME, NodeAutoscaler, NodeAutoscalerArgs, declaration, image
from infra.naming import NAMESPACE
from tests.infra.clouds import kind
from tests.infra.recorder import record

IDENTITY = PodIdentity(labels={"identity.example/use": "true"}, cidr="192.0.2.1/32", port=80)


@cache
def resources() -> Any:
    """Resources of an autoscaler in an invented cloud."""
    arguments = NodeAutoscalerArgs(
        context=WorkloadContext(namespace=NAMESPACE, site="primary", require_spread=True, protect=True, tolerations={}),
        image=image(None, "1.34"),
        scaler=Scaler(arguments=("--cloud-provider=one",), environment={"REGION": "here"}),
        identity=IDENTITY,
        annotations={"identity.example/role": "scale"},
    )
    return record(lambda: NodeAutoscaler("primary-autoscaler", arguments))


def template() -> Any:
    """Template of its pod."""
    [deployment] = kind(resources(), "Deployment")
    return deployment.inputs["spec"]["template"]


@pytest.mark.parametrize(("version", "release"), [("1.33", "v1.33"), ("1.34", "v1.33"), ("1.35", "v1.35")])
def test_the_image_is_pinned_and_no_newer_than_the_cluster(version: str, release: str) -> None:
    reference = image(None, version)
    assert re.fullmatch(
        r"registry\.k8s\.io/autoscaling/cluster-autoscaler:(v1\.\d+)\.\d+@sha256:[0-9a-f]{64}", reference
    )
    assert f":{release}." in reference


def test_a_configured_image_is_used_for_every_cluster() -> None:
    assert image("mirror.example/autoscaler:1", "1.20") == "mirror.example/autoscaler:1"


def test_a_cluster_older_than_every_release_needs_a_configured_image() -> None:
    with pytest.raises(pulumi.RunError, match=r"pouw:images\.autoscaler.*1\.20"):
        image(None, "1.20")


def test_every_release_is_listed_under_its_minor_version() -> None:
    assert all(text.startswith(f"v1.{minor}.") for minor, text in DIGESTS.items())
    assert len({text.partition("@")[2] for text in DIGESTS.values()}) == len(DIGESTS)


def test_two_pods_run_and_one_leads_by_a_lease_of_its_name() -> None:
    [deployment] = kind(resources(), "Deployment")
    assert deployment.inputs["spec"]["replicas"] == 2
    [container] = template()["spec"]["containers"]
    assert {"--leader-elect=true", f"--leader-elect-resource-name={NAME}"} <= set(container["args"])
    [role] = kind(resources(), "Role")
    changes = [rule for rule in role.inputs["rules"] if rule["verbs"] != ["create"]]
    assert [(rule["resources"], rule["resourceNames"]) for rule in changes] == [(["leases"], [NAME])]


def test_its_cluster_role_evicts_pods_taints_machines_and_reads() -> None:
    [role] = kind(resources(), "ClusterRole")
    changes = {
        (resource, verb)
        for rule in role.inputs["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb not in ("get", "list", "watch")
    }
    assert changes == {("nodes", "update"), ("pods/eviction", "create"), ("events", "create"), ("events", "patch")}
    assert not any("secrets" in rule["resources"] for rule in role.inputs["rules"])


def test_its_policy_reaches_the_credentials_of_its_identity() -> None:
    assert template()["metadata"]["labels"]["identity.example/use"] == "true"
    [account] = kind(resources(), "ServiceAccount")
    assert account.inputs["metadata"]["annotations"] == {"identity.example/role": "scale"}
    [_, (_, policy)] = network_policies([declaration(IDENTITY)])
    destinations = {(rule["to"][0]["ipBlock"]["cidr"], rule["ports"][0]["port"]) for rule in policy["egress"][1:]}
    assert destinations == {("0.0.0.0/0", 443), ("192.0.2.1/32", 80)}


def test_arguments_and_environment_of_the_cloud_are_passed_on() -> None:
    [container] = template()["spec"]["containers"]
    assert container["args"][0] == "--cloud-provider=one"
    assert container["env"] == [{"name": "REGION", "value": "here"}]


def test_it_runs_on_the_system_pool_with_a_token_that_expires() -> None:
    spec = template()["spec"]
    assert spec["nodeSelector"] == {"pouw.dev/pool": "system"}
    assert spec["automountServiceAccountToken"] is False
    [volume] = spec["volumes"]
    assert volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600
