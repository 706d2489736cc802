"""Boards of the dashboard, made of recorded events as a run of ``verify`` tells them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lean_bridge.codes import Code
from lean_bridge.dash.model import Began, Board, Ended, Event, Heard, Looked, reduce
from lean_bridge.events import (
    BuildStarted,
    ModuleFinished,
    ModuleStarted,
    StageAdvanced,
    StageFinished,
    StageStarted,
)
from lean_bridge.library.judgement import Judgement
from lean_bridge.library.status import Basis
from lean_bridge.ui.event_lines import Judged, Told
from lean_bridge.verdict.chain import status_of
from pybind_models import Diagnostic, VerifyReport
from pybind_models.status import StatusReport, StatusRow
from tests.reports import (
    ADJOINT,
    ATTENTION,
    BACKPROP,
    LIBRARY,
    agreeing_graph,
    build,
    module,
)

AT: Final = 1_790_000_000.0
"""When everything happens, in seconds since 1970."""
SUM, TAPE, FLOW = "Proofs.Sum", "Proofs.Tape", "Proofs.Attention"
IMPORTS: Final[dict[str, tuple[str, ...]]] = {SUM: (), TAPE: (SUM,), FLOW: (SUM,)}
ADDITION = BACKPROP.replaced(
    name="Proofs.Autograd.sum_comm",
    group="Sums",
    statement="{R : Type} [CommRing R] (x y : R) : x + y = y + x",
    axioms=(),
    library_theorems=3,
    source=BACKPROP.source.replaced(file="Proofs/Sum.lean", line=3, text="theorem sum_comm")
    if BACKPROP.source
    else None,
)
PLACES: Final[dict[str, tuple[str, ...]]] = {
    ADDITION.name: (SUM,),
    BACKPROP.name: (TAPE,),
    ATTENTION.name: (FLOW,),
}
RESTS: Final = {
    name: [*modules, *(below for module in modules for below in IMPORTS[module])]
    for name, modules in PLACES.items()
}
MISMATCH = Diagnostic(
    file="Proofs/Sum.lean",
    line=4,
    column=2,
    severity="error",
    text="unsolved goals\nx y : R\n⊢ x + y = x - y",
)
SOURCE: Final = (
    "module\n\ntheorem sum_comm {R : Type} [CommRing R] (x y : R) : x + y = y + x := by\n  grind\n"
)


def library(root: Path) -> Path:
    """Write the sources that the boards speak of, as far as they are looked at."""
    (root / "Proofs").mkdir(parents=True, exist_ok=True)
    (root / "Proofs" / "Sum.lean").write_text(SOURCE, encoding="utf-8")
    return root


def good() -> VerifyReport:
    """Return a report with every row green."""
    return VerifyReport(
        verdict="accepted",
        build=build(module("Sum", "cached"), module("Tape", "cached"), module("Attention", "cached")),
        library=LIBRARY.replaced(passed_over=()),
        declarations=(ADDITION, BACKPROP, ATTENTION),
        graphs=(agreeing_graph(ADJOINT),),
        seconds=14.0,
    )


def bad() -> VerifyReport:
    """Return a report after an edit in the module that the others import."""
    why = {
        "status": "not built",
        "code": Code.BUILD_FAILED,
        "standing": "not accepted",
        "kind": None,
        "kernels": (),
        "pin": None,
    }
    rows = [
        each.replaced(**why, reason=f"not compiled: {SUM} (LB101)", statement=None, axioms=())
        for each in (ADDITION, BACKPROP, ATTENTION)
    ]
    return VerifyReport(
        verdict="rejected",
        reason="Lean refuses Proofs/Sum.lean",
        code=Code.BUILD_FAILED,
        build=build(
            module("Sum", "failed", MISMATCH), module("Tape", "blocked"), module("Attention", "blocked")
        ),
        library=LIBRARY.replaced(passed_over=()),
        declarations=tuple(rows),
        seconds=3.0,
    )


def judgement(report: VerifyReport) -> Judgement:
    """Return a judgement with this report."""
    basis = Basis(judge={}, lean="", files={}, entries={}, pins={}, modules=dict.fromkeys(IMPORTS, ""))
    return Judgement(at=AT, basis=basis, imports=IMPORTS, places=PLACES, report=report)


def stale(status: StatusReport, names: Iterable[str], changed: str) -> StatusReport:
    """Return a status after an edit on which some rows rest."""
    edited = set(names)
    return status.replaced(
        verdict="no verdict",
        reason=f"it was {status.verdict}, but since then {changed}; run `lean-bridge verify`",
        code=Code.STALE,
        changed=(changed,),
        rows=tuple(_stale(row, changed) if row.name in edited else row for row in status.rows),
    )


def _stale(row: StatusRow, changed: str) -> StatusRow:
    return row.replaced(
        state="stale",
        reason=f"not judged again since {changed}",
        code=Code.STALE,
        links={name: link.replaced(outcome="stale") for name, link in row.links.items()},
    )


def looked(report: VerifyReport, *edited: str, changed: str = "Proofs/Sum.lean changed") -> Looked:
    """Return what looking finds after a judgement, and after an edit on which some rows rest."""
    status = status_of(report, notes=()).replaced(age=120.0)
    return Looked(AT, stale(status, edited, changed) if edited else status, judgement(report), rests=RESTS)


def board(*events: Event) -> Board:
    """Return what events make of nothing."""
    made = Board()
    for event in events:
        made = reduce(made, event)
    return made


def heard(*told: Told, after: float = 0.0) -> list[Heard]:
    """Return that a run says things, a second after each other."""
    return [Heard(AT + after + at, each) for at, each in enumerate(told)]


ACCEPTED: Final[tuple[Event, ...]] = (looked(good()),)
EDITED: Final[tuple[Event, ...]] = (*ACCEPTED, looked(good(), ADDITION.name, BACKPROP.name))
"""An edit that concerns two of the three rows."""
ELABORATING: Final[tuple[Event, ...]] = (
    *EDITED,
    Began(AT),
    *heard(
        BuildStarted((SUM, TAPE, FLOW)),
        ModuleFinished(module("Attention", "cached")),
        ModuleStarted(SUM),
    ),
)
BROKEN: Final[tuple[Event, ...]] = (
    *ELABORATING,
    *heard(ModuleFinished(module("Sum", "failed", MISMATCH)), after=8.0),
)
REJECTED: Final[tuple[Event, ...]] = (
    *BROKEN,
    *heard(ModuleFinished(module("Tape", "blocked")), Judged(bad()), after=9.0),
    Ended(looked(bad())),
)
MENDED: Final[tuple[Event, ...]] = (
    *REJECTED,
    looked(bad(), *PLACES),
    Began(AT + 30),
    *heard(
        BuildStarted((SUM, TAPE, FLOW)),
        *(ModuleFinished(module(name, "cached")) for name in ("Sum", "Tape", "Attention")),
        StageStarted("second kernel", 2),
        StageAdvanced(ADDITION.name),
        StageAdvanced(BACKPROP.name),
        StageFinished("second kernel"),
        after=31.0,
    ),
)
ACCEPTED_AGAIN: Final[tuple[Event, ...]] = (
    *MENDED,
    *heard(Judged(good()), after=40.0),
    Ended(looked(good())),
)
