"""Everything about the last run of every stack and example in one folder: for a pipeline to keep and hand on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.faults import Fault
from pouw.evidence import store
from pouw.evidence.store import EvidenceError
from pouw.gate.report import junit, model, pages, sarif
from pouw.gate.report.model import Report

FORMS: Mapping[str, Callable[[Report], str]] = {
    "html": pages.html,
    "md": pages.markdown,
    "sarif": sarif.render,
    "xml": junit.render,
}
"""Each form by the end of its file's name."""


def write(place: Path) -> list[str]:
    """Write ``NAME.html`` and the other forms, the bundle itself as ``NAME.jsonl``, and ``key.pub``; the names.

    Raises:
        EvidenceError: there is no evidence of anything.
    """
    names = store.names()
    if not names:
        raise EvidenceError(
            Fault(path=str(store.folder()), message="there is no evidence yet", remedy="run `pouw preview --all`")
        )
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        bundle = store.latest(name)
        report = model.load(bundle)
        for end, render in FORMS.items():
            (place / f"{name}.{end}").write_text(render(report), encoding="utf-8")
        shutil.copyfile(bundle, place / f"{name}.jsonl")
    shutil.copyfile(store.folder() / "key.pub", place / "key.pub")
    return names
