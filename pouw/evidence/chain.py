"""A chain of JSON lines: each line holds the hash of the previous line, and the last line signs the chain.

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
    """The content of one line."""

    kind: str
    body: Mapping[str, Any]


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public key in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def write(entries: Iterable[Entry], key: Ed25519PrivateKey) -> bytes:
    """Return the chain over the entries, with its seal."""
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
    """Return the entries without the seal, unverified. :func:`faults` verifies a chain.

    Raises:
        ValueError: a line is not JSON.
    """
    lines = [json.loads(text) for text in data.splitlines()]
    return [Entry(kind=line["kind"], body=line["body"]) for line in lines if line.get("kind") != SEAL]


def seal_hash(data: bytes) -> str:
    """Return the hash of the seal, which identifies the whole chain; empty without a seal."""
    last = json.loads(data.splitlines()[-1]) if data.strip() else {}
    return str(last.get("hash", "")) if last.get("kind") == SEAL else ""


def faults(data: bytes, trusted: str) -> Iterator[str]:
    """Yield every sign that the chain was changed, cut, reordered, or signed by a key other than ``trusted``."""
    try:
        lines = [json.loads(text) for text in data.split(b"\n")[:-1]]
        well_formed = all(isinstance(line, dict) for line in lines) and data.endswith(b"\n")
    except ValueError:
        well_formed = False
    if not well_formed:
        yield "a line is not a JSON object, or the end is cut off"
        return
    previous = ""
    for number, (line, text) in enumerate(zip(lines, data.splitlines(), strict=True)):
        label = f"line {number + 1}"
        if line.get("n") != number or line.get("previous") != previous:
            yield f"{label} does not follow the previous line"
        if line.get("hash") != _hash(line):
            yield f"{label} was changed: its hash differs"
        if text != _text(line):
            yield f"{label} is not in the canonical form"
        previous = str(line.get("hash"))
    yield from _seal_faults(lines, trusted)


def _seal_faults(lines: list[dict[str, Any]], trusted: str) -> Iterator[str]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    last = lines[-1] if lines else {}
    if last.get("kind") != SEAL:
        yield "the seal at the end is missing"
        return
    body = last.get("body") or {}
    if body.get("lines") != len(lines) or any(line.get("kind") == SEAL for line in lines[:-1]):
        yield f"the seal counts {body.get('lines')} lines; got {len(lines)}"
    if body.get("key") != trusted:
        yield "the seal names a key other than the trusted key"
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted))
        key.verify(bytes.fromhex(str(last.get("signature", ""))), bytes.fromhex(str(last.get("hash"))))
    except (ValueError, InvalidSignature):
        yield "the signature does not match the trusted key and this content"


def _linked(number: int, previous: str, entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"n": number, "previous": previous, "kind": entry.kind, "body": entry.body}
    return {**line, "hash": _hash(line)}


def _hash(line: Mapping[str, Any]) -> str:
    content = {key: value for key, value in line.items() if key not in ("hash", "signature")}
    return hashlib.sha256(_text(content)).hexdigest()


def _text(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
