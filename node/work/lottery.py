"""Lottery of blocks: the nonce follows from the work, its tries are bounded, and a low enough ticket wins."""

from __future__ import annotations

import hashlib

from node.encoding import digest


def nonce_of(end_model: bytes, steps: bytes) -> bytes:
    """Twice SHA-256 of where the iteration ended and what it changed (both as hashes)."""
    return hashlib.sha256(hashlib.sha256(end_model + steps).digest()).digest()


def ticket(commitment: bytes, nonce: bytes, attempt: int) -> int:
    """Return the ticket of one try, uniform below 2**256."""
    return int.from_bytes(digest("ticket", commitment, nonce, attempt.to_bytes(4, "big")), "big")


def winning_try(commitment: bytes, nonce: bytes, target: int, tries: int) -> int | None:
    """Return the first allowed try whose ticket is not above the target."""
    return next((attempt for attempt in range(tries) if ticket(commitment, nonce, attempt) <= target), None)


def block_work(target: int) -> int:
    """Tries that a block of this target costs on average."""
    return (1 << 256) // (target + 1)
