"""Resource quantities (``500m``, ``1Gi``) in the one form that the API server writes them in."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

_FORM: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei)|(n|u|m|k|M|G|T|P|E))?")
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX: Final = {power: suffix for suffix, power in _BINARY.items()}
_NANO: Final = Decimal("1e-9")


def amount(quantity: str | int | float) -> Decimal | None:
    """The number that a quantity stands for; none where it is no quantity."""
    match = _FORM.fullmatch(str(quantity))
    if match is None:
        return None
    number, exponent, binary, decimal = match.groups()
    value = Decimal(number + (exponent or ""))
    return value * 2 ** _BINARY[binary] if binary else value.scaleb(_DECIMAL[decimal or ""])


def parsed(quantity: str) -> Decimal:
    """The same of what has to be one.

    Raises:
        ValueError: it is none.
    """
    found = amount(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no quantity")
    return found


def canonical(quantity: str | int | float) -> str:
    """The server's spelling: no fraction, the largest fitting suffix of its family. Not a quantity: unchanged text."""
    text = str(quantity)
    match = _FORM.fullmatch(text)
    if match is None:
        return text
    number, exponent, binary, decimal = match.groups()
    value = Decimal(number + (exponent or ""))
    if binary:
        amount = value * 2 ** _BINARY[binary]
        # Below 1024 and with fractions of a byte the binary family cannot say it; the server turns to the decimal one.
        if amount == amount.to_integral_value() and abs(amount) >= 1024:
            return _in_binary(int(amount))
        return _in_decimal(amount)
    if exponent:
        return _in_exponents(value)
    return _in_decimal(value.scaleb(_DECIMAL[decimal or ""]))


def _in_binary(amount: int) -> str:
    power = max((power for power in (0, *_BINARY_SUFFIX) if amount % 2**power == 0), default=0)
    return f"{amount // 2**power}{_BINARY_SUFFIX.get(power, '')}"


def _in_decimal(amount: Decimal) -> str:
    exponent, digits = _factored(amount)
    return f"{digits}{_SUFFIX[exponent]}"


def _in_exponents(amount: Decimal) -> str:
    exponent, digits = _factored(amount)
    return f"{digits}e{exponent}" if exponent else str(digits)


def _factored(amount: Decimal) -> tuple[int, int]:
    """The largest multiple-of-three exponent (within the suffixes) that leaves a whole number, and that number."""
    nanos = int(amount.quantize(_NANO, rounding=ROUND_CEILING).scaleb(9))
    if nanos == 0:
        return 0, 0
    exponent = -9
    while exponent < max(_SUFFIX) and nanos % 1000 == 0:
        nanos //= 1000
        exponent += 3
    return exponent, nanos
