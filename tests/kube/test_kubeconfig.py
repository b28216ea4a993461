"""Kubeconfigs: merged as kubectl merges them, with overrides, and refused without a quotation of their content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pouw.kube import kubeconfig
from pouw.kube.errors import KubeconfigError


def config(server: str = "https://127.0.0.1:1", **context: str) -> str:
    return json.dumps(
        {
            "clusters": [
                {"name": "c", "cluster": {"server": server, "certificate-authority": "ca.crt"}},
                {"name": "d", "cluster": {"server": "https://127.0.0.1:2"}},
            ],
            "contexts": [
                {"name": "x", "context": {"cluster": "c", "user": "u", **context}},
                {"name": "y", "context": {"cluster": "d", "user": "u"}},
            ],
            "users": [{"name": "u", "user": {"token": "canary"}}],
            "current-context": "x",
        }
    )


def test_relative_paths_begin_at_the_folder_of_their_file(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(config(namespace="n"))
    loaded = kubeconfig.load([file])
    assert loaded.namespace == "n"
    assert loaded.cluster["certificate-authority"] == str(tmp_path / "ca.crt")
    assert kubeconfig.parse(config()).namespace == "default"


def test_the_first_of_several_files_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "other"
    first.write_text(config("https://127.0.0.1:11"))
    second.write_text(config("https://127.0.0.1:22"))
    paths = kubeconfig.default_paths({"KUBECONFIG": f"{tmp_path / 'none'}:{first}:{second}"})
    assert kubeconfig.load(paths).cluster["server"] == "https://127.0.0.1:11"


def test_overrides_choose_context_and_cluster() -> None:
    assert kubeconfig.parse(config(), context="y").cluster["server"] == "https://127.0.0.1:2"
    assert kubeconfig.parse(config(), cluster="d").cluster["server"] == "https://127.0.0.1:2"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "not valid YAML"),
        ("{a: [}\ntoken: canary", "not valid YAML"),
        ("{clusters: canary}\n", "not a kubeconfig"),
    ],
)
def test_a_broken_kubeconfig_is_refused_without_quoting_it(text: str, fault: str) -> None:
    with pytest.raises(KubeconfigError, match=fault) as failure:
        kubeconfig.parse(text)
    assert "canary" not in str(failure.value)


def test_an_unknown_context_is_refused_with_those_that_exist() -> None:
    with pytest.raises(KubeconfigError, match="no context 'z'; expected one of: x, y"):
        kubeconfig.parse(config(), context="z")
