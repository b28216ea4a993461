"""HTML and Markdown: the findings, and the matrix of control, cloud and resource."""

from __future__ import annotations

from pathlib import Path

from policies.pack_config import subject_of
from pouw import templates
from pouw.gate.frameworks import State
from pouw.gate.report.model import Report

_TEMPLATES = Path(__file__).with_name("templates")


def html(report: Report) -> str:
    """Return one self-contained page, in which every value is escaped."""
    return _render("report.html", report)


def markdown(report: Report) -> str:
    """Return the report as Markdown, for a pull request."""
    return _render("report.md", report)


def _render(template: str, report: Report) -> str:
    environment = templates.environment(_TEMPLATES)
    environment.filters["subject"] = subject_of
    return environment.get_template(template).render(report=report, states=[str(state) for state in State])
