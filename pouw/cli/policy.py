"""``pouw policy``: reports from evidence, waivers, controls, and the rules on plain manifests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.faults import choices
from pouw.errors import ExitCode

if TYPE_CHECKING:
    from pouw.gate.report.model import Report

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_path = click.Path(path_type=Path, dir_okay=False)


@click.group(epilog="Examples:  pouw policy report --html -o report.html  |  pouw policy check --manifests k8s/")
def policy() -> None:
    """Compliance: what was checked, what is waived, what it is worth."""


@policy.command(
    epilog="Examples:  pouw policy report staging --html -o report.html  |  pouw policy report --all -o reports"
)
@click.argument("stack", required=False)
@click.option("--all", "every", is_flag=True, help="Every stack and example, in every form, into the folder -o.")
@click.option("--html", "form", flag_value="html", help="One HTML page.")
@click.option("--markdown", "form", flag_value="markdown", default=True, help="Markdown (default).")
@click.option("--sarif", "form", flag_value="sarif", help="SARIF 2.1.0, for code scanning.")
@click.option("--junit", "form", flag_value="junit", help="JUnit XML, for CI.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File; standard output unless given.")
@click.option("--bundle", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Instead of the newest.")
@click.option("--verify", is_flag=True, help="Verify signature and chain instead, of all of the stack's bundles.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Public key to trust when verifying.")
def report(
    stack: str | None,
    every: bool,
    form: str,
    output: Path | None,
    bundle: Path | None,
    verify: bool,
    key: Path | None,
) -> int:
    """Report on the last preview or deployment of STACK (default: local), from its evidence.

    An example that has the name of a stack is NAME+example.

    \b
    With --verify: exit code 6 if a bundle was changed, cut, reordered, removed, or signed by another key.
    """
    from pouw.evidence import store

    if every:
        if stack or bundle or (output is None and not verify):
            raise click.UsageError("--all goes with a folder -o or with --verify, and with no STACK or --bundle")
        return _every(store.names(), output, verify=verify, key=key)
    name = _kept_as(stack or "local")
    if verify:
        return _verify([bundle], bundle.name, key) if bundle else _verify([*store.bundles(name)], name, key)
    from pouw.gate.report import model

    text = _renderer(form)(model.load(bundle or store.latest(name)))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    return ExitCode.OK


def _kept_as(stack: str) -> str:
    """The name that a stack's or an example's evidence is kept under."""
    from pouw.evidence import store
    from pouw.run import stacks

    return store.example(stack) if stacks.project_of(stack) is stacks.EXAMPLES else stack


def _every(names: Sequence[str], output: Path | None, *, verify: bool, key: Path | None) -> int:
    from pouw.evidence import store
    from pouw.gate.report import folder

    if verify:
        return max((_verify([*store.bundles(name)], name, key) for name in names or ["local"]), default=ExitCode.OK)
    if output is not None:
        for name in folder.write(output):
            click.echo(f"{output / name}.{{{','.join((*folder.FORMS, 'jsonl'))}}}")
    return ExitCode.OK


def _renderer(form: str) -> Callable[[Report], str]:
    from pouw.gate.report import folder

    return folder.FORMS[{"markdown": "md", "junit": "xml"}.get(form, form)]


def _verify(bundles: list[Path], stack: str, key: Path | None) -> int:
    from pouw.evidence import store

    if not bundles:
        store.latest(stack)
    faults = list(store.verify(bundles, store.trusted_key(key)))
    for fault in faults:
        click.echo(f"error: {fault}", err=True)
    if faults:
        return ExitCode.POLICY
    what = "1 bundle is" if len(bundles) == 1 else f"{len(bundles)} bundles are"
    click.echo(f"{stack}: {what} what was written, in order, signed by the trusted key")
    return ExitCode.OK


@policy.command()
@_json_option
def waivers(as_json: bool) -> int:
    """List all waivers with the days that each has left."""
    from policies import catalogue
    from pouw.gate import waivers as waiving
    from pouw.gate.evaluation import utc_today

    today = utc_today()
    listed = sorted(waiving.load(catalogue.every_rule()), key=lambda one: one.expires)
    if as_json:
        rows = [{**one.model_dump(mode="json"), "days_left": one.days_left(today)} for one in listed]
        click.echo(json.dumps({"schema": 1, "waivers": rows}, indent=2))
    else:
        for one in listed:
            left = one.days_left(today)
            when = f"{left} days left" if left >= 0 else f"expired {-left} days ago"
            click.echo(f"{one.rule}  {one.resource}  {', '.join(one.stacks)}  {one.owner}  {one.ticket}  {when}")
        if not listed:
            click.echo("no waivers")
    return ExitCode.POLICY if any(one.days_left(today) < 0 for one in listed) else ExitCode.OK


@policy.command()
@click.argument("framework", required=False)
def controls(framework: str | None) -> int:
    """List the controls of FRAMEWORK with the rules that serve them; without it, the frameworks."""
    from pouw.gate import frameworks

    known = frameworks.frameworks()
    if framework is None:
        for one in known.values():
            shown = sum(1 for control in one.controls.values() if control.sees != "nothing")
            click.echo(f"{one.id:16} {one.title}: {len(one.controls)} controls, {shown} within a plan's reach")
        return ExitCode.OK
    if framework not in known:
        raise click.BadParameter(f"no such framework; known are {choices(known, framework)}")
    for name, control in known[framework].controls.items():
        click.echo(f"{name:9} {control.grade:13} {control.title}{': ' + control.reason if control.reason else ''}")
        for rule, mapped in frameworks.mapping().items():
            if name in mapped.controls.get(framework, ()):
                click.echo(f"          {rule}")
    return ExitCode.OK


@policy.command()
@click.option("--manifests", required=True, type=click.Path(path_type=Path, exists=True), help="YAML file or folder.")
@_json_option
def check(manifests: Path, as_json: bool) -> int:
    """Run the Kubernetes rules over plain manifests, without Pulumi and without a cluster."""
    from pouw.gate import manifests as checking
    from pouw.gate import verdict_output

    verdict = checking.verdict(manifests)
    if as_json:
        click.echo(
            json.dumps({"schema": 1, "ok": not verdict.red, "policy": verdict_output.as_json(verdict)}, indent=2)
        )
    else:
        for line in verdict_output.lines(verdict):
            click.echo(line)
    return ExitCode.POLICY if verdict.red else ExitCode.OK


@policy.group()
def evidence() -> None:
    """Results of the pipeline that go into the bundles."""


@evidence.command()
@click.argument("kind", type=click.Choice(["tests", "lint", "types", "scan", "drift"]))
@click.argument("file", nargs=-1, required=True, type=_path)
def add(kind: str, file: Sequence[Path]) -> int:
    """Keep what is in every FILE as the result of KIND, for runs on the commit that is checked out.

    \b
    tests   JUnit XML
    lint    ruff check --output-format json
    types   what mypy printed
    scan    SARIF 2.1.0 of any scanner, or pip-audit --format json
    drift   pouw refresh STACK --json, or a preview of what is deployed

    A FILE that is not there is kept as a bad result: its step did not come to its end.
    """
    from pouw.evidence import checkout, pipeline

    result = pipeline.of_files(kind, file, checkout.commit())
    pipeline.add(result)
    click.echo(f"{kind}: {'good' if result.ok else 'bad'}, {result.summary}")
    return ExitCode.OK
