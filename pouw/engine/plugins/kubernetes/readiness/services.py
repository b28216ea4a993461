"""Services: ready with a ready endpoint and, for a load balancer, an address."""

from __future__ import annotations

from typing import Final

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, name_of, value_at
from pouw.engine.plugins.kubernetes.readiness.pods import WARNINGS, event_troubles
from pouw.engine.plugins.kubernetes.readiness.status import Awaited, Collection, Status, World, ready, waiting

_SLICE: Final = Gvk(group="discovery.k8s.io", version="v1", kind="EndpointSlice")
_NO_PODS: Final = (
    "Service does not target any Pods: the selected Pods are not ready, or .spec.selector matches no Pod's labels"
)
_NO_ADDRESS: Final = "Service was not allocated an address: does this cluster have load balancers?"


def service_status(service: Object, world: World) -> Status:
    """Return the status of a Service. Headless ones, external names and those without a selector are always ready."""
    spec = service.get("spec") or {}
    kind = spec.get("type") or "ClusterIP"
    if kind == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return ready()
    if not any(_serves(entry) for entry in world.get("EndpointSlice") or ()):
        problems = event_troubles(world, [service])
        return waiting("[1/3] Finding Pods to direct traffic to", problems, lacks=[_NO_PODS])
    if kind == "LoadBalancer" and not value_at(service, "status", "loadBalancer", "ingress"):
        return waiting("[2/3] Attempting to allocate IP address to Service", lacks=[_NO_ADDRESS])
    return ready("Service initialization complete")


def _serves(endpoint_slice: Object) -> bool:
    return any(
        value_at(endpoint, "conditions", "ready") is not False and endpoint.get("addresses")
        for endpoint in endpoint_slice.get("endpoints") or []
    )


def _slices(service: Object) -> list[Collection]:
    return [Collection(gvk=_SLICE, labels=f"kubernetes.io/service-name={name_of(service)}"), WARNINGS]


SERVICE: Final = Awaited(status=service_status, related=_slices)
