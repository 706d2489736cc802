"""Where what is not accepted has its root: at the word itself, never in a comment or a text."""

from __future__ import annotations

import pytest

from lean_bridge.codes import Code
from lean_bridge.verdict.causes import place_of
from pybind_models.report import Source


def at(text: str, code: Code = Code.SORRY, column: int = 1) -> tuple[int | None, int | None]:
    source = Source(file="A.lean", line=10, column=column, text=text, uid="0" * 64)
    found = place_of(source, code)
    return found.line, found.column


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("theorem a : b := sorry", (10, 18)),
        ("theorem a : b := by\n  sorry", (11, 3)),
        ("/-- sorry /- sorry -/ sorry -/\ntheorem a : b := by\n  -- sorry\n  admit", (13, 3)),
        ('theorem a : b := f "sorry \\" sorry" sorry', (10, 37)),
        ("theorem sorry_free : notsorry := x.sorry sorry'", (10, 1)),
        ("theorem a : «sorry» := sorry", (10, 24)),
        ("theorem a : b := my_macro", (10, 1)),
        ("theorem a := ⟨ℝ, sorry⟩\n  sorry", (10, 18)),
    ],
)
def test_an_unfinished_proof_is_where_it_stops(text: str, place: tuple[int, int]) -> None:
    assert at(text) == place


def test_columns_of_the_first_line_count_from_where_it_stands() -> None:
    assert at("theorem a : b := sorry", column=5) == (10, 22)
    assert at("theorem a : b :=\n sorry", column=5) == (11, 2)


def test_of_other_codes_it_is_the_declaration_or_its_own_word() -> None:
    assert at("theorem a : b := sorry", Code.AXIOM) == (10, 1)
    assert at("theorem a : b := by native_decide", Code.COMPILED_CODE) == (10, 21)
