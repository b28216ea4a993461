"""The autoscaler of a site whose cloud has none built in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pulumi
import pytest

from infra.contracts import PodIdentity, Scaler
from infra.kubernetes.node_autoscaler import DIGESTS, NAME, Autoscaler, AutoscalerArgs, image
from infra.naming import NAMESPACE
from tests.infra.clouds import kind
from tests.infra.recorder import record


@cache
def declared() -> Any:
    """What an autoscaler in a cloud that has no words of ours declares."""
    arguments = AutoscalerArgs(
        namespace=NAMESPACE,
        site="primary",
        image=image(None, "1.34"),
        scaler=Scaler(arguments=("--cloud-provider=one",), environment={"REGION": "here"}),
        identity=PodIdentity(labels={"identity.example/use": "true"}, cidr="192.0.2.1/32", port=80),
        annotations={"identity.example/role": "scale"},
        insist_on_spread=True,
        machines={},
    )
    return record(lambda: Autoscaler("primary-autoscaler", arguments))


def template() -> Any:
    """Template of its pod."""
    [deployment] = kind(declared(), "Deployment")
    return deployment.inputs["spec"]["template"]


@pytest.mark.parametrize(("version", "release"), [("1.33", "v1.33"), ("1.34", "v1.33"), ("1.35", "v1.35")])
def test_the_image_is_pinned_and_no_newer_than_the_cluster(version: str, release: str) -> None:
    found = image(None, version)
    assert re.fullmatch(r"registry\.k8s\.io/autoscaling/cluster-autoscaler:(v1\.\d+)\.\d+@sha256:[0-9a-f]{64}", found)
    assert f":{release}." in found


def test_an_image_that_is_named_is_taken_whatever_the_cluster_is() -> None:
    assert image("mirror.example/autoscaler:1", "1.20") == "mirror.example/autoscaler:1"


def test_a_cluster_older_than_every_release_is_told_to_name_an_image() -> None:
    with pytest.raises(pulumi.RunError, match=r"pouw:images\.autoscaler.*1\.20"):
        image(None, "1.20")


def test_releases_are_told_apart_by_what_they_are() -> None:
    assert all(text.startswith(f"v1.{minor}.") for minor, text in DIGESTS.items())
    assert len({text.partition("@")[2] for text in DIGESTS.values()}) == len(DIGESTS)


def test_two_pods_run_of_which_one_leads_by_a_lease_that_it_alone_may_change() -> None:
    [deployment] = kind(declared(), "Deployment")
    assert deployment.inputs["spec"]["replicas"] == 2
    [container] = template()["spec"]["containers"]
    assert {"--leader-elect=true", f"--leader-elect-resource-name={NAME}"} <= set(container["args"])
    [role] = kind(declared(), "Role")
    changes = [rule for rule in role.inputs["rules"] if rule["verbs"] != ["create"]]
    assert [(rule["resources"], rule["resourceNames"]) for rule in changes] == [(["leases"], [NAME])]


def test_in_the_whole_cluster_it_evicts_pods_and_marks_machines_and_reads_the_rest() -> None:
    [role] = kind(declared(), "ClusterRole")
    does = {
        (resource, verb)
        for rule in role.inputs["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb not in ("get", "list", "watch")
    }
    assert does == {("nodes", "update"), ("pods/eviction", "create"), ("events", "create"), ("events", "patch")}
    assert not any("secrets" in rule["resources"] for rule in role.inputs["rules"])


def test_its_identity_is_the_clouds_own_and_its_network_leads_there() -> None:
    assert template()["metadata"]["labels"]["identity.example/use"] == "true"
    [account] = kind(declared(), "ServiceAccount")
    assert account.inputs["metadata"]["annotations"] == {"identity.example/role": "scale"}
    [policy] = kind(declared(), "NetworkPolicy")
    ways = {(one["to"][0]["ipBlock"]["cidr"], one["ports"][0]["port"]) for one in policy.inputs["spec"]["egress"][1:]}
    assert ways == {("0.0.0.0/0", 443), ("192.0.2.1/32", 80)}


def test_the_clouds_words_are_passed_on_and_none_is_added() -> None:
    [container] = template()["spec"]["containers"]
    assert container["args"][0] == "--cloud-provider=one"
    assert container["env"] == [{"name": "REGION", "value": "here"}]


def test_it_runs_on_system_machines_with_a_token_that_ends() -> None:
    spec = template()["spec"]
    assert spec["nodeSelector"] == {"pouw.dev/pool": "system"}
    assert spec["automountServiceAccountToken"] is False
    [volume] = spec["volumes"]
    assert volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600
