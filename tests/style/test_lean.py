"""The Lean library reads as it should: narrow lines, and core's laws under names of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

LIBRARY: Final = Path(__file__).parents[2] / "lean"
SOURCES: Final = sorted(
    path.relative_to(LIBRARY).as_posix()
    for root in ("Spec", "Proofs")
    for path in (LIBRARY / root).rglob("*.lean")
)
LAWS: Final = "Proofs/Autograd/Algebra/Laws.lean"
WIDTH: Final = 100


def test_the_library_is_found() -> None:
    assert LAWS in SOURCES
    assert len(SOURCES) > 70


@pytest.mark.parametrize("source", SOURCES)
def test_lines_are_narrow(source: str) -> None:
    lines = (LIBRARY / source).read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > WIDTH] == []


@pytest.mark.parametrize("source", SOURCES)
def test_one_file_alone_names_the_laws_of_core(source: str) -> None:
    """So that a core that calls one otherwise breaks that file and no other."""
    named = "Lean.Grind" in (LIBRARY / source).read_text(encoding="utf-8")
    assert named == (source == LAWS)
