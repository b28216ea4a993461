"""Objects of a production site on a real API server: every field is known, and every pod is admitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pouw.kube.client import Client
from tests.infra.clouds import with_integers
from tests.policies.kubernetes.rendered import rendered

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]
DRY_RUN = "?dryRun=All&fieldValidation=Strict"


def manifests(namespace: str) -> Iterator[dict[str, Any]]:
    """Yield every object but the namespace, moved to another namespace."""
    for document in yaml.safe_load_all(rendered()):
        manifest = with_integers(document)
        if "namespace" in manifest["metadata"]:
            manifest["metadata"]["namespace"] = namespace
        if manifest["kind"] != "Namespace":
            yield manifest


def collection(api: Client, manifest: dict[str, Any]) -> str:
    """Return the path at which objects of a kind are created."""
    version = manifest["apiVersion"]
    base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    resources = (resource for resource in api.get(base)["resources"] if "/" not in resource["name"])
    [kind] = [resource for resource in resources if resource["kind"] == manifest["kind"]]
    parent = f"/namespaces/{manifest['metadata']['namespace']}" if kind["namespaced"] else ""
    return f"{base}{parent}/{kind['name']}"


def test_every_object_of_a_production_site_is_accepted(api: Client, namespace: str) -> None:
    kinds = [
        api.request("POST", collection(api, manifest) + DRY_RUN, manifest)["kind"] for manifest in manifests(namespace)
    ]
    assert {"Deployment", "StatefulSet", "LimitRange", "NetworkPolicy", "ClusterRole", "PriorityClass"} <= set(kinds)


def test_every_pod_fits_the_limits_and_standard_of_its_namespace(api: Client, namespace: str) -> None:
    objects = list(manifests(namespace))
    [limits] = [manifest for manifest in objects if manifest["kind"] == "LimitRange"]
    api.request("POST", collection(api, limits), limits)
    workloads = [manifest for manifest in objects if manifest["kind"] in ("Deployment", "StatefulSet")]
    for workload in workloads:
        template = workload["spec"]["template"]
        claimed = workload["spec"].get("volumeClaimTemplates", ())
        claims = [{"name": template["metadata"]["name"], "emptyDir": {}} for template in claimed]
        spec = {**template["spec"], "serviceAccountName": "default"}
        spec["volumes"] = [*spec.get("volumes", ()), *claims]
        spec.pop("priorityClassName", None)
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": spec}
        pod["metadata"] = {**template["metadata"], "name": workload["metadata"]["name"]}
        admitted = api.request("POST", f"/api/v1/namespaces/{namespace}/pods{DRY_RUN}", pod)
        assert admitted["spec"]["containers"][0]["resources"] == spec["containers"][0]["resources"]
    assert len(workloads) == 4
