"""Removal of secret values from text that is printed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from pouw.engine.plugins.core.properties import Value, secret_texts

_SHORTEST_BYTES: Final = 4
"""Shorter values stay: they occur in any text, and hiding them would make it unreadable."""


class Redaction:
    """Replacement of the secrets of property values, in plain text or base64, by ``[secret]``."""

    def __init__(self, *values: Value) -> None:
        texts = {text for value in values for text in secret_texts(value)}
        forms = texts | set(_encodings(texts))
        self._texts = sorted((text for text in forms if len(text) >= _SHORTEST_BYTES), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._texts:
            text = text.replace(secret, "[secret]")
        return text


def _encodings(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield base64.b64encode(text.encode()).decode()
        try:
            yield base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
