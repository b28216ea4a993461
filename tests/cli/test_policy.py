"""``pouw policy`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pouw.cli.__main__ import run
from pouw.errors import ExitCode
from pouw.evidence import store
from pouw.evidence.chain import Entry
from tests.gate.test_manifests import GOOD

RUN = Entry(
    kind="run",
    body={
        "schema": 1,
        "stack": "local",
        "environment": "local",
        "operation": "preview",
        "at": "2026-11-25T00:00:00+00:00",
        "exit_code": 0,
        "plan": "",
        "commit": "",
        "versions": {"pack": "0.1.0"},
        "frameworks": {},
    },
)
VERDICT = Entry(
    kind="verdict", body={"red": False, "advisory": False, "summary": "all good", "gaps": [], "waiver_faults": []}
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))


def test_without_evidence_a_report_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "report"]) == ExitCode.POLICY
    assert "run `pouw preview local`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "start"),
    [("--html", "<!doctype html>"), ("--markdown", "# Policy"), ("--sarif", "{"), ("--junit", "<?xml")],
)
def test_each_report_is_written_where_it_is_wanted(tmp_path: Path, form: str, start: str) -> None:
    store.add("local", RUN, [VERDICT])
    file = tmp_path / "report"
    assert run(["policy", "report", form, "-o", str(file)]) == ExitCode.OK
    assert file.read_text().startswith(start)


def test_verification_ends_with_the_policy_code_when_a_bundle_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    path = store.add("local", RUN, [VERDICT])
    assert run(["policy", "report", "--verify"]) == ExitCode.OK
    assert "local: 1 bundle is what was written" in capsys.readouterr().out
    path.write_bytes(path.read_bytes().replace(b'"red":false', b'"red":true'))
    assert run(["policy", "report", "--verify"]) == ExitCode.POLICY
    assert "is not what was written" in capsys.readouterr().err


def test_a_check_of_manifests_ends_by_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.yaml"
    file.write_text(GOOD.replace("runAsNonRoot: true", "runAsNonRoot: false"))
    assert run(["policy", "check", "--manifests", str(file), "--json"]) == ExitCode.POLICY
    document = json.loads(capsys.readouterr().out)
    rules = [one["rule"] for one in document["policy"]["violations"]]
    assert "kubernetes-pods-container-require-nonroot" in rules
    assert document["ok"] is False


def test_frameworks_and_their_controls_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "controls"]) == ExitCode.OK
    assert "93 controls" in capsys.readouterr().out
    assert run(["policy", "controls", "cis-kubernetes"]) == ExitCode.OK
    assert "kubernetes-pods-container-deny-privileged" in capsys.readouterr().out
    assert run(["policy", "controls", "unheard-of"]) == ExitCode.USAGE


def test_the_repositorys_waivers_are_in_order() -> None:
    assert run(["policy", "waivers"]) == ExitCode.OK


def test_everything_of_every_stack_goes_into_one_folder(tmp_path: Path) -> None:
    store.add("local", RUN, [VERDICT])
    store.add(store.example("gcp"), RUN, [VERDICT])
    assert run(["policy", "report", "--all", "-o", str(tmp_path / "reports")]) == ExitCode.OK
    ends = ("html", "md", "sarif", "xml", "jsonl")
    names = {f"{name}.{end}" for name in ("local", "gcp+example") for end in ends}
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {*names, "key.pub"}
    assert (tmp_path / "reports" / "key.pub").read_text().strip() == store.trusted_key()


def test_an_example_is_reported_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    store.add(store.example("gcp"), RUN, [VERDICT])
    assert run(["policy", "report", "gcp"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("# Policy report")
    assert run(["policy", "report", "staging"]) == ExitCode.POLICY


def test_one_changed_bundle_of_one_stack_makes_the_verification_of_all_red(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "report", "--all", "--verify"]) == ExitCode.POLICY
    path = store.add("local", RUN, [VERDICT])
    store.add("staging", RUN, [VERDICT])
    assert run(["policy", "report", "--all", "--verify"]) == ExitCode.OK
    path.write_bytes(path.read_bytes()[:-10])
    assert run(["policy", "report", "--all", "--verify"]) == ExitCode.POLICY
    assert "staging: 1 bundle is what was written" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--all"], ["--all", "local", "-o", "x"]])
def test_all_needs_a_folder_and_no_stack(wrong: list[str]) -> None:
    assert run(["policy", "report", *wrong]) == ExitCode.USAGE


def test_a_bad_result_of_the_pipeline_is_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lint.json").write_text('[{"code": "E501"}]')
    assert run(["policy", "evidence", "add", "lint", str(tmp_path / "lint.json")]) == ExitCode.OK
    assert run(["policy", "evidence", "add", "tests", str(tmp_path / "gone.xml")]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "lint: bad, 1 findings" in said
    assert "tests: bad, gone.xml is missing" in said
