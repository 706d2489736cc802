"""Generated statements that Lean does not survive cost no other its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from lean_bridge.crosscheck.generated import check_statements
from lean_bridge.toolchain.provider import Provider

pytestmark = pytest.mark.lean

FATAL = "run_cmd do\n" + "  let _ ← (IO.asTask (prio := .dedicated) (IO.sleep 9000) : BaseIO _)\n" * 20
"""More threads than a Lean may start."""


@dataclass(frozen=True)
class Stated:
    subject: str
    text: str


def render(module: str, group: Sequence[Stated]) -> tuple[str, Sequence[range]]:
    lines, places = (
        [
            "module",
            "public import Init",
            "public meta import Lean.Elab.Command",
            f"namespace {module}",
        ],
        [],
    )
    for each in group:
        text = each.text.splitlines()
        places.append(range(len(lines) + 1, len(lines) + 1 + len(text)))
        lines += text
    return "\n".join(lines) + "\n", places


@pytest.mark.full
def test_what_lean_dies_of_is_refused_alone(embedded: Provider) -> None:
    group = [
        Stated("fatal", FATAL),
        Stated("right", "theorem right : 1 + 1 = 2 := rfl"),
        Stated("wrong", "theorem wrong : 1 + 1 = 3 := rfl"),
    ]
    checked = check_statements({"Asked.All": group}, render, [], embedded, workers=1, observe=lambda _: None)
    assert checked.refusals.keys() == {"fatal", "wrong"}
    assert checked.fatal == {"fatal"}
    assert "Lean died twice on this file" in checked.refusals["fatal"]
    assert "Lean died" not in checked.refusals["wrong"]
    assert [[each.subject for each in compiled] for compiled in checked.compiled.values()] == [["right"]]
    for module in checked.compiled:
        assert checked.directory.joinpath(*module.split(".")).with_suffix(".olean").is_file()
