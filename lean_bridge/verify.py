"""From a built library to a verdict: audit the catalogue, extract its graphs, compare their numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from lean_bridge.audit.audit import audit
from lean_bridge.codes import Code
from lean_bridge.crosscheck.run import CHECKS, crosscheck, judge
from lean_bridge.errors import LeanBridgeError, Rejected
from lean_bridge.events import StageAdvanced, StageStarted
from lean_bridge.executor.table import PRIMITIVES
from lean_bridge.extract.graph import extract_graph
from lean_bridge.olean.environment import Environment
from pybind_models import BuildReport, DeclarationReport, DGraph, GraphReport, VerifyReport
from pybind_models.catalogue import Catalogue

Observer: TypeAlias = Callable[[object], None]
"""Sees the events of a long run as they come; they are listed in ``lean_bridge.events``."""

Verdict: TypeAlias = Literal["accepted", "rejected", "no verdict"]

_ACCEPTED = ("proved", "defined")

KNOWN_OPS = frozenset(primitive.lean_name for primitive in PRIMITIVES.values())
"""The Lean names of the primitives that the executor can run."""


def judge_library(
    environment: Environment, catalogue: Catalogue, build: BuildReport, *, root: Path, observe: Observer
) -> VerifyReport:
    """Return the verdict on the catalogued declarations of a library that was just built from ``root``.

    ``environment`` holds the modules that compiled. Nothing that was not looked at counts as accepted.
    Raises: OleanError if a compiled module cannot be read.
    """
    started = time.monotonic()
    observe(StageStarted("audit"))
    refused = {report.module: report.state for report in build.modules if report.state == "failed"}
    declarations = audit(environment, catalogue, root=root, failed_modules=refused)
    standing = {report.name: report for report in declarations}
    observe(StageStarted("cross-check", len(catalogue.graphs) * len(CHECKS)))
    graphs = tuple(_judge_graph(environment, standing[entry.name], observe) for entry in catalogue.graphs)
    verdict, reason, code = conclude(build, declarations, graphs)
    return VerifyReport(
        verdict=verdict,
        reason=reason,
        code=code,
        build=build,
        declarations=declarations,
        graphs=graphs,
        seconds=time.monotonic() - started,
    )


def extract(environment: Environment, name: str) -> DGraph:
    """Return the graph that a declaration denotes, with ops that the executor can run.

    Raises: as :func:`lean_bridge.extract.graph.extract_graph`.
    """
    return extract_graph(environment, name, known_ops=KNOWN_OPS)


def conclude(
    build: BuildReport, declarations: Sequence[DeclarationReport], graphs: Sequence[GraphReport]
) -> tuple[Verdict, str | None, str | None]:
    """Return the verdict on everything together, and why and by which code unless it is ``accepted``.

    One rejection rejects; otherwise one thing undecided, or nothing looked at, leaves everything undecided.
    """
    failed = [report for report in build.modules if report.state == "failed"]
    if failed:
        reason = f"Lean refuses {_listed([report.file for report in failed])}"
        return "rejected", reason, Code.BUILD_FAILED
    refused = [(report.name, report.code) for report in declarations if report.status not in _ACCEPTED]
    refused += [(report.name, report.code) for report in graphs if report.status == "rejected"]
    if refused:
        names = list(dict.fromkeys(name for name, _ in refused))
        return "rejected", f"not accepted: {_listed(names)}", refused[0][1]
    undecided = [report for report in graphs if report.status == "no verdict"]
    if undecided:
        return "no verdict", f"{undecided[0].name}: {undecided[0].reason}", undecided[0].code
    if not declarations or not build.modules:
        return "no verdict", "nothing was checked", Code.NOTHING_CHECKED
    return "accepted", None, None


def _judge_graph(environment: Environment, declaration: DeclarationReport, observe: Observer) -> GraphReport:
    started = time.monotonic()
    name = declaration.name
    graph: DGraph | None = None
    if declaration.status != "defined":
        why = declaration.reason or declaration.status
        return GraphReport(name=name, status="rejected", reason=why, code=declaration.code)
    try:
        graph = extract(environment, name)
        checks = crosscheck(graph, observe=lambda result: observe(StageAdvanced(f"{name}: {result.name}")))
    except LeanBridgeError as error:
        status: Literal["rejected", "no verdict"] = (
            "rejected" if isinstance(error, Rejected) else "no verdict"
        )
        return GraphReport(
            name=name,
            status=status,
            reason=str(error),
            code=error.code,
            graph=graph,
            seconds=time.monotonic() - started,
        )
    verdict, reason, code = judge(checks)
    return GraphReport(
        name=name,
        status=verdict,
        reason=reason,
        code=code,
        graph=graph,
        checks=checks,
        seconds=time.monotonic() - started,
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
