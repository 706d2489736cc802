"""Whether what was judged is what was written, and what was captured what was compiled, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lean_bridge.codes import Code
from pybind_models import (
    CheckResult,
    DGraph,
    DimParam,
    Entry,
    Node,
    Param,
    ShapeParam,
    VerifyReport,
    shape_text,
)

NAME: Final = "captured = extracted"
WRITTEN: Final = "written = judged"


def check_written(file: str, text: str, report: VerifyReport) -> CheckResult:
    """Return whether all that was judged stands in a file, in a text that was written to it.

    A lakefile that was edited may have the module from elsewhere: nobody has judged then what was written.
    """
    for each in report.declarations:
        if (source := each.source) is None:
            found = "was not found in any file"
        elif source.file != file:
            found = f"was judged as {source.file} has it"
        elif source.text not in text:
            found = f"was judged as {file} had it by then"
        else:
            continue
        detail = f"{each.name} {found}, and not as it was written to {file}"
        return CheckResult(name=WRITTEN, outcome="not run", detail=detail, code=Code.NOTHING_CHECKED)
    count = len(report.declarations)
    return CheckResult(name=WRITTEN, outcome="passed", detail=f"{count} declarations, as {file} has them")


def check_same(captured: DGraph, extracted: DGraph) -> CheckResult:
    """Return whether two graphs are the same but for what they are called, or else the first that differs.

    One was captured from Python; the other was read from what Lean compiled. Names of entries count too.
    """
    difference = first_difference(captured, extracted)
    rows = f"{len(captured.context)} inputs and {len(captured.nodes)} nodes"
    return CheckResult(
        name=NAME,
        outcome="passed" if difference is None else "failed",
        detail=difference or f"all {rows}, with dimensions and parameters, as Lean compiled them",
        code=None if difference is None else Code.NOT_THE_DECLARED_GRAPH,
    )


def first_difference(captured: DGraph, extracted: DGraph) -> str | None:
    """Return what differs first between two graphs, if anything does, with what it is in each."""
    for what in ("dims", "scalars", "maps"):
        if (here := getattr(captured, what)) != (there := getattr(extracted, what)):
            return _differ(what, ", ".join(here) or "none", ", ".join(there) or "none")
    if captured.arrays != extracted.arrays:
        here, there = ("; ".join(each.text for each in graph.arrays) for graph in (captured, extracted))
        return _differ("arrays", here or "none", there or "none")
    rows: tuple[tuple[str, Sequence[Entry | Node], Sequence[Entry | Node]], ...] = (
        ("input", captured.context, extracted.context),
        ("node", captured.nodes, extracted.nodes),
    )
    for what, entries, others in rows:
        for count, (entry, other) in enumerate(zip(entries, others, strict=False)):
            if entry != other:
                return _differ(f"{what} {count} ({entry.name})", _told(entry), _told(other))
        if len(entries) != len(others):
            return _differ(f"{what}s", str(len(entries)), str(len(others)))
    if captured.replaced(lean_name=extracted.lean_name) != extracted:
        return "the graphs differ"
    return None


def _differ(what: str, captured: str, extracted: str) -> str:
    return f"{what}: captured {captured}, extracted {extracted}"


def _told(entry: Entry | Node) -> str:
    shape = f"{entry.name} : {shape_text(entry.shape)}"
    if isinstance(entry, Entry):
        return shape
    params = [f"{binder}={_param(param)}" for binder, param in entry.params.items()]
    given = ", ".join([*map(str, entry.operands), *params])
    return f"{shape} := {entry.lean_op}({given})"


def _param(param: Param) -> str:
    match param:
        case DimParam(value=dim):
            return str(dim)
        case ShapeParam(value=shape):
            return shape_text(shape)
    return param.name
