"""HTML and Markdown: the matrix of control, cloud and resource, and everything that did not pass."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from policies.packconfig import subject_of
from pouw.markdown import cell
from pouw.policy.frameworks import State
from pouw.policy.report.model import Report

_TEMPLATES = Path(__file__).with_name("templates")


def html(report: Report) -> str:
    """One page that needs nothing else. Every value is escaped."""
    return _render("report.html", report)


def markdown(report: Report) -> str:
    """The same as text, for a pull request."""
    return _render("report.md", report)


def _render(template: str, report: Report) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["subject"] = subject_of
    environment.filters["cell"] = cell
    return environment.get_template(template).render(report=report, states=[str(state) for state in State])
