"""The tag of an image depends on its inputs and on nothing else."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from pouw import images
from pouw.images import ImageError, build_inputs
from tests.images import checkout

INPUTS = (
    "Dockerfile.production",
    "node/__main__.py",
    "pouw/images/assemble.py",
    "requirements/digits.lock",
    "requirements/installer.lock",
    "requirements/node.lock",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return checkout.copy(tmp_path / "checkout")


@pytest.mark.parametrize("name", INPUTS)
def test_a_changed_input_changes_the_tag(tree: Path, name: str) -> None:
    before = images.reference(repository=tree)
    with (tree / name).open("a") as file:
        file.write("\n# changed\n")
    assert images.reference(repository=tree) != before


def test_a_new_a_renamed_and_a_removed_source_each_change_the_tag(tree: Path) -> None:
    references = [images.reference(repository=tree)]
    (tree / "node/extra.py").write_text("")
    references.append(images.reference(repository=tree))
    (tree / "node/extra.py").rename(tree / "node/other.py")
    references.append(images.reference(repository=tree))
    (tree / "node/other.py").unlink()
    assert images.reference(repository=tree) == references[0]
    assert len(set(references)) == 3


def test_only_the_version_of_the_project_file_changes_the_tag(tree: Path) -> None:
    before = images.reference(repository=tree)
    project = tree / "pyproject.toml"
    project.write_text(project.read_text() + "\n[tool.other]\nx = 1\n")
    assert images.reference(repository=tree) == before
    project.write_text(project.read_text().replace('version = "0', 'version = "9', 1))
    assert images.reference(repository=tree) != before


def test_caches_times_and_other_files_leave_the_tag_as_it_is(tree: Path) -> None:
    before = images.reference(repository=tree)
    for name in (
        "node/__pycache__/x.cpython-311.pyc",
        "node/.hidden",
        "infra/settings/stack.py",
        "requirements/dev.lock",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x")
    (tree / "node/__main__.py").touch()
    (tree / "node/__main__.py").chmod(0o600)
    assert images.reference(repository=tree) == before


def test_the_base_that_the_user_names_is_part_of_the_tag(tree: Path) -> None:
    references = {images.reference(repository=tree, base=base) for base in (None, "python:3.11", "python:3.12")}
    assert len(references) == 3


def test_a_reference_of_every_kind_has_a_host_that_serves_nothing() -> None:
    for kind in images.Kind:
        assert re.fullmatch(rf"pouw\.local/{kind}:[0-9a-f]{{16}}", images.reference(kind))


def test_a_reference_costs_less_than_a_twentieth_of_a_second() -> None:
    images.reference()
    best = min(_seconds() for _ in range(5))
    assert best < 0.05


def _seconds() -> float:
    start = time.perf_counter()
    images.reference()
    return time.perf_counter() - start


def test_the_build_context_has_the_hashed_files_and_no_others(tree: Path, tmp_path: Path) -> None:
    (tree / "secret.env").write_text("TOKEN=x")
    (tree / "node/.env").write_text("TOKEN=x")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "one.whl").write_bytes(b"wheel")
    context = tmp_path / "context"
    (context / "node").mkdir(parents=True)
    (context / "node/stale.py").write_text("from an earlier build")
    build_inputs.lay_out(tree, context, wheels)
    copied = {path.relative_to(context) for path in context.rglob("*") if path.is_file()}
    assert copied == {*build_inputs.sources(tree), Path("requirements/wheels/one.whl")}


def test_a_missing_input_is_reported_with_a_remedy(tree: Path) -> None:
    (tree / "requirements/node.lock").unlink()
    with pytest.raises(ImageError, match=r"requirements/node\.lock: .*git checkout -- requirements/node\.lock"):
        build_inputs.sources(tree)
