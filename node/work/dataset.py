"""The built-in data set: the UCI handwritten digits, 1,797 images of 8x8 pixels, as scikit-learn carries it."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from node.encoding import Integers
from node.errors import DatasetError

DIGITS = "digits"
DIGITS_FILE = "digits.csv.gz"
DIGITS_HASH = bytes.fromhex("6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8")
"""SHA-256 of the uncompressed file."""
FEATURES = 64
CLASSES = 10
_ROWS = 1797
_PIXEL_SHIFT = 12
_TRAINING_ROWS = 1257
_VALIDATION_ROWS = 180


@dataclass(frozen=True, kw_only=True)
class Split:
    """Rows of one part: ``inputs`` (rows x features, fixed point) and ``labels``."""

    inputs: Integers
    labels: Integers


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Training rows, rows that decide when a task ends, and rows looked at only when it has ended."""

    content_hash: bytes
    training: Split
    validation: Split
    test: Split


def digits_file(folder: Path | None) -> Path:
    """Return the path of the digits: in ``folder``, else in an installed scikit-learn, which is not imported."""
    if folder is not None:
        return folder / DIGITS_FILE
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DatasetError(
            f"no data set: set POUW_DATASETS_DIR to a folder with {DIGITS_FILE}, or install scikit-learn"
        )
    return Path(spec.origin).parent / "datasets" / "data" / DIGITS_FILE


def parse_digits(compressed: bytes, *, source: str) -> Dataset:
    """Parse the data set of a gzip file. Raises DatasetError unless its content is the pinned one."""
    try:
        content = gzip.decompress(compressed)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{source} is not a gzip file: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != DIGITS_HASH.hex():
        raise DatasetError(f"{source} has SHA-256 {digest}, expected {DIGITS_HASH.hex()}")
    rows = np.array([line.split(",") for line in content.decode().split()], dtype=np.float64).astype(np.int64)
    order = np.argsort([hashlib.sha256(b"digits" + row.to_bytes(2, "big")).digest() for row in range(_ROWS)])
    rows = rows[order]
    inputs, labels = rows[:, :FEATURES] << _PIXEL_SHIFT, rows[:, FEATURES]
    validation_end = _TRAINING_ROWS + _VALIDATION_ROWS

    def part(start: int, end: int) -> Split:
        return Split(inputs=np.ascontiguousarray(inputs[start:end]), labels=labels[start:end].copy())

    return Dataset(
        content_hash=DIGITS_HASH,
        training=part(0, _TRAINING_ROWS),
        validation=part(_TRAINING_ROWS, validation_end),
        test=part(validation_end, _ROWS),
    )


@lru_cache(maxsize=4)
def load_digits(folder: Path | None = None) -> Dataset:
    """Read and check the digits. Raises DatasetError."""
    path = digits_file(folder)
    try:
        compressed = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    return parse_digits(compressed, source=str(path))
