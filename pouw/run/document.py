"""The JSON document of results, as documented in ``docs/reference/json.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pouw.cost import bill
from pouw.gate import verdict_output
from pouw.network.agreement import Agreement
from pouw.run.result import Result

SCHEMA = 1


def render(results: Sequence[Result], *, rehearsal: bool = False) -> Mapping[str, Any]:
    """Return the document of several runs. A bring-up that succeeded adds ``agreed`` and ``endpoints``."""
    document: dict[str, Any] = {"rehearsal": True} if rehearsal else {}
    document |= {
        "schema": SCHEMA,
        "ok": all(result.ok for result in results),
        "stacks": [_stack(result) for result in results],
    }
    for result in results:
        if result.agreement is not None:
            document["agreed"] = _agreement(result.agreement)
        if result.endpoints is not None:
            document["endpoints"] = result.endpoints.to_json()
    return document


def _agreement(agreement: Agreement) -> Mapping[str, Any]:
    return {"height": agreement.height, "hash": agreement.hash, "nodes": agreement.nodes}


def _stack(result: Result) -> Mapping[str, Any]:
    outcome = result.outcome
    return {
        "name": result.stack,
        "example": result.is_example,
        "ok": result.ok,
        "seconds": round(outcome.seconds, 2),
        "create": outcome.changes.create,
        "update": outcome.changes.update,
        "replace": outcome.changes.replace,
        "delete": outcome.changes.delete,
        "same": outcome.changes.unchanged,
        "changes": [
            {
                "operation": change.operation,
                "type": change.type,
                "name": change.name,
                "properties": list(change.properties),
            }
            for change in outcome.resources
        ],
        "faults": [
            {
                "resource": fault.resource,
                "path": fault.path,
                "got": fault.got,
                "expected": fault.expected,
                "reason": fault.reason,
                "remedy": fault.remedy,
                "property": fault.property,
                "message": fault.message,
            }
            for fault in result.faults
        ],
        "policy": verdict_output.as_json(result.verdict),
        "cost": bill.as_json(result.bill),
    }
