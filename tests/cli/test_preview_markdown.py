"""The summary of previews as Markdown: in the order of risk, and without markup from values."""

from __future__ import annotations

from collections.abc import Sequence

from infra.faults import Fault
from pouw.cli.preview_markdown import render
from pouw.engine.operation import Operation
from pouw.engine.outcome import Changes, Conclusion, Outcome, ResourceChange
from pouw.errors import ConfigurationError
from pouw.run.result import Result, failed_start


def change(operation: str, name: str, *, properties: Sequence[str] = ()) -> ResourceChange:
    return ResourceChange(
        urn=f"urn::{name}", type="aws:s3/bucket:Bucket", name=name, operation=operation, properties=properties
    )


def preview(*changes: ResourceChange) -> Result:
    outcome = Outcome(
        operation="preview",
        stack="staging",
        conclusion=Conclusion.SUCCEEDED,
        changes=Changes(create=sum(change.operation == "create" for change in changes)),
        resources=changes,
        steps=(),
        outputs={},
        faults=(),
        warnings=(),
        violations=(),
        tallies=(),
        seconds=1.5,
    )
    return Result(operation=Operation.PREVIEW, outcome=outcome)


def test_changes_are_grouped_by_type_in_the_order_of_their_risk() -> None:
    creations = [change("create", f"new{number}") for number in range(9)]
    text = render([preview(*creations, change("replace", "old", properties=["bucket"]), change("delete", "gone"))])
    rows = [line for line in text.splitlines() if "s3/bucket" in line]
    assert rows == [
        "| delete 1 | aws:s3/bucket:Bucket | gone |",
        "| replace 1 | aws:s3/bucket:Bucket | old (bucket) |",
        "| create 9 | aws:s3/bucket:Bucket | new0, new1, new2, new3, new4, new5, and 3 more |",
    ]


def test_a_failed_stack_is_counted_in_the_title_and_unfolded() -> None:
    error = ConfigurationError(Fault(path="pouw:nodes", message="is wrong", got="0", expected="more"))
    text = render([preview(), failed_start(Operation.PREVIEW, "production", error)])
    assert text.startswith("# Previews: 1 of 2 failed\n")
    assert "| **failed** production | | | | |" in text
    assert "<details open><summary>production</summary>" in text
    assert "- **error** pouw:nodes: is wrong; got 0; expected more" in text


def test_names_and_messages_cannot_act_as_markup() -> None:
    text = render([preview(change("update", "</details>|<img src=x>", properties=["a|b\n# c"]))])
    assert text.count("</details>") == 1, "our own"
    assert "\\</details\\>\\|\\<img src=x\\> (a\\|b # c)" in text
