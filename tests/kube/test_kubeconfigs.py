"""Kubeconfigs of cloud sites: kept from outputs, one file a cluster, for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.settings.loading import parse
from infra.settings.stack import Settings
from pouw.kube import kubeconfigs
from pouw.kube.access import access
from tests.infra.test_site_faults import AWS, AZURE, STACK

OUTPUTS = {"sites": [{"name": "primary", "kubeconfig": "kind: Config"}, {"name": "dr"}]}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("POUW_HOME", str(tmp_path))
    return parse({**STACK, "sites": [AWS, AZURE]})


def test_what_a_run_put_out_is_kept_for_its_owner_and_found_by_whoever_connects(settings: Settings) -> None:
    kubeconfigs.keep(settings, OUTPUTS)
    kept = access(settings, settings.sites[0]).kubeconfig
    assert kept is not None
    assert kept.read_text() == "kind: Config"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not kubeconfigs.path(settings, settings.sites[1]).exists()


def test_two_clusters_of_one_site_name_are_two_files(settings: Settings) -> None:
    account = "444455556666"
    let_in = {"administrators": [f"arn:aws:iam::{account}:role/deployer"]}
    other = parse({**STACK, "sites": [{**AWS, "account": account, "cluster": let_in}, AZURE]})
    assert kubeconfigs.path(settings, settings.sites[0]) != kubeconfigs.path(other, other.sites[0])


def test_nothing_of_a_stack_is_left_when_it_is_forgotten(settings: Settings, tmp_path: Path) -> None:
    kubeconfigs.keep(settings, OUTPUTS)
    kubeconfigs.forget(settings)
    assert list(tmp_path.iterdir()) == []
