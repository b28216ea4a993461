"""Many previews through the real command: a table or a document, every stack to its end, a reason for each red."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pouw.errors import ExitCode
from tests.cli.command import Checkout
from tests.engine.test_operation_engine import await_true, processes_of

COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}


def record(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these keys; more keys may be added at any time."""
    return {"type": "object", "properties": properties, "required": list(properties)}


DOCUMENT = record(
    schema={"const": 1},
    ok={"type": "boolean"},
    stacks={
        "type": "array",
        "items": record(
            name=TEXT,
            example={"type": "boolean"},
            ok={"type": "boolean"},
            seconds={"type": "number"},
            create=COUNT,
            update=COUNT,
            replace=COUNT,
            delete=COUNT,
            same=COUNT,
            changes={"type": "array", "items": record(operation=TEXT, type=TEXT, name=TEXT, properties=TEXTS)},
            faults={"type": "array", "items": record(resource=TEXT, path=TEXT, got=TEXT, expected=TEXT, message=TEXT)},
            policy=record(
                violations={"type": "array"},
                unevaluated={"type": "array"},
                waived={"type": "array"},
                remedied={"type": "array"},
            ),
            cost=record(monthly_delta={"type": ["number", "null"]}, unknown=TEXTS, usage=TEXTS),
        ),
    },
)
RACK = {"name": "rack", "cloud": "kubernetes", "context": "rack"}
IMAGES = {"node": "registry.example/pouw/node:1", "balancer": "registry.example/pouw/balancer:1"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout whose only stack is ``local``, and whose only example has one existing cluster."""
    config = {"pouw:environment": "staging", "pouw:sites": [RACK], "pouw:images": IMAGES}
    return Checkout.with_one_stack(tmp_path, rack=config)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.engine
def test_all_stacks_are_previewed_although_one_fails(checkout: Checkout) -> None:
    checkout.stack("broken", nodes={"miners": 0})
    before = files(checkout.root)
    process = checkout.run("preview", "--all")
    assert process.returncode == ExitCode.CONFIGURATION
    assert re.search(r"^broken +not checked +not started *$", process.stdout, re.MULTILINE)
    for name in (r"local", r"rack \(example\)"):
        assert re.search(rf"^{name} +2\d +0 +0 +0 .*[0-9.]+ *$", process.stdout, re.MULTILINE), name
    assert "pouw:nodes.miners: is not allowed; got 0" in process.stdout
    assert "3 previews in" in process.stdout
    assert "1 failed" in process.stdout
    assert "Previewing rack" in process.stderr, "progress is not part of the result"
    assert files(checkout.root) == before
    assert [path.name for path in checkout.state.iterdir()] == ["evidence"], "a preview leaves its evidence alone"


@pytest.mark.engine
def test_the_document_of_all_previews_is_as_documented(checkout: Checkout) -> None:
    checkout.stack("broken", nodes={"miners": "three"})
    summary = checkout.state.parent / "summary.md"
    process = checkout.run("preview", "--all", "--json", "--markdown", str(summary))
    assert summary.read_text().startswith("# Previews: 1 of 3 failed\n")
    document = json.loads(process.stdout)
    jsonschema.validate(document, DOCUMENT)
    by_name = {one["name"]: one for one in document["stacks"]}
    assert {name: (one["ok"], one["example"]) for name, one in by_name.items()} == {
        "broken": (False, False),
        "local": (True, False),
        "rack": (True, True),
    }
    (fault,) = by_name["broken"]["faults"]
    assert (fault["path"], fault["got"]) == ("pouw:nodes.miners", "'three'")
    assert fault["expected"]
    assert by_name["local"]["cost"]["monthly_delta"] == 0
    assert not document["ok"]


@pytest.mark.engine
def test_an_example_is_previewed_by_its_name_and_never_brought_up(checkout: Checkout) -> None:
    preview = checkout.run("preview", "rack")
    assert preview.returncode == ExitCode.OK, preview.stderr
    assert "preview rack: ok" in preview.stdout
    process = checkout.run("up", "rack")
    assert process.returncode == ExitCode.CONFIGURATION
    assert "is an example; got 'rack'; expected a stack; copy docs/examples/Pulumi.rack.yaml" in process.stderr


@pytest.mark.engine
def test_a_fault_of_the_engine_has_its_value_and_what_is_expected(checkout: Checkout) -> None:
    checkout.stack("imageless", sites=[RACK])
    process = checkout.run("preview", "imageless", "--json")
    assert process.returncode == ExitCode.FAILED
    (stack,) = json.loads(process.stdout)["stacks"]
    (fault,) = stack["faults"]
    assert fault["got"] == "node: None, balancer: None"
    assert fault["expected"] == "a tag or digest for each"


@pytest.mark.engine
def test_an_interrupt_ends_all_previews_and_leaves_no_process(checkout: Checkout) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "pouw.cli", "preview", "--all", "--json"],
        cwd=checkout.root,
        env={**os.environ, "POUW_HOME": str(checkout.state), "PYTHONPATH": str(checkout.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        await_true(lambda: any("execution.py" in one for one in processes_of(checkout.root)), "a program begins")
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == ExitCode.INTERRUPTED
    assert not any(one["ok"] for one in json.loads(output)["stacks"])
    assert "Traceback" not in errors
    await_true(lambda: processes_of(checkout.root) == [], "engines, hosts and programs end")


def test_names_and_all_together_are_a_mistake_of_the_caller(checkout: Checkout) -> None:
    process = checkout.run("preview", "local", "--all")
    assert process.returncode == ExitCode.USAGE
    assert "not both" in process.stderr
