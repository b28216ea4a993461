"""Reasons of failed pip commands."""

from __future__ import annotations

from pouw.toolchain import pip

_RETRY = (
    "WARNING: Retrying (Retry(total={})) after connection broken by 'NewConnectionError('<object at 0x1>: Failed to "
    "establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/a/\n"
)
_LAST = "ERROR: No matching distribution found for a==1\n"


def test_a_network_failure_is_reported_once_in_its_own_words() -> None:
    output = "".join(_RETRY.format(remaining) for remaining in (4, 3, 2, 1, 0)) + _LAST
    assert pip.reason(output) == f"[Errno -3] Temporary failure in name resolution; {_LAST.strip()}"


def test_any_other_failure_is_reported_in_pips_words() -> None:
    output = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n    a==1 from file:///a.whl"
    assert pip.reason(output + "\n") == output
    assert pip.reason("") == ""
