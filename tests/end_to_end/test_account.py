"""Lean's compiled modules are held against sources with declarations in every form."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lean_bridge.build.account import find_unaccounted, read_whole
from lean_bridge.build.build import build_library
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
