from __future__ import annotations

import math
from pathlib import Path

import pytest

from lean_bridge.names import common_namespace
from lean_bridge.ui.wording import (
    counted,
    deviation_text,
    one_line,
    seconds_text,
    step_text,
    told_from,
    upstream_text,
    visible,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0084, "8 ms"),
        (0.0996, "0.1 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (125.0, "2 min 05 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("error", "tolerance", "text"),
    [
        (3.1e-16, 1e-12, "3.1e-16 within 1e-12"),
        (1e-12, 1e-12, "1e-12 within 1e-12"),
        (0.2, 1e-12, "0.2 not within 1e-12"),
        (math.nan, 1e-12, "nan not within 1e-12"),
        (math.inf, 1e-12, "inf not within 1e-12"),
        (0.5, None, "0.5"),
        (None, 1e-12, ""),
    ],
)
def test_deviations(error: float | None, tolerance: float | None, text: str) -> None:
    assert deviation_text(error, tolerance) == text


def test_control_characters_become_visible() -> None:
    assert visible("a\x1b[31m\u202e\r\tb\n\x9bc") == "a\\x1b[31m\\u202e\\r\tb\n\\x9bc"
    assert visible("Γ ⊢ ∀ x₁, ‖x‖ ≤ 1") == "Γ ⊢ ∀ x₁, ‖x‖ ≤ 1"
    assert one_line(" a\n  b\x00 ") == "a b\\x00"


@pytest.mark.parametrize(
    "letter", "\u200b\u200d\u2060\ufeff\u00ad\u00a0\u2003\u3000\u3164\u2800\ufe0f\U000e0041\u2028"
)
def test_letters_that_one_does_not_see_become_visible(letter: str) -> None:
    escape = letter.encode("unicode_escape").decode()
    assert visible(f"N{letter}at") == one_line(f"N{letter}at") == f"N{escape}at"


def test_counts_agree_in_number() -> None:
    assert [counted(0, "module"), counted(1, "module"), counted(2098, "module")] == [
        "0 modules",
        "1 module",
        "2,098 modules",
    ]
    assert counted(2, "process", "processes") == "2 processes"


def test_common_namespace_ends_at_the_last_shared_part() -> None:
    assert common_namespace(["A.B.c", "A.B.D.e"]) == "A.B."
    assert common_namespace(["A.B.c", "A.Bd.e"]) == "A."
    assert common_namespace(["A.B", "A.B.c"]) == "A."
    assert common_namespace(["a", "A.b"]) == ""
    assert common_namespace([]) == ""


@pytest.mark.parametrize(
    ("upstream", "differs", "text"),
    [
        ("A.B.c", None, "same name"),
        ("A.B.c", "faithful split", "same name, faithful split"),
        ("A.B.d", None, "`B.d`"),
        ("A.B.d", "faithful split", "`B.d`, faithful split"),
    ],
)
def test_what_differs_from_upstream_is_said(upstream: str, differs: str | None, text: str) -> None:
    assert upstream_text("A.B.c", upstream, differs, "A.", quote="`") == text


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("Proofs.Autograd.mhaDGraph: adjoint identity", "mhaDGraph: adjoint identity"),
        ("reading Proofs.Autograd.dot_add", "reading dot_add"),
        ("Proofs.Sum, Proofs.Tape", "Sum, Tape"),
        ("FieldEvidence.«a.b»", "«a.b»"),
        ("", ""),
    ],
)
def test_what_is_worked_on_is_told_by_the_ends_of_names(step: str, text: str) -> None:
    assert step_text(step) == text


def test_paths_below_a_directory_are_told_as_they_are_written_there() -> None:
    text = "/a/b: none; see /a/b/c d.lean:3 or /x/a/b/c, /a/bc"
    assert told_from(text, Path("/a/b")) == ".: none; see c d.lean:3 or /x/a/b/c, /a/bc"
    assert told_from(text, Path("/")) == text
