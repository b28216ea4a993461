"""The store of bundles, with the key that signs them: below the state folder, one folder per stack.

STATE/evidence/key.pem              the private key; only its owner may read it
STATE/evidence/key.pub              the public key that verification trusts: copy it to where auditors work
STATE/evidence/pipeline.json        the pipeline's last results, by kind
STATE/evidence/<stack>/000042.jsonl the 43rd bundle; its first line names the seal of the previous bundle
STATE/evidence/<name>+example/      the bundles of an example: a stack cannot have such a name
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.faults import Fault
from pouw import files
from pouw.errors import ExitCode, PouwError
from pouw.evidence import chain
from pouw.evidence.chain import Entry
from pouw.home import Home

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


_EXAMPLE = "+example"


class EvidenceError(PouwError):
    """Evidence is missing, or was changed after it was written."""

    code = ExitCode.POLICY


def example_name(name: str) -> str:
    """Return the name under which the bundles of an example are stored."""
    return name + _EXAMPLE


@dataclass(frozen=True)
class EvidenceStore:
    """The evidence of one home."""

    folder: Path

    @classmethod
    def of_home(cls, home: Home) -> EvidenceStore:
        """Return the store below a home's state folder."""
        return cls(home.state / "evidence")

    @property
    def public_key_file(self) -> Path:
        """The file of the public key that verification trusts."""
        return self.folder / "key.pub"

    def names(self) -> list[str]:
        """Return the names of stacks and examples that have bundles."""
        return sorted({path.parent.name for path in self.folder.glob("*/*.jsonl")})

    def bundles(self, name: str) -> list[Path]:
        """Return the bundles of a stack or example, the oldest first."""
        return sorted((self.folder / name).glob("*.jsonl"))

    def latest(self, name: str) -> Path:
        """Return the newest bundle.

        Raises:
            EvidenceError: the stack or example has no bundle.
        """
        bundles = self.bundles(name)
        if not bundles:
            raise EvidenceError(
                Fault(
                    path=f"stack {name}",
                    message="there is no evidence yet",
                    remedy=f"run `pouw preview {name.removesuffix(_EXAMPLE)}`",
                )
            )
        return bundles[-1]

    def add(self, name: str, run: Entry, entries: Sequence[Entry]) -> Path:
        """Seal and store a bundle, and return its path.

        ``run`` becomes the first entry, with the number of the bundle and the seal of the previous one.
        """
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            bundles = self.bundles(name)
            before = chain.seal_hash(bundles[-1].read_bytes()) if bundles else ""
            number = int(bundles[-1].stem) + 1 if bundles else 0
            first = Entry(kind=run.kind, body={**run.body, "number": number, "before": before})
            path = folder / f"{number:06}.jsonl"
            if files.create(path, chain.write([first, *entries], self.signing_key()), mode=files.PRIVATE):
                return path

    def remove(self, name: str) -> None:
        """Remove the bundles of a stack or example, and with the last of them the whole store."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        if self.folder.is_dir() and not any(path.is_dir() for path in self.folder.iterdir()):
            shutil.rmtree(self.folder)

    def signing_key(self) -> Ed25519PrivateKey:
        """Return the key that signs bundles; the first call makes it.

        Raises:
            EvidenceError: the key file holds a key of another kind.
        """
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = self.folder / "key.pem"
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            files.create(path, pem, mode=files.PRIVATE, durable=True)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise EvidenceError(Fault(path=str(path), message="is not an Ed25519 key", remedy="move the file away"))
        # The public key is that of the stored key: of two runs that race, the other may have stored its own.
        files.create(self.public_key_file, chain.public_key(key) + "\n")
        return key

    def trusted_key(self, path: Path | None = None) -> str:
        """Return the public key that verification trusts, in hexadecimal, from ``path`` or from this store.

        Raises:
            EvidenceError: the file is missing.
        """
        path = path or self.public_key_file
        if not path.exists():
            raise EvidenceError(Fault(path=str(path), message="the public key for the verification is missing"))
        return path.read_text(encoding="utf-8").strip()


def verify(paths: Sequence[Path], trusted: str) -> Iterator[str]:
    """Yield the faults of one stack's bundles, given in order: those of each, and a bundle missing between two."""
    before: str | None = None
    for path in paths:
        data = path.read_bytes()
        faults = list(chain.faults(data, trusted))
        yield from (f"{path.name}: {fault}" for fault in faults)
        if not faults:
            previous = chain.read(data)[0].body.get("before")
            if before is not None and previous != before:
                yield f"{path.name}: the previous bundle is missing or another one"
            before = chain.seal_hash(data)
