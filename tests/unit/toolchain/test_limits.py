"""Lean's messages, as the embedded Lean writes them: which are its limits, and which are errors."""

from __future__ import annotations

import pytest

from lean_bridge.toolchain.limits import limit_met
from pybind_models import Diagnostic, Toolchain

EMBEDDED = Toolchain(provider="embedded", version="4.28.0-pre", identity="i", location="l")
INSTALLED = EMBEDDED.replaced(provider="installed")
NO_CODE = "Unknown constant `List.reverse._redArg`"
NO_IR = (
    "failed to compile definition, compiler IR check failed at `b`. Error: depends on declaration 'a', which "
    "has no executable code; consider marking definition as 'noncomputable'"
)
LACKS_TACTIC = "Tactic `tacticMine` has not been implemented"
LACKS_ELABORATOR = "elaboration function for `commandHello` has not been implemented"
MISMATCH = "Type mismatch\n  rfl\nhas type\n  ?m = ?m\nbut is expected to have type\n  1 + 1 = 3"
DECIDED = "Tactic `decide` proved that the proposition\n  1 + 1 = 3\nis false"


def met(*errors: tuple[int, str], text: str = "def a\n" * 9, toolchain: Toolchain = EMBEDDED) -> str | None:
    diagnostics = [
        Diagnostic(file="A.lean", line=line, column=0, severity="error", text=said) for line, said in errors
    ]
    return limit_met("A.lean", text, diagnostics, toolchain=toolchain)


@pytest.mark.parametrize(
    "message",
    [
        NO_CODE,
        "Unknown constant `_private.Init.Data.Array.Basic.0.Array.mapMUnsafe.map`",
        "Unknown constant `List.zipWith._at_.List.zip.spec_0`",
        "Unknown constant `instMonadOption._lam_0`",
        "(interpreter) unknown declaration 'termFive!._closed_4'",
        "Unknown constant `Std.Range.forIn'.loop._redArg`",
        "unsupported operation (error code: 52, function not implemented)",
        NO_IR.replace("'a'", "'Nat.add._boxed'"),
        NO_IR.replace("'a'", "'Std.Range.forIn'.loop._redArg'"),
    ],
)
def test_a_limit_is_told_with_its_place(message: str) -> None:
    limit = met((3, message))
    assert limit is not None
    assert limit.startswith("A.lean:3:1: ")
    assert "\n" not in limit
    assert met((3, message), toolchain=INSTALLED) is None


@pytest.mark.parametrize("follows", [NO_IR, LACKS_TACTIC, LACKS_ELABORATOR])
def test_what_follows_from_a_limit_counts_below_it_only(follows: str) -> None:
    assert met((3, NO_CODE), (4, follows)) is not None
    assert met((3, NO_CODE), (2, follows)) is None
    assert met((3, follows)) is None


@pytest.mark.parametrize(
    "message",
    [
        MISMATCH,
        DECIDED,
        "Unknown constant `Foo.bar`",
        "Unknown constant `_private.Own.Module.0.x`",
        "Unknown identifier `Foo.bar`",
        "unexpected token 'theorem'; expected term",
        "`Classical.choice` not supported by code generator; consider marking definition as `noncomputable`",
        "cannot use `#print axioms` in a `module`; consider temporarily removing the `module` header",
        f"an error of a user's own that quotes: {LACKS_TACTIC}",
    ],
)
def test_any_other_error_rejects_whatever_stands_beside_it(message: str) -> None:
    assert met((3, message)) is None
    assert met((3, NO_CODE), (5, message)) is None
    assert met((5, message), (6, NO_CODE)) is None


def test_without_an_error_no_limit_is_met() -> None:
    assert met() is None


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("def a := b", "a definition"),
        ("  deriving Repr, BEq", "an instance is derived"),
        ('elab "x" : term => y', "an elaborator"),
        ('scoped macro "x" : term => y', "an elaborator"),
        ("#eval f", "an elaborator"),
        ("run_cmd x", "an elaborator"),
        ("def elaborate := b", "a definition"),
    ],
)
def test_the_mend_is_for_what_stands_there(line: str, kind: str) -> None:
    assert kind in str(met((2, NO_CODE), text=f"module\n{line}\n"))
    assert met((9, NO_CODE), text="module\n") is not None


def in_a_file_without_module(
    *texts: str, ordinary: tuple[str, ...] = (), is_module: bool = False
) -> str | None:
    diagnostics = [
        Diagnostic(file="B.lean", line=line, column=0, severity="error", text=text)
        for line, text in enumerate(texts, 1)
    ]
    return limit_met("B.lean", "", diagnostics, toolchain=EMBEDDED, is_module=is_module, ordinary=ordinary)


def test_in_and_above_a_file_without_module_only_what_was_evaluated_is_certain() -> None:
    assert "B.lean has no `module`" in str(in_a_file_without_module(MISMATCH))
    above = in_a_file_without_module(MISMATCH, ordinary=("A.lean",), is_module=True)
    assert "B.lean:1:1: A.lean has no `module`" in str(above)
    assert in_a_file_without_module(MISMATCH, is_module=True) is None
    assert in_a_file_without_module(MISMATCH, DECIDED) is None
    assert in_a_file_without_module() is None


@pytest.mark.parametrize(
    "said",
    [
        "unexpected token 'theorem'; expected term",
        "unexpected end of input; expected identifier",
        "unexpected identifier; expected command",
        "unknown tactic",
        "unterminated comment",
    ],
)
def test_what_the_parser_says_rejects_a_file_without_module_too(said: str) -> None:
    assert in_a_file_without_module(said) is None
    assert in_a_file_without_module(MISMATCH, said) is None
    assert in_a_file_without_module(said, ordinary=("A.lean",), is_module=True) is None
    assert (
        in_a_file_without_module(said, "(interpreter) unknown declaration 'termFive!._closed_4'") is not None
    )
    assert in_a_file_without_module(f"my own: {said}") is not None
