"""What a production site declares in its cluster, as a real API server sees it: every field known, every pod let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pouw.kube.client import Client
from tests.infra.clouds import whole
from tests.policies.kubernetes.rendered import rendered

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]
TRIED = "?dryRun=All&fieldValidation=Strict"


def manifests(namespace: str) -> Iterator[dict[str, Any]]:
    """Every object but the namespace, those of it in another one."""
    for one in yaml.safe_load_all(rendered()):
        made = whole(one)
        if "namespace" in made["metadata"]:
            made["metadata"]["namespace"] = namespace
        if made["kind"] != "Namespace":
            yield made


def collection(api: Client, made: dict[str, Any]) -> str:
    """The path at which objects of a kind are made."""
    version = made["apiVersion"]
    base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    [known] = [each for each in api.get(base)["resources"] if each["kind"] == made["kind"] and "/" not in each["name"]]
    where = f"/namespaces/{made['metadata']['namespace']}" if known["namespaced"] else ""
    return f"{base}{where}/{known['name']}"


def test_every_object_of_a_production_site_is_taken_with_every_field_known(api: Client, namespace: str) -> None:
    taken = [api.request("POST", collection(api, made) + TRIED, made)["kind"] for made in manifests(namespace)]
    assert {"Deployment", "StatefulSet", "LimitRange", "NetworkPolicy", "ClusterRole", "PriorityClass"} <= set(taken)


def test_every_pod_of_ours_fits_into_the_limits_and_the_standard_of_its_namespace(api: Client, namespace: str) -> None:
    found = list(manifests(namespace))
    [limits] = [made for made in found if made["kind"] == "LimitRange"]
    api.request("POST", collection(api, limits), limits)
    workloads = [made for made in found if made["kind"] in ("Deployment", "StatefulSet")]
    for made in workloads:
        template = made["spec"]["template"]
        claimed = made["spec"].get("volumeClaimTemplates", ())
        claims = [{"name": one["metadata"]["name"], "emptyDir": {}} for one in claimed]
        spec = {**template["spec"], "serviceAccountName": "default"}
        spec["volumes"] = [*spec.get("volumes", ()), *claims]
        spec.pop("priorityClassName", None)
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": spec}
        pod["metadata"] = {**template["metadata"], "name": made["metadata"]["name"]}
        admitted = api.request("POST", f"/api/v1/namespaces/{namespace}/pods{TRIED}", pod)
        assert admitted["spec"]["containers"][0]["resources"] == spec["containers"][0]["resources"]
    assert len(workloads) == 4
