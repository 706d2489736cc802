"""Lean's compiled modules are held against sources with declarations in every form."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lean_bridge.build.account import find_unaccounted, read_whole
from lean_bridge.build.build import build_generated, build_library
from lean_bridge.build.grammar import read_grammar
from lean_bridge.toolchain.provider import Provider

pytestmark = pytest.mark.lean

HONEST = Path(__file__).parents[1] / "data" / "lean" / "Honest.lean"


def test_an_honest_source_is_accounted_for_in_all_its_forms(tmp_path: Path, embedded: Provider) -> None:
    (tmp_path / "lakefile.toml").write_text('[[lean_lib]]\nname = "Honest"\n')
    shutil.copy(HONEST, tmp_path)
    report, tree = build_library(tmp_path, embedded, workers=1)
    assert report.modules[0].state in ("built", "cached"), report.modules[0].diagnostics
    source, module = HONEST.read_text(encoding="utf-8"), read_whole(tree / "Honest.olean")
    assert find_unaccounted("Honest.lean", source, module) is None
    last = "end Q"
    line = source[: source.index(last)].count("\n") + 1
    for late in (
        "theorem unseen",
        "private theorem unseen",
        "instance",
        "@[simp] abbrev unseen",
        "axiom unseen",
    ):
        found = find_unaccounted("Honest.lean", source.replace(last, f"{late} : False := x\n{last}"), module)
        assert found is not None, late
        assert found.line == line


RULES = """module

public meta import Lean

public meta section
open Lean

declare_syntax_cat shape
syntax (name := closes) "p(" num,* (" at[" shape "]")? ")" : shape
syntax (name := partOfOne) "<" "(" num ")" noWs ">" : shape
syntax piece := "q" "(" num ")"
syntax (name := refers) piece : shape
local syntax (name := localCloses) "r(" num ")" : shape
infixl:65 " <()> " => Nat.add
{halves}
"""
HALVES = {
    "halfOpen": 'syntax (name := halfOpen) "(" num "?" : shape',
    "_private.Rules.0.halfClosed": 'local syntax (name := halfClosed) num "?" ")" : shape',
    "«term_]_»": 'notation a " ]" b => Nat.add a b',
    "halfPerhaps": 'syntax (name := halfPerhaps) "(" num (")")? : shape',
    "halfEither": 'syntax (name := halfEither) "x" ("(" <|> "[") num ")" : shape',
    "halfMany": 'syntax (name := halfMany) "(" (num ")")* : shape',
    "halfPiece": 'syntax halfPiece := "("',
    "halfOther": 'syntax (name := halfOther) "(" num "]" : shape',
    "halfLetter": """syntax (name := halfLetter) "(" num "%')'" : shape""",
    "halfAhead": 'syntax (name := halfAhead) "(" lookahead(")") num : shape',
    "halfMade": 'def halfMade : ParserDescr := .symbol ("(" ++ "")',
    "halfIndirect": 'abbrev Rule := ParserDescr\ndef halfIndirect : Rule := .symbol "("',
}


def test_rules_that_may_leave_a_bracket_open_are_found(embedded: Provider) -> None:
    text = RULES.format(halves="\n".join(HALVES.values()))
    report, tree = build_generated({"Rules": text}, (), embedded, workers=1)
    assert report.modules[0].state in ("built", "cached"), report.modules[0].diagnostics
    grammar = read_grammar(read_whole(tree / "Rules.olean"))
    assert sorted(grammar.halves) == sorted([*HALVES, "Rule"])
    assert grammar.tokens >= {"(", "p(", "<()>", "]"}
    assert {"r(", "q", " at["} <= set(grammar.symbols)
