"""The text that the embedded Lean is handed for an ordinary source: a module, no line of it moved."""

from __future__ import annotations

import pytest

from lean_bridge.build.as_module import Handed, cannot_be_turned, handed
from lean_bridge.build.modules import Module
from pybind_models import Diagnostic, Toolchain

EMBEDDED = Toolchain(provider="embedded", version="4.28.0-pre", identity="i", location="l")
SECTION = (
    "@[expose] public noncomputable section AsModule set_option backward.privateInPublic true "
    "set_option backward.privateInPublic.warn false "
)


def source(text: str, *, is_module: bool = False) -> Module:
    return Module("A", "A.lean", text.encode(), (), (), is_module)


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("theorem a", f"module {SECTION}theorem a"),
        ("\n-- a\ntheorem a", f"module {SECTION}\n-- a\ntheorem a"),
        ("/- a\n-/ import A\ntheorem a", f"module /- a\n-/ public import A {SECTION}\ntheorem a"),
        (
            "import A import B.«C d»-- end\n\ntheorem a",
            f"module public import A public import B.«C d» {SECTION}-- end\n\ntheorem a",
        ),
        ("prelude\nimport A\r\n", f"module prelude\npublic import A {SECTION}\r\n"),
        ("\ufeffimport A\n", f"\ufeffmodule public import A {SECTION}\n"),
        ("theorem AsModule", f"module {SECTION.replace('AsModule', 'AsModule_')}theorem AsModule"),
    ],
)
def test_a_module_is_made_and_no_line_moves(text: str, turned: str) -> None:
    found = handed(source(text), EMBEDDED)
    assert found.content.decode() == turned
    assert found.content.count(b"\n") == text.count("\n")
    for number, (line, was) in enumerate(zip(turned.split("\n"), text.split("\n"), strict=True), 1):
        if was.endswith("theorem a"):
            assert found.column(number, line.index("theorem a")) == was.index("theorem a")


def test_what_is_a_module_or_goes_to_an_installed_lean_is_left_as_it_is() -> None:
    assert handed(source("module", is_module=True), EMBEDDED) == Handed(b"module")
    assert handed(source("a"), EMBEDDED.replaced(provider="installed")) == Handed(b"a")


def test_bytes_that_are_no_text_are_handed_on() -> None:
    found = handed(Module("A", "A.lean", b"-- \xff\n", (), (), False), EMBEDDED)
    assert found.content.endswith(b"-- \xff\n")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("\npublic section", 2, "public"),
        ("meta def a", 1, "meta"),
        ("import A\npublic import B", 2, "public"),
        ("import A\nimport all B", 2, "import all"),
    ],
)
def test_who_says_a_word_of_modules_means_one(text: str, line: int, word: str) -> None:
    why = cannot_be_turned(source(text), EMBEDDED)
    assert why is not None
    assert why.startswith(f"A.lean:{line}: says `{word}`, as modules do, and has no `module`")
    assert cannot_be_turned(source(text, is_module=True), EMBEDDED) is None
    assert cannot_be_turned(source(text), EMBEDDED.replaced(provider="installed")) is None


@pytest.mark.parametrize("text", ["-- public", "/- meta -/", 'def a := "public"', "«public»", "a.public"])
def test_what_only_looks_like_such_a_word_is_none(text: str) -> None:
    assert cannot_be_turned(source(text), EMBEDDED) is None


def test_an_end_that_would_close_what_was_put_in_front_closes_nothing() -> None:
    found = handed(source("end"), EMBEDDED)
    for text in (
        "Missing name after `end`: Expected the current scope name `AsModule`",
        "Invalid name after `end`: Expected `AsModule`, but found `A`",
    ):
        said = Diagnostic(
            file="A.lean", line=1, column=len(b"module " + SECTION.encode()), severity="error", text=text
        )
        assert found.told(said).column == 0
        assert found.told(said).text.startswith("invalid 'end': no `namespace` or `section`")
    other = said.replaced(text="Missing name after `end`: Expected the current scope name `A`")
    assert found.told(other).text == other.text
