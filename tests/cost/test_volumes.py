"""Volumes on the bill: their kind follows from the storage class, wherever a plan shows it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.kubernetes.storage import NAME as ENCRYPTED
from infra.settings.stack import Settings
from pouw.cost import plan, table
from pouw.cost.estimate import Estimate, estimate
from tests.cost.plans import SITE, UNKNOWN, component, settings, step

CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
SET = "kubernetes:apps/v1:StatefulSet"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
OF_UNKNOWN = "of an unknown kind"
POOL = "gcp:container/nodePool:NodePool"
AZURE = {
    "cloud": "azure",
    "region": "eastus",
    "account": "00000000-0000-4000-8000-000000000001",
    "tenant": "00000000-0000-4000-8000-000000000002",
    "cluster": {},
    "backups": {"copyRegion": "westus2"},
}
GCP = {
    "cloud": "gcp",
    "region": "europe-west1",
    "account": "pouw-example",
    "cluster": {},
    "backups": {"copyRegion": "europe-west4"},
}


def claim(name: str | None = ENCRYPTED, size: object = "20Gi") -> dict[str, Any]:
    spec = {"resources": {"requests": {"storage": size}}}
    return {"spec": spec if name is None else {**spec, "storageClassName": name}}


def of_set(*claims: Any, replicas: object = 3) -> dict[str, Any]:
    return {"spec": {"replicas": replicas, "volumeClaimTemplates": list(claims)}}


def of_class(parameters: object, name: str = ENCRYPTED) -> dict[str, Any]:
    return {"metadata": {"name": name}, "parameters": parameters}


def priced(*resources: tuple[str, dict[str, Any]], on: Settings | None = None) -> Estimate:
    stack = on or settings()
    steps = [step(token, f"it-{at}", inputs, provided_by="primary") for at, (token, inputs) in enumerate(resources)]
    return estimate(plan.of([component(SITE), *steps], stack.sites), table.load())


@pytest.mark.parametrize(
    ("on", "parameters", "monthly"),
    [
        (settings(), {"type": "gp2", "kmsKeyId": UNKNOWN}, 3 * 20 * 0.10),
        (settings(**AZURE), {"skuName": "Premium_LRS", "diskEncryptionSetID": UNKNOWN}, 3 * 5.28),
        (settings(**GCP), {"type": "pd-ssd"}, 3 * 20 * 0.17),
    ],
    ids=["aws", "azure", "gcp"],
)
def test_the_class_of_the_same_plan_says_the_kind(on: Settings, parameters: dict[str, str], monthly: float) -> None:
    cost = priced((CLASS, of_class(parameters)), (SET, of_set(claim())), on=on)
    assert cost.monthly == pytest.approx(monthly)
    assert cost.unknown == []


@pytest.mark.parametrize(
    ("on", "monthly"), [(settings(), 3 * 20 * 0.08), (settings(**AZURE), 3 * 5.28)], ids=["aws", "azure"]
)
def test_the_class_of_our_sites_has_its_kind_before_its_key_is_known(on: Settings, monthly: float) -> None:
    cost = priced((CLASS, of_class(UNKNOWN)), (SET, of_set(claim())), on=on)
    assert cost.monthly == pytest.approx(monthly)


@pytest.mark.parametrize(
    ("disks", "monthly", "unknown"),
    [
        (["pd-balanced", "pd-balanced"], 3 * 20 * 0.10, []),
        (["pd-balanced", "hyperdisk-balanced"], 0, [f"{SET} it-3: 3 volumes of 20 GiB {OF_UNKNOWN} in europe-west1"]),
    ],
    ids=["one kind", "two kinds"],
)
def test_on_gcp_that_class_has_the_kind_that_all_machines_carry(
    disks: list[str], monthly: float, unknown: list[str]
) -> None:
    found_pools = [
        (POOL, {"nodeConfig": {"machineType": "e2-medium", "diskType": disk}, "initialNodeCount": 0}) for disk in disks
    ]
    cost = priced(*found_pools, (CLASS, of_class(UNKNOWN)), (SET, of_set(claim())), on=settings(**GCP))
    assert cost.monthly == pytest.approx(monthly)
    assert cost.unknown == unknown


@pytest.mark.parametrize(
    ("on", "name", "monthly"),
    [
        (settings(), None, None),
        (settings(), "gp2", 3 * 20 * 0.10),
        (settings(), "local-nvme", None),
        (settings(**AZURE), None, None),
        (settings(**GCP), None, 3 * 20 * 0.10),
        (settings(**GCP), "premium-rwo", 3 * 20 * 0.17),
    ],
)
def test_a_default_class_of_the_cloud_has_a_known_kind(on: Settings, name: str | None, monthly: float | None) -> None:
    cost = priced((SET, of_set(claim(name))), on=on)
    assert bool(cost.unknown) is (monthly is None)
    assert cost.monthly == pytest.approx(monthly or 0)


def test_a_class_of_another_name_says_nothing() -> None:
    cost = priced((CLASS, of_class({"type": "gp3"}, name="other")), (SET, of_set(claim("fast"))))
    assert cost.unknown == [f"{SET} it-1: 3 volumes of 20 GiB of an unknown kind in us-east-1"]


def test_a_claim_of_its_own_is_a_volume() -> None:
    assert priced((CLAIM, claim("gp2", "1Ti"))).monthly == pytest.approx(1024 * 0.10)


def test_a_set_without_pods_or_claims_costs_nothing() -> None:
    cost = priced((SET, of_set(claim("nobody-knows"), replicas=0)), (SET, of_set()))
    assert (cost.items, cost.unknown) == ([], [])
    alone = {"spec": {"volumeClaimTemplates": [claim("gp2")]}}
    assert priced((SET, alone)).monthly == pytest.approx(20 * 0.10)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (of_set(claim("gp2"), replicas=UNKNOWN), "a number of volumes of 20 GiB gp2 that is not known yet"),
        (of_set(claim("gp2", UNKNOWN)), "3 volumes of a size that is not known yet gp2 in us-east-1"),
        (of_set(claim("gp2", {"of": "another shape"})), "3 volumes of a size that is not known yet gp2 in us-east-1"),
        (of_set(claim(UNKNOWN)), "3 volumes of 20 GiB of an unknown kind in us-east-1"),
        (of_set(UNKNOWN), "3 volumes of a size that is not known yet of an unknown kind in us-east-1"),
        (
            {"spec": {"replicas": 3, "volumeClaimTemplates": UNKNOWN}},
            "3 volumes of a size that is not known yet of an unknown kind in us-east-1",
        ),
    ],
    ids=["number", "size", "size of another shape", "class", "claim", "claims"],
)
def test_an_input_that_is_unknown_before_the_run_is_reported(inputs: dict[str, Any], message: str) -> None:
    assert priced((SET, inputs)).unknown == [f"{SET} it-0: {message}"]
