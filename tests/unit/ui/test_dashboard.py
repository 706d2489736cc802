from __future__ import annotations

import io

import pytest
from rich.console import Console

from lean_bridge.ui.console import open_console
from lean_bridge.ui.dashboard import render_report
from pybind_models import VerifyReport
from tests.reports import (
    ADJOINT,
    ATTENTION,
    BACKPROP,
    PYTORCH_ABSENT,
    UNPINNED,
    accepted,
    agreeing_graph,
    plain_console,
    rejected,
)

GREEN = "\x1b[32m"


def shown(report: VerifyReport, width: int = 100, *, verbose: bool = False) -> str:
    console, stream = plain_console(width)
    render_report(report, console, verbose=verbose)
    return stream.getvalue()


def coloured(report: VerifyReport) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True, color_system="standard", highlight=False)
    render_report(report, console)
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("report", [accepted(), rejected()], ids=["accepted", "rejected"])
@pytest.mark.parametrize("verbose", [False, True])
def test_fits_the_console_and_is_plain_off_a_terminal(
    report: VerifyReport, width: int, verbose: bool
) -> None:
    text = shown(report, width, verbose=verbose)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width


def test_every_row_says_what_it_stands_for() -> None:
    text = " ".join(shown(accepted(), 140).split())
    assert "✓ confirmed Graph.backprop_correct propext, Quot.sound, Classical.choice" in text
    assert "214 library theorems" in text
    assert "one kernel, advisories" in text
    assert "✓ certificate declared = extracted by rfl, Certified.Graphs1; confirmed" in text
    assert "chance of an accident at most 1.4e-07; not confirmed" in text
    assert "theorem · Proofs/Tape.lean:120 · upstream: Graph.backprop_ctx" in text
    assert "✓ defined Transformer.mhaResidualDGraph no axioms" in text
    assert "✓ agrees mhaResidualDGraph 0.4 s" in text
    assert "5 inputs + 15 nodes · for all n, dModel, numHeads, headDim, c" in text
    assert "✓ adjoint identity 3.1e-16 within 2e-13; 12 random points" in text
    assert "? PyTorch not run: torch is not installed" in text


def test_what_differs_from_upstream_is_not_called_the_same() -> None:
    differing = BACKPROP.replaced(upstream=BACKPROP.name, differs="faithful split")
    text = shown(accepted().replaced(declarations=(differing, ATTENTION)), 140)
    assert "upstream: same name, faithful split" in " ".join(text.split())


def test_declarations_stand_under_their_group() -> None:
    text = shown(accepted())
    order = [
        text.index(part)
        for part in ("Tape/Algebra/Soundness", "backprop_correct", "Tape/Graphs", "mhaResidual")
    ]
    assert order == sorted(order)


def test_no_axioms_is_said_only_of_what_could_be_read() -> None:
    unread = BACKPROP.replaced(axioms=())
    read = unread.replaced(library_theorems=0)
    assert "no axioms seen" in shown(accepted().replaced(declarations=(unread,)))
    assert "no axioms seen" not in shown(accepted().replaced(declarations=(read,)))


@pytest.mark.parametrize("verbose", [False, True])
def test_a_note_stands_under_its_check(verbose: bool) -> None:
    note = "differs from PyTorch: 4.0 at H = 2"
    noted = agreeing_graph(ADJOINT.replaced(note=note), PYTORCH_ABSENT)
    text = shown(accepted().replaced(graphs=(noted,)), 140, verbose=verbose)
    assert text.index("adjoint identity") < text.index(note) < text.index("torch is not installed")
    assert note not in shown(accepted(), 140, verbose=verbose)


def test_header_tells_toolchain_build_and_guarantee() -> None:
    header = " ".join(shown(accepted(), 140).split("Declarations")[0].replace("│", "").split())
    assert "Lean 4.28.0-pre (embedded, isolated by landlock) · 3 modules: 2 built, 1 cached" in header
    assert "· build 12 s, 1 Lean process" in header
    assert "1 proved, 1 defined of 2 declarations (1 proof confirmed by a second kernel, 2 pinned)" in header
    assert "1 of 1 graph agree (1 check passed, 1 not run, 1 certified by Lean)" in header
    assert "2 rows not confirmed: it is not installed" in header
    assert "axioms: Classical.choice, Quot.sound, propext" in header
    assert "1 warning" in header


def test_a_long_statement_keeps_its_claim_and_is_whole_when_verbose() -> None:
    capped, whole = shown(accepted(), 80), shown(accepted(), 80, verbose=True)
    assert "…" in capped
    assert "(g.jvpCtx x dx) seed = dotList dx (g.backpropCtx" in capped
    assert "(binders : Nat)" not in capped
    assert "(binders : Nat)" in " ".join(whole.split())


def test_failures_are_told_in_full() -> None:
    text = shown(rejected(), 140)
    assert "Proofs/Sum.lean:42:7: error: unsolved goals\nx y : R\n⊢ x + y = x - y\n" in text
    assert "? 1 module not compiled, as an import failed: Proofs.Vec" in text
    assert "Proofs.Autograd.Graph.backprop_correct → Proofs.Autograd.dot_add → sorryAx" in text
    assert "no compiled module defines it" in text
    assert "✗ failed PyTorch: 0.31 not within 1e-12; output at H = 2" in text
    assert "no primitive for gelu" in text
    assert text.rstrip().endswith("✗ rejected: LB101 Lean refuses Proofs/Sum.lean (14 s)")


def test_a_module_that_failed_in_silence_is_named() -> None:
    report = rejected()
    assert report.build is not None
    silent = report.build.modules[1].replaced(diagnostics=())
    build = report.build.replaced(modules=(silent,))
    assert "failed Proofs/Sum.lean: Lean gave no message" in shown(report.replaced(build=build))


def test_warnings_are_shown_when_verbose() -> None:
    line = "Proofs/Tape.lean:3:0: warning: unused variable `h`"
    assert line not in shown(accepted())
    assert line in shown(accepted(), verbose=True)


def test_green_is_for_what_was_checked() -> None:
    assert f"{GREEN}✓ accepted" in coloured(accepted()).replace("\x1b[1;32m", GREEN)
    assert "32m" not in coloured(
        VerifyReport(verdict="no verdict", reason="nothing was checked", code="LB908")
    )


def test_an_undecided_report_is_yellow() -> None:
    text = coloured(VerifyReport(verdict="no verdict", reason="no Lean on this machine", code="LB901"))
    assert "33m" in text
    assert "32m" not in text
    assert "31m" not in text


def test_names_and_messages_cannot_paint() -> None:
    evil = BACKPROP.replaced(name="Proofs.\x1b[2J\x1b[32maccepted", statement="a \u202eb\r", group="\x1b[1m")
    text = shown(accepted().replaced(declarations=(evil, ATTENTION)))
    assert not {"\x1b", "\u202e", "\r"} & set(text)
    assert r"\x1b[2J" in text


def test_a_repeated_judgement_says_so() -> None:
    assert "answered earlier" not in shown(accepted())
    assert "answered earlier" in shown(accepted().replaced(cached=True))


def test_the_header_names_every_axiom_that_a_row_rests_on() -> None:
    header = shown(rejected(), 140).split("Declarations")[0]
    assert "no axiom" not in header
    assert "sorryAx" in header


@pytest.mark.parametrize("width", [80, 140])
def test_what_is_not_pinned_is_said_in_the_header_and_in_the_row(width: int) -> None:
    undecided = VerifyReport(
        verdict="no verdict",
        reason="not pinned",
        code="LB209",
        build=accepted().build,
        declarations=(UNPINNED, UNPINNED.replaced(name="Proofs.other")),
    )
    text = " ".join(shown(undecided, width).split())
    assert "2 without a verdict" in text
    assert "✓" not in text
    assert "? no verdict" in text
    assert "LB209 not pinned: the library has no manifest" in text
    waived = BACKPROP.replaced(pin=UNPINNED.pin)
    shown_anyway = shown(accepted().replaced(declarations=(waived, ATTENTION), unpinned=True), width)
    assert "1 row is not pinned" in " ".join(shown_anyway.split())
    assert "1 pinned, 1 not pinned" in " ".join(shown_anyway.replace("│", "").split())


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    render_report(accepted(), open_console(stream))
    assert "\x1b" not in stream.getvalue()


def test_letters_that_the_stream_lacks_are_replaced() -> None:
    raw = io.BytesIO()
    console = open_console(io.TextIOWrapper(raw, encoding="ascii"))
    render_report(rejected(), console)
    console.file.flush()
    assert b"rejected" in raw.getvalue()
