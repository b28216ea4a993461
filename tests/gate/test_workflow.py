"""The workflow: what it may do, and that its own commands, in its own order, make evidence of what its tools wrote."""

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
WRITTEN = re.compile(r"build/results/(\S+)")


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every step with its job."""
    for name, job in JOBS.items():
        for step in job["steps"]:
            yield name, step


def test_an_auditor_of_workflows_finds_nothing() -> None:
    done = subprocess.run(
        [TOOLS / "zizmor", "--offline", "--pedantic", WORKFLOWS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.engine
def test_a_runner_would_understand_it(tmp_path: Path) -> None:
    program = programs.ensure("actionlint", SilentProgress(), home=Home.from_environment(os.environ))
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(TEXT.replace("needs: [quality, test]", "needs: [quality, tests]"))
    told = []
    for path in (WORKFLOWS / "ci-cd.yml", wrong):
        command: list[str | Path] = [program, "-no-color", "-oneline", "-shellcheck=", "-pyflakes=", path]
        told.append(subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path).stdout)
    assert told[0] == ""
    assert 'job "evidence" needs job "tests"' in told[1]


def test_every_action_is_pinned_by_its_commit_and_no_checkout_keeps_a_credential() -> None:
    for line in re.findall(r"uses: (.*)", TEXT):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    for _, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


def test_no_command_takes_text_from_outside_and_no_failure_is_forgiven() -> None:
    assert [step["run"] for _, step in steps() if "${{" in step.get("run", "")] == []
    assert "continue-on-error" not in TEXT
    assert "pull_request_target" not in TEXT


def test_only_two_jobs_may_write_and_neither_does_so_for_a_fork() -> None:
    assert WORKFLOW["permissions"] == {}
    writing = {name for name, job in JOBS.items() if "write" in job["permissions"].values()}
    assert writing == {"scanning", "attestation"}
    assert "head.repo.full_name == github.repository" in JOBS["scanning"]["if"]
    assert "github.event_name == 'push'" in JOBS["attestation"]["if"]
    assert "||" not in JOBS["attestation"]["if"]
    # Code from a pull request runs in none of them.
    assert [step for name in writing for step in JOBS[name]["steps"] if "run" in step] == []


def test_the_workflow_adds_the_results_that_the_makefile_writes() -> None:
    added = {name for _, step in steps() for name in WRITTEN.findall(step.get("run", ""))}
    made = re.findall(r"\$\(RESULTS\)/([\w.]+)", (REPOSITORY / "Makefile").read_text())
    assert added == set(made)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with one stack, one example of the same name, and the command where the workflow looks for it."""
    config = {"pouw:environment": "staging", "pouw:sites": [CLUSTER], "pouw:images": IMAGES}
    made = Checkout.with_one_stack(tmp_path, local=config)
    command = made.root / ".venv" / "bin" / "pouw"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m pouw.cli "$@"\n')
    command.chmod(0o755)
    return made


def write_results(checkout: Checkout, *, expected: int) -> None:
    """What the tools themselves write of something small, into where the jobs' results are put."""
    place = checkout.root / "build" / "results"
    place.mkdir(parents=True)
    tested = checkout.root / "tests" / "test_sum.py"
    tested.parent.mkdir()
    tested.write_text(TEST.format(2))
    for stage in ("unit", "engine"):
        tool("pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", place / f"{stage}.xml", tested)
    tested.write_text(TEST.format(expected))
    tool("pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", place / "cluster.xml", tested)
    tool("ruff", "check", "--isolated", "--output-format", "json", "--output-file", place / "lint.json", tested)
    (place / "types.txt").write_text(tool("mypy", "--strict", "--cache-dir", os.devnull, tested))
    (place / "images.sarif").write_text(tool("hadolint", "--format", "sarif", REPOSITORY / "Dockerfile"))
    (place / "workflows.sarif").write_text(tool("zizmor", "--quiet", "--offline", "--format", "sarif", WORKFLOWS))


def tool(name: str, *arguments: str | Path) -> str:
    """What a tool prints, whatever it finds; in a folder without configuration."""
    done = subprocess.run([TOOLS / name, *arguments], capture_output=True, text=True, check=False, cwd="/")
    return done.stdout


def run_job(checkout: Checkout, name: str, summary: Path) -> list[tuple[str, int]]:
    """The commands of a job that are ours, as a runner runs them, each with its exit code."""
    environment = {
        **os.environ,
        "POUW_HOME": str(checkout.state),
        "PYTHONPATH": str(checkout.root),
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    codes: list[tuple[str, int]] = []
    for step in JOBS[name]["steps"]:
        command = step.get("run", "make")
        failed = any(code for _, code in codes)
        if command.startswith("make") or (failed and "!cancelled()" not in step.get("if", "")):
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=checkout.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        codes.append((command, done.returncode))
    return codes


def controls(bundle: Path) -> Mapping[str, str]:
    """The state of each control in a bundle."""
    bodies = [entry.body for entry in chain.read(bundle.read_bytes()) if entry.kind == "control"]
    return {body["control"]: body["state"] for body in bodies if body["framework"] in ("iso27001", "soc2")}


@pytest.mark.engine
@pytest.mark.parametrize(
    ("expected", "state"), [(2, "passing"), (3, "broken")], ids=["all is good", "a test of the cluster fails"]
)
def test_the_evidence_holds_what_the_jobs_found(checkout: Checkout, tmp_path: Path, expected: int, state: str) -> None:
    write_results(checkout, expected=expected)
    codes = run_job(checkout, "evidence", tmp_path / "summary.md")
    assert len(codes) == 8
    # A test that failed is its own job's failure; the gate is green.
    assert [one for one in codes if one[1]] == []
    reports = checkout.root / "build" / "reports"
    ends = ("html", "jsonl", "md", "sarif", "xml")
    names = {f"{name}.{end}" for name in ("local", "local+example") for end in ends}
    assert {path.name for path in reports.iterdir()} == {*names, "key.pub"}
    for name in ("local", "local+example"):
        found = controls(reports / f"{name}.jsonl")
        assert [found[one] for one in ("A.8.25", "A.8.29", "CC8.1")] == [state] * 3
        assert [found[one] for one in ("A.8.8", "A.8.28")] == ["passing"] * 2
        (run,) = json.loads((reports / f"{name}.sarif").read_text())["runs"]
        assert run["automationDetails"] == {"id": f"pouw/{name}/"}
    summary = (tmp_path / "summary.md").read_text()
    assert summary.count("# Policy report: local") == 2
    assert f"1 tests, 0 failed; 1 tests, 0 failed; 1 tests, {int(expected != 2)} failed" in summary


@pytest.mark.engine
def test_a_job_that_wrote_nothing_is_evidence_against_the_change(checkout: Checkout, tmp_path: Path) -> None:
    codes = run_job(checkout, "evidence", tmp_path / "summary.md")
    assert [one for one in codes if one[1]] == []
    found = controls(checkout.root / "build" / "reports" / "local.jsonl")
    assert [found[one] for one in ("A.8.8", "A.8.25", "A.8.28", "A.8.29", "CC8.1")] == ["broken"] * 5
    assert "the step did not come to its end" in (tmp_path / "summary.md").read_text()


@pytest.mark.engine
def test_the_plans_are_in_the_summary_before_any_test_has_ended(checkout: Checkout, tmp_path: Path) -> None:
    assert "needs" not in JOBS["preview"]
    ((_, code),) = run_job(checkout, "preview", tmp_path / "summary.md")
    assert code == 0
    assert "| local (example) |" in (tmp_path / "summary.md").read_text()
