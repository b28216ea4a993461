"""The work is bit-exact: recorded iterations replay to the same hashes, whatever the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from node import model as models
from node.errors import DatasetError, EncodingError
from node.model import initial_model, model_hash
from node.work.dataset import load_digits, parse_digits
from node.work.training import TaskSpec, batch_rows, residual_hash, steps_hash, train, zero_residual

VECTORS = Path(__file__).parent / "vectors" / "iterations.json"


def replay(vector: dict[str, int]) -> dict[str, object]:
    """Train as many iterations as the vector says, and say where that led."""
    spec = TaskSpec(hidden=vector["hidden"], seed=vector["seed"], batch=vector["batch"])
    split, model, residual = load_digits().training, initial_model(spec.seed, spec.hidden), zero_residual(spec)
    for number in range(vector["iterations"]):
        rows = batch_rows(number.to_bytes(32, "big"), vector["mini_batches"], spec.batch, len(split.labels))
        training = train(spec, split, model, residual, rows)
        model, residual = training.model, training.residual
    return {
        "steps": steps_hash(training.steps).hex(),
        "end_model": model_hash(model).hex(),
        "end_residual": residual_hash(residual).hex(),
        "loss": training.loss,
        "right": training.correct,
    }


@pytest.mark.parametrize(
    "vector", json.loads(VECTORS.read_text()), ids=lambda vector: f"seed {vector['given']['seed']}"
)
def test_a_recorded_iteration_replays_bit_for_bit(vector: dict[str, dict[str, int]]) -> None:
    assert replay(vector["given"]) == vector["expected"]


def test_threads_and_vector_units_change_nothing() -> None:
    """numpy picks its loops by what the processor can do: the same with those switched off."""
    script = (
        "import json; from tests.node.test_training import VECTORS, replay;"
        "print(json.dumps([replay(vector['given']) for vector in json.loads(VECTORS.read_text())]))"
    )
    features = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
    variables = {"NPY_DISABLE_CPU_FEATURES": features, "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=os.environ | variables,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == [vector["expected"] for vector in json.loads(VECTORS.read_text())]


def test_training_the_digits_reaches_97_percent_on_rows_never_trained_on() -> None:
    spec, data = TaskSpec(seed=1), load_digits()
    model, residual = initial_model(spec.seed, spec.hidden), zero_residual(spec)
    for number in range(125):
        rows = batch_rows(number.to_bytes(32, "big"), 16, spec.batch, len(data.training.labels))
        training = train(spec, data.training, model, residual, rows)
        model, residual = training.model, training.residual
    assert models.accuracy(model) >= 0.97


def test_a_model_comes_back_from_its_bytes() -> None:
    model = initial_model(4, 32)
    assert np.array_equal(models.decode(models.encode(model)).parameters, model.parameters)


@pytest.mark.parametrize("change", [b"", b"\x02", b"\x01\x00\x00", b"\x01\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00"])
def test_bytes_that_are_no_model_are_refused(change: bytes) -> None:
    with pytest.raises(EncodingError):
        models.decode(change)


def test_a_data_set_with_other_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not a gzip file"):
        parse_digits(b"no gzip", source="here")
    with pytest.raises(DatasetError, match="cannot be read"):
        load_digits(tmp_path)


def test_splits_do_not_overlap() -> None:
    data = load_digits()
    rows = [len(part.labels) for part in (data.training, data.validation, data.test)]
    assert rows == [1257, 180, 360]
