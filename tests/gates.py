"""Gates over recorded reports, one for every code, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lean_bridge.codes import Code
from lean_bridge.gate.decide import decide
from lean_bridge.gate.findings import findings_of
from lean_bridge.gate.policy import in_force
from pybind_models import Cause, Diagnostic, Place, Toolchain, VerifyReport
from pybind_models.policy import GateReport, Judged, PolicyRecord
from tests.reports import (
    ATTENTION,
    BACKPROP,
    LIBRARY,
    SORRY,
    UNSOLVED,
    accepted,
    agreeing_graph,
    build,
    module,
)

PLACE = "proofs/lean"
"""Where the library lies in its repository."""


def record(**values: object) -> PolicyRecord:
    """Return a policy with values given by options of their names."""
    return in_force(None, {key: (value, f"--{key}") for key, value in values.items()}, Path("/r"), [])


def gated(*reports: VerifyReport, seconds: float = 1.0, **values: object) -> GateReport:
    """Return the gate over reports, by a policy with some values."""
    libraries = [
        Judged(
            place=PLACE if not number else f"other{number}",
            report=report,
            findings=findings_of(report, PLACE if not number else f"other{number}"),
        )
        for number, report in enumerate(reports)
    ]
    return decide(record(**values), libraries, seconds)


def _of_build(code: Code) -> VerifyReport:
    said = UNSOLVED.replaced(text=f"{code}: no")
    failed = module("Sum", "failed", said).replaced(code=None if code is Code.BUILD_FAILED else code)
    return VerifyReport(
        verdict="rejected",
        reason="Proofs/Sum.lean:42: no",
        code=code,
        library=LIBRARY,
        build=build(module("Tape", "cached"), failed, module("Vec", "blocked")),
        declarations=(BACKPROP,),
    )


def _of_declaration(code: Code) -> VerifyReport:
    is_open = code in (
        Code.NOT_PINNED,
        Code.NOT_WITNESSED,
        Code.KERNEL_GAVE_UP,
        Code.NOT_REACHED,
        Code.NOT_CONFIRMED,
    )
    verdict = "no verdict" if is_open else "rejected"
    row = BACKPROP.replaced(status=verdict, code=code, reason=f"{code} is why", standing="not accepted")
    return accepted().replaced(
        verdict=verdict, reason="not accepted", code=code, declarations=(row, ATTENTION)
    )


def _of_graph(code: Code) -> VerifyReport:
    report = accepted()
    graph = report.graphs[0].replaced(status="rejected", reason=f"{code} is why", code=code)
    return report.replaced(verdict="rejected", reason="not accepted", code=code, graphs=(graph,))


def _refusal(code: Code) -> VerifyReport:
    return VerifyReport(
        verdict="no verdict", reason="/sums/lean/catalogue.toml:3: no", code=code, library=LIBRARY
    )


def of_every_code() -> Mapping[Code, VerifyReport]:
    """Return for each code a report that is not accepted for it."""
    make = {"LB1": _of_build, "LB2": _of_declaration, "LB3": _of_graph, "LB4": _of_declaration}
    return {code: make.get(code[:3], _refusal)(code) for code in Code}


def unfinished() -> VerifyReport:
    """Return a report in which two theorems rest on one unfinished lemma, which stands in another file."""
    cause = Cause(name="Proofs.Autograd.dot_add", place=Place(file="Proofs/Sum.lean", line=9, column=3))
    first = SORRY.replaced(cause=cause)
    second = first.replaced(name="Proofs.Autograd.Graph.other")
    return accepted().replaced(
        verdict="rejected", reason="not accepted", code=Code.SORRY, declarations=(first, second, ATTENTION)
    )


WARNED = Diagnostic(file="Proofs/Tape.lean", line=3, column=0, severity="warning", text="a % b\n::error::x")
LEAN = Toolchain(provider="embedded", version="4.28.0-pre", identity="5f" * 32, location="/l", known=True)

__all__ = ["LEAN", "PLACE", "WARNED", "agreeing_graph", "gated", "of_every_code", "record", "unfinished"]
