"""``pouw policy``: reports from evidence, waivers, controls, and the rules on plain manifests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.faults import choices
from pouw.errors import ExitCode
from pouw.home import Home

if TYPE_CHECKING:
    from pouw.evidence.store import EvidenceStore
    from pouw.gate.report.model import Report

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON. Default: lines of text.")
_file = click.Path(path_type=Path, dir_okay=False)
_existing_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(
    epilog="Examples:  pouw policy report --html -o report.html  |  "
    "pouw policy check --manifests docs/examples/releases.yaml"
)
def policy() -> None:
    """Show compliance reports, waivers and controls, and check plain manifests."""


@policy.command(
    epilog="Examples:  pouw policy report staging --html -o report.html  |  pouw policy report --all -o reports"
)
@click.argument("stack", required=False)
@click.option(
    "--all",
    "all_stacks",
    is_flag=True,
    help="Write the reports of every stack and example, in every form, into the folder of -o. Default: one STACK.",
)
@click.option("--html", "form", flag_value="html", help="Write one HTML page. Default: Markdown.")
@click.option("--markdown", "form", flag_value="markdown", default=True, help="Write Markdown; this is the default.")
@click.option("--sarif", "form", flag_value="sarif", help="Write SARIF 2.1.0, for code scanning. Default: Markdown.")
@click.option("--junit", "form", flag_value="junit", help="Write JUnit XML, for CI. Default: Markdown.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write into this file. Default: standard output.")
@click.option("--bundle", type=_existing_file, help="Read this bundle. Default: the newest bundle of STACK.")
@click.option(
    "--verify",
    is_flag=True,
    help="Verify the signature and the chain of the bundles, and write no report. Default: write the report.",
)
@click.option("--key", type=_file, help="Verify with this public key. Default: the key of this machine.")
def report(
    stack: str | None,
    all_stacks: bool,
    form: str,
    output: Path | None,
    bundle: Path | None,
    verify: bool,
    key: Path | None,
) -> int:
    """Write the report on the last preview or deployment of STACK (default: local), from its evidence.

    An example that shares the name of a stack is NAME+example.

    \b
    With --verify, the exit code is 6 if a bundle was changed, cut, reordered, removed, or signed by another key.
    """
    from pouw.evidence.store import EvidenceStore
    from pouw.gate.report import model

    evidence = EvidenceStore.of_home(Home.from_environment(os.environ))
    if all_stacks:
        if stack or bundle or (output is None and not verify):
            raise click.UsageError("--all needs -o or --verify, and takes neither STACK nor --bundle")
        return _verify_all(evidence, key) if verify else _write_all(evidence, output)
    name = _evidence_name(stack or "local")
    if verify:
        bundles = [bundle] if bundle else evidence.bundles(name)
        return _verify(evidence, bundles, bundle.name if bundle else name, key)
    text = _renderer(form)(model.load(bundle or evidence.latest(name)))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    return ExitCode.OK


def _evidence_name(stack: str) -> str:
    """Return the name under which the evidence of a stack or example is stored."""
    from pouw.evidence.store import example_name
    from pouw.run import stacks

    return example_name(stack) if stacks.project_of(stack) is stacks.EXAMPLES else stack


def _verify_all(evidence: EvidenceStore, key: Path | None) -> int:
    names = evidence.names() or ["local"]
    return max(_verify(evidence, evidence.bundles(name), name, key) for name in names)


def _write_all(evidence: EvidenceStore, output: Path | None) -> int:
    from pouw.gate.report import folder

    if output is not None:
        for name in folder.write(output, evidence):
            click.echo(f"{output / name}.{{{','.join((*folder.FORMS, 'jsonl'))}}}")
    return ExitCode.OK


def _renderer(form: str) -> Callable[[Report], str]:
    from pouw.gate.report import folder

    return folder.FORMS[{"markdown": "md", "junit": "xml"}.get(form, form)]


def _verify(evidence: EvidenceStore, bundles: Sequence[Path], name: str, key: Path | None) -> int:
    from pouw.evidence import store

    faults = list(store.verify(bundles or [evidence.latest(name)], evidence.trusted_key(key)))
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    if faults:
        return ExitCode.POLICY
    count = "1 bundle is" if len(bundles) == 1 else f"{len(bundles)} bundles are"
    click.echo(f"{name}: {count} unchanged, in order and signed by the trusted key")
    return ExitCode.OK


@policy.command(epilog="Examples:  pouw policy waivers  |  pouw policy waivers --json")
@_json_option
def waivers(as_json: bool) -> int:
    """List all waivers with their remaining days. The exit code is 6 if a waiver has expired."""
    from policies import catalogue
    from pouw.gate import waivers as gate_waivers
    from pouw.gate.stack_policy import utc_today

    today = utc_today()
    entries = sorted(gate_waivers.load(catalogue.every_rule()), key=lambda waiver: waiver.expires)
    if as_json:
        rows = [{**waiver.model_dump(mode="json"), "days_left": waiver.days_left(today)} for waiver in entries]
        click.echo(json.dumps({"schema": 1, "waivers": rows}, indent=2))
    else:
        for waiver in entries:
            days = waiver.days_left(today)
            end = f"{days} days left" if days >= 0 else f"expired {-days} days ago"
            columns = (waiver.rule, waiver.resource, ", ".join(waiver.stacks), waiver.owner, waiver.ticket, end)
            click.echo("  ".join(columns))
        if not entries:
            click.echo("no waivers")
    return ExitCode.POLICY if any(waiver.days_left(today) < 0 for waiver in entries) else ExitCode.OK


@policy.command(epilog="Examples:  pouw policy controls  |  pouw policy controls soc2")
@click.argument("framework", required=False)
def controls(framework: str | None) -> int:
    """List the controls of FRAMEWORK with the rules that serve them. Without FRAMEWORK, list the frameworks."""
    from pouw.gate import frameworks

    by_id = frameworks.frameworks()
    if framework is None:
        for entry in by_id.values():
            reachable = sum(1 for control in entry.controls.values() if control.sees != "nothing")
            count = len(entry.controls)
            click.echo(f"{entry.id:16} {entry.title}: {count} controls, {reachable} within reach of a plan")
        return ExitCode.OK
    if framework not in by_id:
        raise click.BadParameter(f"no such framework; expected one of {choices(by_id, framework)}")
    for name, control in by_id[framework].controls.items():
        click.echo(f"{name:9} {control.grade:13} {control.title}{': ' + control.reason if control.reason else ''}")
        for rule, rule_mapping in frameworks.mapping().items():
            if name in rule_mapping.controls.get(framework, ()):
                click.echo(f"          {rule}")
    return ExitCode.OK


@policy.command(epilog="Examples:  pouw policy check --manifests docs/examples/releases.yaml --json")
@click.option(
    "--manifests",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="Check this YAML file, or the YAML files below this folder. Required.",
)
@_json_option
def check(manifests: Path, as_json: bool) -> int:
    """Check plain manifests with the Kubernetes rules, without Pulumi and without a cluster."""
    from pouw.gate import manifest_check, verdict_output

    verdict = manifest_check.verdict(manifests)
    if as_json:
        document = {"schema": 1, "ok": not verdict.red, "policy": verdict_output.as_json(verdict)}
        click.echo(json.dumps(document, indent=2))
    else:
        for line in verdict_output.lines(verdict):
            click.echo(line)
    return ExitCode.POLICY if verdict.red else ExitCode.OK


@policy.group()
def evidence() -> None:
    """Add results of the pipeline to the evidence."""


@evidence.command(epilog="Examples:  pouw policy evidence add tests junit.xml")
@click.argument("kind", type=click.Choice(["tests", "lint", "types", "scan", "drift"]))
@click.argument("file", nargs=-1, required=True, type=_file)
def add(kind: str, file: Sequence[Path]) -> int:
    """Add the content of every FILE as the result of KIND, for later runs on the commit that is checked out.

    \b
    tests   JUnit XML
    lint    the output of ruff check --output-format json
    types   the output of mypy
    scan    SARIF 2.1.0 of any scanner, or the output of pip-audit --format json
    drift   the output of pouw refresh STACK --json, or of pouw preview STACK --json

    A missing FILE counts as a failed result, because its step did not complete.
    """
    from pouw.evidence import checkout, pipeline_results
    from pouw.evidence.store import EvidenceStore

    result = pipeline_results.read(kind, file, checkout.commit())
    pipeline_results.add(result, EvidenceStore.of_home(Home.from_environment(os.environ)))
    click.echo(f"{kind}: {'passed' if result.ok else 'failed'}, {result.summary}")
    return ExitCode.OK
