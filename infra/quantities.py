"""Resource quantities (``500m``, ``1Gi``), as numbers and in the canonical form of the API server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Final

_FORM: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei)|(n|u|m|k|M|G|T|P|E))?")
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX: Final = {power: suffix for suffix, power in _BINARY.items()}
_NANO: Final = Decimal("1e-9")


def amount(quantity: str | int | float) -> Decimal | None:
    """Return the number that a quantity means; ``None`` if the text is not a quantity."""
    match = _FORM.fullmatch(str(quantity))
    if match is None:
        return None
    number, exponent, binary, decimal = match.groups()
    value = Decimal(number + (exponent or ""))
    return value * 2 ** _BINARY[binary] if binary else value.scaleb(_DECIMAL[decimal or ""])


def parsed(quantity: str) -> Decimal:
    """Return the number that a quantity means.

    Raises:
        ValueError: the text is not a quantity.
    """
    number = amount(quantity)
    if number is None:
        raise ValueError(f"{quantity!r} is not a quantity")
    return number


def total(quantities: Sequence[str]) -> str:
    """Return the sum of quantities, with a binary suffix if one of them has one. A single quantity stays as it is.

    Raises:
        ValueError: one of them is not a quantity.
    """
    if len(quantities) == 1:
        return quantities[0]
    result = sum(map(parsed, quantities), Decimal(0))
    kibibytes = result / 1024
    if any(quantity.endswith("i") for quantity in quantities) and kibibytes == kibibytes.to_integral_value():
        return canonical(f"{int(kibibytes)}Ki")
    return canonical(f"{result:f}")


def canonical(quantity: str | int | float) -> str:
    """Return the server's spelling: no fraction, the largest suffix of its family that fits.

    A text that is not a quantity is returned unchanged.
    """
    text = str(quantity)
    match = _FORM.fullmatch(text)
    if match is None:
        return text
    number, exponent, binary, decimal = match.groups()
    value = Decimal(number + (exponent or ""))
    if binary:
        amount = value * 2 ** _BINARY[binary]
        # Binary suffixes cannot express fractions of a byte, nor less than 1024; the server uses decimal ones there.
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
    """Return the largest exponent with a suffix that leaves a whole number, and that number."""
    nanos = int(amount.quantize(_NANO, rounding=ROUND_CEILING).scaleb(9))
    if nanos == 0:
        return 0, 0
    exponent = -9
    while exponent < max(_SUFFIX) and nanos % 1000 == 0:
        nanos //= 1000
        exponent += 3
    return exponent, nanos
