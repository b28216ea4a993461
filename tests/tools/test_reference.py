"""Generated pages are the ones that the code generates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reference.pages import pages


@pytest.mark.parametrize("path", list(pages()), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `make reference`"
