"""``pouw image``: the images of a site, made on this machine."""

from __future__ import annotations

import json
import os

import click

from pouw import images
from pouw.errors import ExitCode
from pouw.home import Home
from pouw.images import Kind
from pouw.progress import make_progress


@click.group(epilog="Examples:  pouw image build  |  pouw image build --base registry.example/python:3.11-slim --json")
def image() -> None:
    """The images of a site: the node, and the balancer in front of it."""


@image.command(
    epilog="Examples:  pouw image build  |  pouw image build node --base registry.example/python:3.11-slim  |  "
    'ctr -n k8s.io images import "$(pouw image build node --json | jq -r .images[0].archive)"'
)
@click.argument("kinds", nargs=-1, type=click.Choice([kind.value for kind in Kind]))
@click.option("--base", metavar="IMAGE", help="Build the node on this image, not on one made of Debian packages.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def build(kinds: tuple[str, ...], base: str | None, as_json: bool) -> int:
    """Build KINDS (all of them by default) where their content has changed, and say where the archives are."""
    progress, home = make_progress(quiet=as_json), Home.from_environment(os.environ)
    made = [images.build(progress, home=home, kind=Kind(kind), base=base) for kind in kinds or Kind]
    click.echo(json.dumps(_document(made), indent=2) if as_json else "\n".join(map(_line, made)))
    return ExitCode.OK


def _document(made: list[images.Image]) -> dict[str, object]:
    return {
        "schema": 1,
        "images": [
            {
                "kind": one.kind,
                "reference": one.reference,
                "digest": one.digest,
                "archive": str(one.archive),
                "size_bytes": one.size_bytes,
                "built": one.is_new,
            }
            for one in made
        ],
    }


def _line(one: images.Image) -> str:
    state = "built" if one.is_new else "unchanged"
    return f"{one.reference}  {state}, {one.size_bytes / 1e6:.0f} MB\n  {one.digest}\n  {one.archive}"
