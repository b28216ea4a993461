"""Where bundles and the key are kept: below the state directory, one folder a stack.

state/evidence/key.pem              signs; readable by its owner alone
state/evidence/key.pub              what verification trusts: copy it to where auditors look
state/evidence/pipeline.json        the pipeline's last results, by kind
state/evidence/<stack>/000042.jsonl the 43rd bundle; its first line names the seal of the one before
state/evidence/<name>+example/      the same of an example: no stack can have that name
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infra.faults import Fault
from pouw.errors import ExitCode, PouwError
from pouw.evidence import chain
from pouw.evidence.chain import Entry
from pouw.paths import state_dir

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


_EXAMPLE = "+example"


class EvidenceError(PouwError):
    """Evidence is missing, or is not what was written."""

    code = ExitCode.POLICY


def folder() -> Path:
    """The root of all evidence."""
    return state_dir() / "evidence"


def example(name: str) -> str:
    """The name under which an example's bundles are kept."""
    return name + _EXAMPLE


def names() -> list[str]:
    """Stacks and examples that have bundles."""
    return sorted({path.parent.name for path in folder().glob("*/*.jsonl")})


def bundles(stack: str) -> list[Path]:
    """The bundles of a stack, the oldest first."""
    return sorted((folder() / stack).glob("*.jsonl"))


def latest(stack: str) -> Path:
    """The newest bundle.

    Raises:
        EvidenceError: there is none.
    """
    kept = bundles(stack)
    if not kept:
        raise EvidenceError(
            Fault(
                path=f"stack {stack}",
                message="there is no evidence yet",
                remedy=f"run `pouw preview {stack.removesuffix(_EXAMPLE)}`",
            )
        )
    return kept[-1]


def add(stack: str, run: Entry, rest: Sequence[Entry]) -> Path:
    """Seal and keep a bundle. ``run`` is its first entry, to which the seal of the bundle before is added."""
    place = folder() / stack
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        kept = bundles(stack)
        before = chain.seal_hash(kept[-1].read_bytes()) if kept else ""
        number = int(kept[-1].stem) + 1 if kept else 0
        first = Entry(kind=run.kind, body={**run.body, "number": number, "before": before})
        path = place / f"{number:06}.jsonl"
        if _write_once(path, chain.write([first, *rest], signing_key()), 0o600):
            return path


def forget(stack: str) -> None:
    """Remove what is kept of a stack, and the key once there is nothing else."""
    shutil.rmtree(folder() / stack, ignore_errors=True)
    if folder().is_dir() and not any(path.is_dir() for path in folder().iterdir()):
        shutil.rmtree(folder())


def signing_key() -> Ed25519PrivateKey:
    """The key that bundles are signed with; made on first use."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder() / "key.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write_once(path, pem, 0o600)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(Fault(path=str(path), message="is no Ed25519 key", remedy="move it away"))
    # From the key that is kept, not from the one just made: of two that race, another's may have stayed.
    _write_once(folder() / "key.pub", chain.public_key(key).encode() + b"\n", 0o644)
    return key


def trusted_key(path: Path | None = None) -> str:
    """The public key that verification trusts, in hex: from the file given, or the one that was made with the key.

    Raises:
        EvidenceError: there is none.
    """
    path = path or folder() / "key.pub"
    if not path.exists():
        raise EvidenceError(Fault(path=str(path), message="there is no public key to verify with"))
    return path.read_text(encoding="utf-8").strip()


def verify(paths: Sequence[Path], trusted: str) -> Iterator[str]:
    """What is wrong with bundles of one stack, given in order: each by itself, and one missing between two."""
    before: str | None = None
    for path in paths:
        data = path.read_bytes()
        found = list(chain.faults(data, trusted))
        yield from (f"{path.name}: {fault}" for fault in found)
        if not found:
            named = chain.read(data)[0].body.get("before")
            if before is not None and named != before:
                yield f"{path.name}: the bundle before it is missing, or is another one"
            before = chain.seal_hash(data)


def _write_once(path: Path, content: bytes, mode: int) -> bool:
    """Write a file that is not there yet, whole or not at all; whether it was ours: of two that race, one stays."""
    if path.exists():
        return False
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(made).chmod(mode)
        os.link(made, path)
    except FileExistsError:
        return False
    finally:
        Path(made).unlink()
    return True
