"""HTML and Markdown: the matrix of control, cloud and resource, and everything that did not pass."""

from __future__ import annotations

from pathlib import Path

from policies.pack_config import subject_of
from pouw.gate.frameworks import State
from pouw.gate.report.model import Report
from pouw.markdown import templates

_TEMPLATES = Path(__file__).with_name("templates")


def html(report: Report) -> str:
    """One page that needs nothing else. Every value is escaped."""
    return _render("report.html", report)


def markdown(report: Report) -> str:
    """The same as text, for a pull request."""
    return _render("report.md", report)


def _render(template: str, report: Report) -> str:
    environment = templates(_TEMPLATES)
    environment.filters["subject"] = subject_of
    return environment.get_template(template).render(report=report, states=[str(state) for state in State])
