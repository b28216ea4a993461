"""``pouw image``: the images of a site, built on this machine."""

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
    """Build the images of a site: the node, and its balancer."""


@image.command(
    epilog="Examples:  pouw image build  |  pouw image build node --base registry.example/python:3.11-slim  |  "
    'ctr -n k8s.io images import "$(pouw image build node --json | jq -r .images[0].archive)"'
)
@click.argument("kinds", nargs=-1, type=click.Choice([kind.value for kind in Kind]))
@click.option(
    "--base",
    metavar="IMAGE",
    help="Build the node on this image. Default: an image of Debian packages that is built first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON. Default: lines of text.")
def build(kinds: tuple[str, ...], base: str | None, as_json: bool) -> int:
    """Build the images of KINDS (default: all) whose content has changed, and print the paths of their archives."""
    progress, home = make_progress(quiet=as_json), Home.from_environment(os.environ)
    built_images = [images.build(progress, home=home, kind=Kind(kind), base=base) for kind in kinds or Kind]
    click.echo(json.dumps(_document(built_images), indent=2) if as_json else "\n".join(map(_line, built_images)))
    return ExitCode.OK


def _document(built_images: list[images.Image]) -> dict[str, object]:
    return {
        "schema": 1,
        "images": [
            {
                "kind": entry.kind,
                "reference": entry.reference,
                "digest": entry.digest,
                "archive": str(entry.archive),
                "size_bytes": entry.size_bytes,
                "built": entry.is_new,
            }
            for entry in built_images
        ],
    }


def _line(entry: images.Image) -> str:
    state = "built" if entry.is_new else "unchanged"
    return f"{entry.reference}  {state}, {entry.size_bytes / 1e6:.0f} MB\n  {entry.digest}\n  {entry.archive}"
