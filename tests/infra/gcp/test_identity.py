"""Identities of workloads and machines."""

from __future__ import annotations

from collections.abc import Sequence

from infra.gcp.identity import workload_member
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def test_a_workloads_member_names_its_own_service_account() -> None:
    assert workload_member("some-project", "pouw-backup") == (
        "serviceAccount:some-project.svc.id.goog[pouw-system/pouw-backup]"
    )


def test_machines_pull_images_and_push_none(resources: Sequence[Recorded]) -> None:
    grants = kind(resources, "RepositoryIamMember")
    assert {resource.inputs["role"] for resource in grants} == {"roles/artifactregistry.reader"}
    assert len(grants) == 3
