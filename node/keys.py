"""Ed25519 keys: who a node is, and what it signs with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from node.errors import SettingFault, SettingsError

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
ADDRESS_BYTES = 20
_SEED_HEX = 64


def address_of(public_key: bytes) -> bytes:
    """Return the account of a key: the last 20 bytes of its SHA-256."""
    return hashlib.sha256(public_key).digest()[-ADDRESS_BYTES:]


def address_text(address: bytes) -> str:
    return "0x" + address.hex()


def parse_address(text: str) -> bytes:
    """Raises ValueError with a sentence fit to print."""
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != ADDRESS_BYTES:
        raise ValueError("an address is 0x and 40 hexadecimal digits")
    return address


def signature_is_valid(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class NodeKey:
    """A private key. Its seed never shows in a repr."""

    seed: bytes = field(repr=False)
    public: bytes = field(init=False)
    address: bytes = field(init=False)
    _private: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "_private", private)
        object.__setattr__(self, "public", private.public_key().public_bytes_raw())
        object.__setattr__(self, "address", address_of(self.public))

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def load_key(path: Path) -> NodeKey:
    """Read the key from a file of 64 hexadecimal digits. Raises SettingsError."""
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        fault = SettingFault(name="POUW_NODE_KEY_FILE", message=f"cannot be read: {error}")
        raise SettingsError([fault]) from error
    try:
        seed = bytes.fromhex(text) if len(text) == _SEED_HEX else b""
    except ValueError:
        seed = b""
    if not seed:
        expected = f"{_SEED_HEX} hexadecimal digits (an Ed25519 seed)"
        fault = SettingFault(name="POUW_NODE_KEY_FILE", message=f"{path} holds no key", expected=expected)
        raise SettingsError([fault])
    return NodeKey(seed)


def load_or_create_key(path: Path) -> NodeKey:
    """Return the key at ``path``; create the file, readable by its owner only, where it is missing."""
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(32).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    return load_key(path)
