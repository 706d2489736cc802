"""Letters that mislead are escapes, and no other letters are."""

from __future__ import annotations

import unicodedata

import pytest

from lean_bridge.letters import is_hidden, plain, shown, skeleton

WRITTEN = (
    "∀ {R : Type} (xs₁ ε κ Γ' : Vec ℝ n), ‖x‖ ≤ 1 → ¬(a ∣ b) ∧ f ⟨x, y⟩ = «é ü» ↔ ∃ z, z⁻¹ ∘ x ∈ s ∪ t × 𝓝 𝕜"
)


def test_what_lean_is_written_with_stays() -> None:
    assert plain(WRITTEN) == shown(WRITTEN) == WRITTEN
    assert plain("a\\u200bb") == "a\\\\u200bb" != plain("a\u200bb") == "a\\u200bb"


@pytest.mark.parametrize(
    "letter",
    [
        "\u0430",
        "\u0441",
        "\u0391",
        "\u039d",
        "\u03bf",
        "\u212a",
        "\u0131",
        "\u2212",
        "\uff2e",
        "\u1d7d9",
        "\u0301",
        "\u4e2d",
    ],
)
def test_letters_that_look_like_others_are_escapes(letter: str) -> None:
    assert plain(f"x{letter}") == "x" + letter.encode("unicode_escape").decode()


def test_no_format_character_is_ever_shown() -> None:
    for number in range(0x110000):
        letter = chr(number)
        if unicodedata.category(letter) in ("Cf", "Cc", "Zl", "Zp") or (letter.isspace() and letter != " "):
            assert is_hidden(letter), hex(number)
            assert letter not in shown(f"a{letter}b")
            assert letter not in plain(f"a{letter}b")


@pytest.mark.parametrize(
    ("one", "other"),
    [("lnt", "Int"), ("0r", "Or"), ("Nαt", "Nat"), ("Nát", "Nat"), ("𝓝at", "Nat"), ("Prηd", "Prnd")],
)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)
    assert skeleton("Nat") != skeleton("Int")
