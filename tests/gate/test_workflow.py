"""The workflow: its permissions, and the evidence that its commands make from the results of its tools."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pouw.evidence import chain
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress
from pouw.toolchain import programs
from tests.cli.command import Checkout

WORKFLOWS = REPOSITORY / ".github" / "workflows"
TEXT = (WORKFLOWS / "ci-cd.yml").read_text()
WORKFLOW: Mapping[str, Any] = yaml.safe_load(TEXT)
JOBS: Mapping[str, Any] = WORKFLOW["jobs"]
TOOLS = Path(sys.executable).parent
CLUSTER = {"name": "rack", "cloud": "kubernetes", "context": "rack"}
IMAGES = {"node": "registry.example/pouw/node:1", "balancer": "registry.example/pouw/balancer:1"}
TEST = "def test_sum() -> None:\n    assert 1 + 1 == {}\n"
RESULT_FILE = re.compile(r"build/results/(\S+)")


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every step with its job."""
    for name, job in JOBS.items():
        for step in job["steps"]:
            yield name, step


def test_the_audit_of_the_workflows_reports_nothing() -> None:
    process = subprocess.run(
        [TOOLS / "zizmor", "--offline", "--pedantic", WORKFLOWS], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.engine
def test_the_syntax_of_the_workflow_is_valid(tmp_path: Path) -> None:
    program = programs.ensure("actionlint", SilentProgress(), home=Home.from_environment(os.environ))
    invalid = tmp_path / "invalid.yml"
    invalid.write_text(TEXT.replace("needs: [quality, test]", "needs: [quality, tests]"))
    output = []
    for path in (WORKFLOWS / "ci-cd.yml", invalid):
        command: list[str | Path] = [program, "-no-color", "-oneline", "-shellcheck=", "-pyflakes=", path]
        output.append(subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path).stdout)
    assert output[0] == ""
    assert 'job "evidence" needs job "tests"' in output[1]


def test_actions_are_pinned_and_checkouts_store_no_credential() -> None:
    for line in re.findall(r"uses: (.*)", TEXT):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    for _, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


def test_no_command_takes_foreign_text_and_no_failure_is_ignored() -> None:
    assert [step["run"] for _, step in steps() if "${{" in step.get("run", "")] == []
    assert "continue-on-error" not in TEXT
    assert "pull_request_target" not in TEXT


def test_only_two_jobs_may_write_and_none_for_a_fork() -> None:
    assert WORKFLOW["permissions"] == {}
    writing = {name for name, job in JOBS.items() if "write" in job["permissions"].values()}
    assert writing == {"scanning", "attestation"}
    assert "head.repo.full_name == github.repository" in JOBS["scanning"]["if"]
    assert "github.event_name == 'push'" in JOBS["attestation"]["if"]
    assert "||" not in JOBS["attestation"]["if"]
    # Code from a pull request runs in none of them.
    assert [step for name in writing for step in JOBS[name]["steps"] if "run" in step] == []


def test_the_workflow_adds_the_results_that_the_makefile_writes() -> None:
    added_files = {name for _, step in steps() for name in RESULT_FILE.findall(step.get("run", ""))}
    written_files = re.findall(r"\$\(RESULTS\)/([\w.]+)", (REPOSITORY / "Makefile").read_text())
    assert added_files == set(written_files)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout with a stack, an example of the same name, and the command at the workflow's path."""
    config = {"pouw:environment": "staging", "pouw:sites": [CLUSTER], "pouw:images": IMAGES}
    copy = Checkout.with_one_stack(tmp_path, local=config)
    command = copy.root / ".venv" / "bin" / "pouw"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m pouw.cli "$@"\n')
    command.chmod(0o755)
    return copy


def write_results(checkout: Checkout, *, expected: int) -> None:
    """Run the tools on a small file, and write their results where the jobs' results are."""
    results = checkout.root / "build" / "results"
    results.mkdir(parents=True)
    test_file = checkout.root / "tests" / "test_sum.py"
    test_file.parent.mkdir()
    test_file.write_text(TEST.format(2))
    for stage in ("unit", "engine"):
        tool("pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", results / f"{stage}.xml", test_file)
    test_file.write_text(TEST.format(expected))
    tool("pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", results / "cluster.xml", test_file)
    tool("ruff", "check", "--isolated", "--output-format", "json", "--output-file", results / "lint.json", test_file)
    (results / "types.txt").write_text(tool("mypy", "--strict", "--cache-dir", os.devnull, test_file))
    (results / "images.sarif").write_text(tool("hadolint", "--format", "sarif", REPOSITORY / "Dockerfile"))
    (results / "workflows.sarif").write_text(tool("zizmor", "--quiet", "--offline", "--format", "sarif", WORKFLOWS))


def tool(name: str, *arguments: str | Path) -> str:
    """Return the output of a tool, run in a folder without configuration."""
    process = subprocess.run([TOOLS / name, *arguments], capture_output=True, text=True, check=False, cwd="/")
    return process.stdout


def run_job(checkout: Checkout, name: str, summary: Path) -> list[tuple[str, int]]:
    """Run the commands of a job that are ours as a runner does, and return each with its exit code."""
    environment = {
        **os.environ,
        "POUW_HOME": str(checkout.state),
        "PYTHONPATH": str(checkout.root),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    codes: list[tuple[str, int]] = []
    for step in JOBS[name]["steps"]:
        command = step.get("run", "make")
        has_failed = any(code for _, code in codes)
        if command.startswith("make") or (has_failed and "!cancelled()" not in step.get("if", "")):
            continue
        process = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=checkout.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        codes.append((command, process.returncode))
    return codes


def controls(bundle: Path) -> Mapping[str, str]:
    """Return the state of each control in a bundle."""
    bodies = [entry.body for entry in chain.read(bundle.read_bytes()) if entry.kind == "control"]
    return {body["control"]: body["state"] for body in bodies if body["framework"] in ("iso27001", "soc2")}


@pytest.mark.engine
@pytest.mark.parametrize(
    ("expected", "state"), [(2, "passing"), (3, "broken")], ids=["all results pass", "a test of the cluster fails"]
)
def test_the_evidence_holds_the_results_of_the_jobs(
    checkout: Checkout, tmp_path: Path, expected: int, state: str
) -> None:
    write_results(checkout, expected=expected)
    codes = run_job(checkout, "evidence", tmp_path / "summary.md")
    assert len(codes) == 8
    # A test that failed is its own job's failure; the gate is green.
    assert [entry for entry in codes if entry[1]] == []
    reports = checkout.root / "build" / "reports"
    suffixes = ("html", "jsonl", "md", "sarif", "xml")
    names = {f"{name}.{suffix}" for name in ("local", "local+example") for suffix in suffixes}
    assert {path.name for path in reports.iterdir()} == {*names, "key.pub"}
    for name in ("local", "local+example"):
        states = controls(reports / f"{name}.jsonl")
        assert [states[name] for name in ("A.8.25", "A.8.29", "CC8.1")] == [state] * 3
        assert [states[name] for name in ("A.8.8", "A.8.28")] == ["passing"] * 2
        (run,) = json.loads((reports / f"{name}.sarif").read_text())["runs"]
        assert run["automationDetails"] == {"id": f"pouw/{name}/"}
    summary = (tmp_path / "summary.md").read_text()
    assert summary.count("# Policy report: local") == 2
    assert f"1 tests, 0 failed; 1 tests, 0 failed; 1 tests, {int(expected != 2)} failed" in summary


@pytest.mark.engine
def test_a_job_without_results_is_evidence_against_the_change(checkout: Checkout, tmp_path: Path) -> None:
    codes = run_job(checkout, "evidence", tmp_path / "summary.md")
    assert [entry for entry in codes if entry[1]] == []
    states = controls(checkout.root / "build" / "reports" / "local.jsonl")
    assert [states[name] for name in ("A.8.8", "A.8.25", "A.8.28", "A.8.29", "CC8.1")] == ["broken"] * 5
    assert "the step did not complete" in (tmp_path / "summary.md").read_text()


@pytest.mark.engine
def test_the_plans_are_in_the_summary_before_the_tests_end(checkout: Checkout, tmp_path: Path) -> None:
    assert "needs" not in JOBS["preview"]
    ((_, code),) = run_job(checkout, "preview", tmp_path / "summary.md")
    assert code == 0
    assert "| local (example) |" in (tmp_path / "summary.md").read_text()
