"""A chain of JSON lines: each holds the hash of the one before, and the last one signs the whole.

    {"n": 0, "previous": "", "kind": "run", "body": {...}, "hash": "<sha256>"}
    ...
    {"n": 7, "previous": "<hash of 6>", "kind": "seal", "body": {"key": "<hex>", "lines": 8}, "hash": …, "signature": …}

The hash is over the canonical JSON of the line without ``hash`` and ``signature``; the Ed25519 signature is over the
hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEAL = "seal"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line's content."""

    kind: str
    body: Mapping[str, Any]


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half, in hex."""
    return key.public_key().public_bytes_raw().hex()


def write(entries: Iterable[Entry], key: Ed25519PrivateKey) -> bytes:
    """The chain over the entries, sealed."""
    lines: list[bytes] = []
    previous = ""
    for number, entry in enumerate(entries):
        line = _linked(number, previous, entry)
        previous = line["hash"]
        lines.append(_text(line))
    seal = _linked(len(lines), previous, Entry(kind=SEAL, body={"key": public_key(key), "lines": len(lines) + 1}))
    lines.append(_text({**seal, "signature": key.sign(bytes.fromhex(seal["hash"])).hex()}))
    return b"\n".join(lines) + b"\n"


def read(data: bytes) -> list[Entry]:
    """The entries without the seal. Says nothing of whether they are genuine: that is what ``faults`` is for.

    Raises:
        ValueError: a line is no JSON.
    """
    lines = [json.loads(text) for text in data.splitlines()]
    return [Entry(kind=one["kind"], body=one["body"]) for one in lines if one.get("kind") != SEAL]


def seal_hash(data: bytes) -> str:
    """The hash that stands for the whole chain; empty if it is not sealed."""
    last = json.loads(data.splitlines()[-1]) if data.strip() else {}
    return str(last.get("hash", "")) if last.get("kind") == SEAL else ""


def faults(data: bytes, trusted: str) -> Iterator[str]:
    """Everything that shows the chain to be changed, cut, reordered, or signed by another key than ``trusted``."""
    try:
        lines = [json.loads(text) for text in data.split(b"\n")[:-1]]
        well_formed = all(isinstance(line, dict) for line in lines) and data.endswith(b"\n")
    except ValueError:
        well_formed = False
    if not well_formed:
        yield "a line is no JSON object, or the end is cut off"
        return
    previous = ""
    for number, (line, text) in enumerate(zip(lines, data.splitlines(), strict=True)):
        where = f"line {number + 1}"
        if line.get("n") != number or line.get("previous") != previous:
            yield f"{where} does not follow the line before it"
        if line.get("hash") != _hash(line):
            yield f"{where} is not what was written"
        if text != _text(line):
            yield f"{where} is written in another form"
        previous = str(line.get("hash"))
    yield from _seal_faults(lines, trusted)


def _seal_faults(lines: list[dict[str, Any]], trusted: str) -> Iterator[str]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    last = lines[-1] if lines else {}
    if last.get("kind") != SEAL:
        yield "there is no seal: the end is missing"
        return
    body = last.get("body") or {}
    if body.get("lines") != len(lines) or any(line.get("kind") == SEAL for line in lines[:-1]):
        yield f"the seal is about {body.get('lines')} lines, and there are {len(lines)}"
    if body.get("key") != trusted:
        yield "it is signed with another key than the one that is trusted"
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted))
        key.verify(bytes.fromhex(str(last.get("signature", ""))), bytes.fromhex(str(last.get("hash"))))
    except (ValueError, InvalidSignature):
        yield "the signature is not the trusted key's over this content"


def _linked(number: int, previous: str, entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"n": number, "previous": previous, "kind": entry.kind, "body": entry.body}
    return {**line, "hash": _hash(line)}


def _hash(line: Mapping[str, Any]) -> str:
    content = {key: value for key, value in line.items() if key not in ("hash", "signature")}
    return hashlib.sha256(_text(content)).hexdigest()


def _text(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
