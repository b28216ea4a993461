"""The summary of previews as Markdown: what may hurt first, and nobody's words as markup."""

from __future__ import annotations

from collections.abc import Sequence

from infra.faults import Fault
from pouw.cli.preview_markdown import render
from pouw.engine.outcome import Changes, Outcome, ResourceChange, refused
from pouw.errors import ConfigurationError, ExitCode


def change(operation: str, name: str, *, properties: Sequence[str] = ()) -> ResourceChange:
    return ResourceChange(
        urn=f"urn::{name}", type="aws:s3/bucket:Bucket", name=name, operation=operation, properties=properties
    )


def outcome(*changes: ResourceChange) -> Outcome:
    return Outcome(
        operation="preview",
        stack="staging",
        exit_code=ExitCode.OK,
        changes=Changes(create=sum(one.operation == "create" for one in changes)),
        resources=changes,
        steps=(),
        outputs={},
        faults=(),
        warnings=(),
        violations=(),
        tallies=(),
        seconds=1.5,
    )


def test_resources_are_told_by_type_and_what_may_hurt_comes_first() -> None:
    made = [change("create", f"new{number}") for number in range(9)]
    text = render([outcome(*made, change("replace", "old", properties=["bucket"]), change("delete", "gone"))])
    rows = [line for line in text.splitlines() if "s3/bucket" in line]
    assert rows == [
        "| delete 1 | aws:s3/bucket:Bucket | gone |",
        "| replace 1 | aws:s3/bucket:Bucket | old (bucket) |",
        "| create 9 | aws:s3/bucket:Bucket | new0, new1, new2, new3, new4, new5, and 3 more |",
    ]


def test_a_stack_that_failed_is_told_first_thing_and_lies_open() -> None:
    wrong = ConfigurationError(Fault(path="pouw:nodes", message="is wrong", got="0", expected="more"))
    text = render([outcome(), refused("preview", "production", wrong)])
    assert text.startswith("# Previews: 1 of 2 failed\n")
    assert "| **failed** production | | | | |" in text
    assert "<details open><summary>production</summary>" in text
    assert "- **error** pouw:nodes: is wrong; got 0; expected more" in text


def test_names_and_messages_are_no_markup() -> None:
    text = render([outcome(change("update", "</details>|<img src=x>", properties=["a|b\n# c"]))])
    assert text.count("</details>") == 1, "our own"
    assert "\\</details\\>\\|\\<img src=x\\> (a\\|b # c)" in text
