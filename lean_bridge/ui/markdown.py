"""The declarations of a report as a Markdown page, the same for every run over the same compiled files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import PurePath

from lean_bridge.doubts import toolchain_doubts
from lean_bridge.names import common_namespace
from lean_bridge.ui.toolchains import toolchain_text
from lean_bridge.ui.verdict import witness_text, words_text
from lean_bridge.ui.wording import coded, named, one_line, upstream_text
from pybind_models import DeclarationReport, DGraph, VerifyReport, shape_text

_HEAD = ("declaration", "upstream", "status", "witness", "words", "rests on", "source")


def render_markdown(report: VerifyReport) -> str:
    """Return a table of declarations per group, and the rows of each graph.

    Times, machine paths and measured errors are left out: the page changes only with what is proved.
    """
    why = f": {_cell(coded(report.code, report.reason))}" if report.reason else ""
    lines = [
        "# What is proved",
        "",
        "Written by `lean-bridge verify --format markdown`; do not edit.",
        "",
        f"Verdict: **{report.verdict}**{why}",
        *_subject(report),
        *(line for note in report.notes for line in ("", _cell(note))),
    ]
    unpinned = [
        each for each in report.declarations if each.pin is not None and each.pin.outcome == "not pinned"
    ]
    if unpinned:
        lines += ["", f"Not pinned: {', '.join(f'`{_cell(named(each.name))}`' for each in unpinned)}"]
    namespace = common_namespace(each.name for each in report.declarations)
    for group, members in groupby(report.declarations, key=lambda each: each.group):
        lines += ["", f"## {_cell(group)}", "", *_table(_HEAD, (_row(each, namespace) for each in members))]
    for graph in report.graphs:
        if graph.graph is not None:
            lines += ["", f"## {_cell(named(graph.name))}", ""]
            lines += _table(("position", "entry", "op", "operands", "shape"), _entries(graph.graph))
    return "\n".join(lines) + "\n"


def _subject(report: VerifyReport) -> Iterator[str]:
    if (library := report.library) is not None:
        place = PurePath(library.root).name
        lean = f", {toolchain_text(report.build.toolchain)}" if report.build is not None else ""
        yield ""
        yield f"Library: {_cell(library.name or place)} in `{place}/`, sha256 `{library.digest or '–'}`{lean}"
        for said in library.passed_over:
            yield f"- passed over: {_cell(said)}"
        for said in toolchain_doubts(report.build.toolchain) if report.build is not None else []:
            yield f"- {_cell(said)}"


def _row(each: DeclarationReport, namespace: str) -> tuple[str, ...]:
    name = f"`{named(each.name.removeprefix(namespace))}`"
    upstream = "–"
    if each.upstream is not None:
        upstream = upstream_text(each.name, each.upstream, each.differs, namespace, quote="`")
    rests = ", ".join(f"`{axiom}`" for axiom in each.axioms) or "no axiom seen"
    if each.library_theorems:
        rests += f"; {each.library_theorems} theorems of Lean's library"
    told = witness_text(each, full=True), words_text(each.words)
    return name, upstream, each.status, *told, rests, f"`{each.source.file}`" if each.source else "–"


def _entries(graph: DGraph) -> Iterator[tuple[str, ...]]:
    for position, entry in enumerate(graph.context):
        yield str(position), entry.name, "input", "–", shape_text(entry.shape)
    for position, node in enumerate(graph.nodes, start=len(graph.context)):
        yield str(position), node.name, node.op, ", ".join(map(str, node.operands)), shape_text(node.shape)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
