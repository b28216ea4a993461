"""Logs: one JSON object a line on standard error, with secrets taken out on the way."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime

LOGGER = "node"
_SECRET_KEYS = ("token", "seed", "secret", "password", "authorization", "private")
_REDACTED = "[redacted]"


class RedactionFilter(logging.Filter):
    """Replaces the values of fields named like secrets, and known secret strings anywhere in a message."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Never let this string out."""
        if secret:
            self._secrets.add(secret)

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for secret in self._secrets:
            message = message.replace(secret, _REDACTED)
        record.msg, record.args = message, None
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            record.fields = {name: self._clean(name, value) for name, value in fields.items()}
        return True

    def _clean(self, name: str, value: object) -> object:
        if any(word in name.lower() for word in _SECRET_KEYS):
            return _REDACTED
        return _REDACTED if isinstance(value, str) and any(secret in value for secret in self._secrets) else value


class JsonFormatter(logging.Formatter):
    """``ts level msg``, the node's constant fields, its height, then the record's own fields."""

    def __init__(self, *, constant: dict[str, str], height: Callable[[], int | None]) -> None:
        super().__init__()
        self._constant = constant
        self._height = height

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            **self._constant,
        }
        if (height := self._height()) is not None:
            line["height"] = height
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(*, level: str, constant: dict[str, str], height: Callable[[], int | None]) -> RedactionFilter:
    """Send the logs of this package to standard error. Answers the filter, for secrets to be hidden in."""
    handler = logging.StreamHandler(sys.stderr)
    redaction = RedactionFilter()
    handler.addFilter(redaction)
    handler.setFormatter(JsonFormatter(constant=constant, height=height))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    set_level(level)
    return redaction


def set_level(level: str) -> None:
    """``debug``, ``info``, ``warning`` or ``error``; takes effect at once."""
    logging.getLogger(LOGGER).setLevel(level.upper())


def log(level: int, message: str, **fields: object) -> None:
    """Log ``message`` with fields."""
    logging.getLogger(LOGGER).log(level, message, extra={"fields": fields})
