"""The page of planted faults is what the tests plant."""

from __future__ import annotations

from pathlib import Path

from tests.tables import render_page

PAGE = Path(__file__).parents[2] / "docs" / "planted.md"


def test_the_page_is_what_the_tests_plant() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(), (
        "write it again: python -m tests.tables > docs/planted.md"
    )
