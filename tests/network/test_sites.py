"""Kubeconfigs of cloud sites: saved from a stack's outputs, one file per cluster, readable by their owner only."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.errors import ClusterError
from pouw.home import Home
from pouw.network.sites import (
    SiteAccess,
    access,
    ensure_kubeconfigs,
    kubeconfig_path,
    remove_kubeconfigs,
    save_kubeconfigs,
)
from tests.infra.test_site_faults import AWS, AZURE, STACK

OUTPUTS = {"sites": [{"name": "primary", "kubeconfig": "kind: Config"}, {"name": "dr"}]}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(state=tmp_path, cache=tmp_path, environment={})


@pytest.fixture
def settings() -> Settings:
    return parse({**STACK, "sites": [AWS, AZURE]})


def test_saved_kubeconfigs_are_private_and_used_by_connections(settings: Settings, home: Home) -> None:
    save_kubeconfigs(settings, OUTPUTS, home)
    path = access(settings, settings.sites[0], home).kubeconfig
    assert path is not None
    assert path.read_text() == "kind: Config"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not kubeconfig_path(settings, settings.managed_sites[1], home).exists()


def test_two_clusters_of_one_site_name_have_two_files(settings: Settings, home: Home) -> None:
    account = "444455556666"
    cluster = {"administrators": [f"arn:aws:iam::{account}:role/deployer"]}
    second = parse({**STACK, "sites": [{**AWS, "account": account, "cluster": cluster}, AZURE]})
    assert kubeconfig_path(settings, settings.managed_sites[0], home) != kubeconfig_path(
        second, second.managed_sites[0], home
    )


def test_two_homes_have_two_kubeconfigs_in_one_process(settings: Settings, home: Home, tmp_path: Path) -> None:
    second = Home(state=tmp_path / "second", cache=tmp_path, environment={})
    save_kubeconfigs(settings, OUTPUTS, home)
    assert not kubeconfig_path(settings, settings.managed_sites[0], second).exists()


def test_removed_kubeconfigs_leave_no_file_behind(settings: Settings, home: Home, tmp_path: Path) -> None:
    save_kubeconfigs(settings, OUTPUTS, home)
    remove_kubeconfigs(settings, home)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "does not exist"),
        ("[1", "not valid YAML"),
        ("clusters: [x]", "not a kubeconfig"),
        ("clusters: []", "no context"),
        ("{clusters: [{name: c, cluster: {server: nowhere}}], contexts: [{name: z, context: {cluster: c}}]}", "a URL"),
    ],
)
def test_an_unusable_kubeconfig_is_a_fault_of_its_site(tmp_path: Path, text: str | None, cause: str) -> None:
    path = tmp_path / "kubeconfig"
    if text is not None:
        path.write_text(text)
    site = SiteAccess(site="primary", kubeconfig=path, context="z", environment={})
    with pytest.raises(ClusterError, match=rf"pouw:sites\[primary\].*{cause}"):
        site.connect()


def test_outputs_are_read_only_if_a_kubeconfig_is_missing(settings: Settings, home: Home) -> None:
    texts = [{"name": site.name, "kubeconfig": "kind: Config"} for site in settings.sites]
    reads: list[int] = []

    def read_outputs() -> dict[str, object]:
        reads.append(1)
        return {"sites": texts}

    for _ in range(2):
        ensure_kubeconfigs("staging", settings, home, read_outputs=read_outputs)
    assert len(reads) == 1


def test_a_stack_that_was_never_brought_up_is_a_fault_of_each_site(settings: Settings, home: Home) -> None:
    with pytest.raises(ClusterError, match="run `pouw up staging`") as refusal:
        ensure_kubeconfigs("staging", settings, home, read_outputs=lambda: OUTPUTS)
    assert [fault.path for fault in refusal.value.faults] == ["pouw:sites[dr]"]
