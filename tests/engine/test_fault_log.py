"""Faults as data: written by several processes, read once, joined with the engine's messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.faults import Fault
from pouw.engine import fault_log
from pouw.engine.fault_log import Entry
from pouw.engine.language import execution

URN = "urn:pulumi:local::tiny::aws:ec2/vpc:Vpc::some"


def entry(text: str, *, resource: str = URN) -> Entry:
    path, _, message = text.partition(": ")
    return Entry(resource=resource, text=text, fault=Fault(path=path, message=message))


def test_entries_of_a_run_are_read_in_the_order_of_writing(tmp_path: Path) -> None:
    entries = [
        Entry(
            resource=URN,
            text="a: must be b, got c",
            fault=Fault(path="a", message="must be b", got="c", expected="b", reason="it is b", remedy="set b"),
        ),
        entry("d: is required"),
    ]
    with fault_log.open_log(tmp_path) as path:
        for item in entries:
            fault_log.append([item], {fault_log.VARIABLE: str(path)})
        assert path.stat().st_mode & 0o777 == 0o600
        assert fault_log.read(path) == entries
    assert not path.exists()


def test_a_process_outside_of_a_run_writes_nothing(tmp_path: Path) -> None:
    fault_log.append([entry("a: is required")], {})
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_a_killed_process_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "faults"
    fault_log.append([entry("a: is required"), entry("b: is required")], {fault_log.VARIABLE: str(path)})
    path.write_bytes(path.read_bytes()[:-10])
    assert fault_log.read(path) == [entry("a: is required")]


def test_the_log_of_a_killed_run_is_not_read_by_the_next(tmp_path: Path) -> None:
    (tmp_path / fault_log.FILE_NAME).write_text("left behind")
    with fault_log.open_log(tmp_path) as path:
        assert fault_log.read(path) == []


def test_the_language_host_writes_to_the_same_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert execution.FAULT_LOG_VARIABLE == fault_log.VARIABLE
    path = tmp_path / "faults"
    monkeypatch.setenv(fault_log.VARIABLE, str(path))
    fault = Fault(path="a", message="is wrong", got="b", expected="c", reason="d", remedy="e")
    error = ValueError("heading")
    error.__dict__["faults"] = (fault,)
    execution._log_faults(error)
    assert fault_log.read(path) == [Entry(resource="", text=str(fault), fault=fault)]


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        ("aws:ec2/vpc:Vpc resource 'some' has a problem: a: is required", ["a: is required"]),
        ("has a problem: data.a: is required", ["data.a: is required"]),
        ("b: is required\na: is required", ["b: is required", "a: is required"]),
        ("a: must be b, got [secret]", []),
    ],
)
def test_a_message_matches_the_entries_whose_text_it_holds(message: str, texts: list[str]) -> None:
    entries = [
        entry("a: is required"),
        entry("data.a: is required"),
        entry("b: is required"),
        entry("a: must be b, got canary"),
        entry("a: is required", resource="another"),
    ]
    assert [match.text for match in fault_log.matches(entries, URN, message)] == texts
