"""The reports on the last run of every stack and example, in one folder that a pipeline can publish."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.faults import Fault
from pouw.evidence.store import EvidenceError, EvidenceStore
from pouw.gate.report import junit, model, pages, sarif
from pouw.gate.report.model import Report

FORMS: Mapping[str, Callable[[Report], str]] = {
    "html": pages.html,
    "md": pages.markdown,
    "sarif": sarif.render,
    "xml": junit.render,
}
"""Renderers by the suffix of their file."""


def write(folder: Path, evidence: EvidenceStore) -> list[str]:
    """Write the newest report of every stack and example into a folder, and return their names.

    Each has one file per form, its bundle as ``NAME.jsonl``, and all share the public key ``key.pub``.

    Raises:
        EvidenceError: the store holds no bundle.
    """
    names = evidence.names()
    if not names:
        raise EvidenceError(
            Fault(path=str(evidence.folder), message="there is no evidence yet", remedy="run `pouw preview --all`")
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        bundle = evidence.latest(name)
        report = model.load(bundle)
        for suffix, render in FORMS.items():
            (folder / f"{name}.{suffix}").write_text(render(report), encoding="utf-8")
        shutil.copyfile(bundle, folder / f"{name}.jsonl")
    shutil.copyfile(evidence.public_key_file, folder / "key.pub")
    return names
