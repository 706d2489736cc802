"""Everything about a row is there, what is wrong first, and nothing that was not found looks found."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lean_bridge.ui.detail import PinnedAt, Subject, render_detail
from lean_bridge.ui.lean_text import lean_text, statement_text
from lean_bridge.verdict.chain import status_of
from pybind_models import Pin, VerifyReport
from pybind_models.manifest import PinnedDeclaration
from tests.boards import stale
from tests.reports import (
    ADJOINT,
    ATTENTION,
    BACKPROP,
    MISSING,
    NOT_BUILT,
    PYTORCH_DIFFERS,
    SORRY,
    STATEMENT,
    UNPINNED,
    UNSOLVED,
    accepted,
    agreeing_graph,
    rejected,
)


def detail(report: VerifyReport, name: str, width: int = 80, **more: object) -> str:
    status = status_of(report, notes=())
    row = next(row for row in status.rows if row.name == name)
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, highlight=False, markup=False)
    console.print(render_detail(Subject(row, report, **more), width))  # type: ignore[arg-type]
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    return "\n".join(line.rstrip() for line in lines)


def sections(text: str) -> list[str]:
    return [line.rstrip(" ─") for line in text.splitlines() if line.endswith("──")]


def test_a_theorem_that_holds() -> None:
    text = detail(accepted(), BACKPROP.name)
    assert sections(text) == ["Statement", "Rests on", "Pin", "Kernels", "Proofs/Tape.lean:120"]
    for said in (
        "✓ axioms: propext, Quot.sound, Classical.choice",
        "120 declarations of the library followed, 214 theorems of Lean's own on trust",
        "✓ as pinned",
        "✓ Lean 4.28.0-pre, embedded: accepted",
        "✓ Lean 4.35.0, native: accepted",
        "{R : Type} [ScalarOps R]",
    ):
        assert said in text


def test_what_was_found_before_a_change_is_said_to_be_old() -> None:
    status = stale(status_of(accepted(), notes=()), [BACKPROP.name], "Proofs/Sum.lean changed")
    for row, is_old in zip(status.rows, (True, False), strict=True):
        stream = io.StringIO()
        Console(file=stream, width=100).print(render_detail(Subject(row, accepted()), 100))
        assert ("holds no more until it is judged again" in stream.getvalue()) == is_old


def test_the_path_to_an_axiom_is_told_step_by_step() -> None:
    text = detail(rejected(), SORRY.name)
    assert "✗ reaches an axiom that is not allowed:" in text
    steps = [line.strip(" └") for line in text.splitlines()]
    at = steps.index("Proofs.Autograd.dot_add")
    assert steps[at + 1] == "sorryAx"
    assert "✓ axioms: propext\n" in text
    assert "→ lean-bridge explain LB205" in text


@pytest.mark.parametrize("row", [MISSING, NOT_BUILT.replaced(kind=None, statement=None)])
def test_of_what_is_not_there_nothing_is_said_to_be_found(row: object) -> None:
    report = rejected().replaced(declarations=(row,), graphs=())
    text = detail(report, report.declarations[0].name)
    assert "✓" not in text.replace("✓ Lean", "").replace("✓ as pinned", "")
    assert "Rests on" not in text


def test_the_way_to_each_allowed_axiom_is_told() -> None:
    paths = (
        ("Proofs.Autograd.Graph.backprop_correct", "Proofs.Autograd.dot_add", "funext", "Quot.sound"),
        ("Proofs.Autograd.Graph.backprop_correct", "propext"),
    )
    report = accepted().replaced(declarations=(BACKPROP.replaced(axiom_paths=paths), ATTENTION))
    text = detail(report, BACKPROP.name)
    assert "\n  backprop_correct → dot_add → funext → Quot.sound\n  backprop_correct → propext\n" in text


HASHES = {each: each * 20 for each in ("ab", "cd", "ef")}
NOW = PinnedDeclaration(
    name=BACKPROP.name,
    kind="theorem",
    statement=STATEMENT,
    axioms=BACKPROP.axioms,
    hash=HASHES["ab"],
)


def test_a_pin_has_its_history() -> None:
    earlier = (
        PinnedAt("1234567890ffff", 1_790_000_000.0, NOW),
        PinnedAt("0badcafe00ffff", 1_780_000_000.0, NOW.replaced(hash=HASHES["cd"])),
        PinnedAt("0c0ffee000ffff", 1_770_000_000.0, NOW.replaced(statement="a = a", axioms=())),
        PinnedAt("0000000000ffff", 1_760_000_000.0, None),
        PinnedAt("0000000001ffff", 1_750_000_000.0, NOW),
    )
    text = detail(accepted(), BACKPROP.name, earlier=earlier)
    assert (
        "✓ as pinned  abababababab\n"
        "  pinned so since 2026-09-21, commit 1234567890\n"
        "  pinned before, since 2026-05-28, commit 0badcafe00:\n"
        "    the same statement, of other definitions or of another body (cdcdcdcdcdcd)\n"
        "  pinned before, since 2026-02-02, commit 0c0ffee000:\n"
        "  - a = a\n"
        "  - axioms: none\n"
        "  not pinned before, since 2025-10-09, commit 0000000000\n"
        "  … and 1 pin before\n"
    ) in text


def test_what_is_pinned_now_and_not_committed_is_held_against_the_last_commit() -> None:
    other = PinnedAt("1234567890ffff", 1_790_000_000.0, NOW.replaced(hash=HASHES["ef"], statement="a = a"))
    text = detail(accepted(), BACKPROP.name, earlier=[other])
    assert "  pinned otherwise since 2026-09-21, commit 1234567890:\n  - a = a\n" in text
    gone = PinnedAt("0badcafe00ffff", 1_795_000_000.0, None)
    text = detail(accepted(), BACKPROP.name, earlier=[gone, other])
    assert "  not pinned since 2026-11-18, commit 0badcafe00\n  pinned before, since 2026-09-21" in text
    assert "pinned before" not in detail(accepted(), BACKPROP.name, earlier=[gone]), "nor ever was"


def test_a_pin_tells_what_was_pinned_above_what_there_is() -> None:
    pin = Pin(outcome="drifted", hash="ab" * 20, change="the statement was: a = b -- and is: a = c")
    drifted = BACKPROP.replaced(
        status="rejected", reason="not as pinned", code="LB301", pin=pin, standing="not accepted"
    )
    report = rejected().replaced(declarations=(drifted,), graphs=())
    text = detail(report, BACKPROP.name)
    assert "✗ not as pinned  abababababab\nthe statement\n- a = b\n+ a = c" in text
    unpinned = rejected().replaced(declarations=(UNPINNED,), graphs=())
    assert "? not pinned  abababababab\nthe library has no manifest" in detail(unpinned, BACKPROP.name)


def test_a_graph_has_every_link_and_check_with_number_and_bound_and_is_drawn() -> None:
    text = detail(accepted(), ATTENTION.name)
    assert "✓ adjoint identity  3.1e-16 within 2e-13; 12 random points" in text
    assert "✓ certificate" in text
    assert "◉─╯         residual  add x, out" in text
    differing = agreeing_graph(ADJOINT).replaced(
        checks=(ADJOINT, PYTORCH_DIFFERS), status="rejected", reason="output differs", code="LB502"
    )
    failed = rejected().replaced(declarations=(ATTENTION,), graphs=(differing,))
    assert "✗ PyTorch" in detail(failed, ATTENTION.name)
    assert "0.31 not within 1e-12" in detail(failed, ATTENTION.name)


def test_leans_message_stands_above_the_line_that_it_is_about() -> None:
    lines = [""] * 41 + ["  simpa\tusing h"]
    report = rejected()
    text = detail(report, SORRY.name, messages=(UNSOLVED,), lines=lambda _: lines)
    assert sections(text)[0] == "Lean's messages"
    said = text.splitlines()
    at = said.index("   42 │   simpa using h")
    assert said[at - 3] == "Proofs/Sum.lean:42:7: error: unsolved goals"
    assert said[at + 1].index("^") == said[at].index("using") - 1
    gone = detail(report, SORRY.name, messages=(UNSOLVED,), lines=lambda _: ["only one"])
    assert "error: unsolved goals" in gone


def test_the_source_is_marked_where_the_declaration_begins() -> None:
    source = ["-- one", "-- two", "theorem t :", "    1 = 1 := by", "  rfl", "-- after"]
    text_ = "\n".join(source[2:5])
    assert BACKPROP.source is not None
    here = BACKPROP.replaced(source=BACKPROP.source.replaced(line=3, text=text_))
    report = accepted().replaced(declarations=(here, ATTENTION))
    text = detail(report, here.name, lines=lambda _: source)
    assert "     1 │ -- one\n     2 │ -- two\n▶    3 │ theorem t :" in text
    assert "     6 │ -- after" in text
    moved = detail(report, here.name, lines=lambda _: ["-- new", *source])
    assert "as it was judged; it does not stand there now" in moved
    assert "▶    3 │ theorem t :" in moved


def test_a_statement_is_broken_at_its_binders() -> None:
    lines = statement_text(STATEMENT, 60).plain.splitlines()
    assert lines[0] == "{R : Type} [ScalarOps R] [Lean.Grind.CommRing R]"
    assert all(line.startswith("  ") for line in lines[1:-1])
    assert lines[-1] == ": dotList (g.jvpCtx x dx) seed = dotList dx (g.backpropCtx x seed)"
    assert " ".join(" ".join(lines).split()) == STATEMENT, "not a letter is lost"


@pytest.mark.parametrize(
    "statement",
    [
        "1 + 1 = 2",
        "(a = b) ∧ c",
        "{x | x = y} = s",
        "∀ (n : Nat), n = n",
        "(a = b)",
        "{R : Type} (x : R) … (431078982a32e2df)",
        "",
        ")(:",
    ],
)
def test_any_statement_is_shown_whole(statement: str) -> None:
    shown = statement_text(statement, 20).plain
    assert "".join(shown.split()) == "".join(statement.split())


def test_colours_take_nothing_away() -> None:
    source = 'theorem «a\u202eb» : "x" ≠ 1 := by -- why\n  sorry /- open'
    text = lean_text(source)
    assert text.plain == source.replace("\u202e", "\\u202e")
    styled = {text.plain[span.start : span.end]: str(span.style) for span in text.spans}
    assert styled["theorem"] == styled["sorry"] == "magenta"
    assert styled["-- why"] == styled["/- open"] == "dim"
    assert styled['"x"'] == "green"
