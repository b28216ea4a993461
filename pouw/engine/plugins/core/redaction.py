"""Secret values taken out of text that goes to a terminal."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from pouw.engine.plugins.core.properties import Value, secret_texts

_SHORTEST_BYTES: Final = 4
"""Shorter values are left alone: they occur in any text and hiding them would only garble it."""


class Redaction:
    """Replaces the secrets of some property values, plain or in base64, by ``[secret]``."""

    def __init__(self, *values: Value) -> None:
        texts = {text for value in values for text in secret_texts(value)}
        known = texts | set(_encodings(texts))
        self._texts = sorted((text for text in known if len(text) >= _SHORTEST_BYTES), key=len, reverse=True)

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
