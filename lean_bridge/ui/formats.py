"""Reports for machines: JSON, plain rows, GitHub annotations, JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import PurePosixPath

from lean_bridge.doubts import doubts
from lean_bridge.names import listed
from lean_bridge.ui.diagnostics import SEVERITY_WORDS, diagnostic_place, errors_of
from lean_bridge.ui.markup import CASE_TAGS, annotation, case, document, suite
from lean_bridge.ui.toolchains import toolchain_text
from lean_bridge.ui.verdict import (
    VERDICT_TONES,
    declaration_tone,
    evidence,
    graph_tone,
    guarantee,
    module_tone,
    subject,
    with_subject,
    words_text,
)
from lean_bridge.ui.wording import coded, counted, escaped_json, named, one_line, place_text
from pybind_models import DeclarationReport, Diagnostic, ModuleReport, Place, VerifyReport
from pybind_models.report import Source


def render_json(report: VerifyReport) -> str:
    """Return the report model as JSON: the public file format, keys in the order of the model's fields."""
    return escaped_json(report.model_dump_json(indent=2)) + "\n"


def render_text(report: VerifyReport) -> str:
    """Return one tab-separated line per row: what it is, its state, its name, its place, the rest.

    Rows: ``library``, ``passed over`` (what its lakefile asks for in vain), ``module``, ``message`` (Lean's),
    ``declaration``, ``judged`` (what a module declares, without a catalogue), ``graph``, ``check``, ``note``
    (what accepted rows lack) and, last, ``verdict``.
    """
    return "".join("\t".join(map(one_line, row)) + "\n" for row in _rows(report))


def _rows(report: VerifyReport) -> Iterator[tuple[str, ...]]:
    if (judged := report.library) is not None:
        name, lean = judged.name or "-", "-"
        if report.build is not None:
            lean = toolchain_text(report.build.toolchain).removeprefix("Lean ")
        standing = "shipped" if judged.is_shipped else "own"
        state = (f"sha256={judged.digest or '-'}", f"lean={lean}", f"commit={judged.commit or '-'}")
        yield "library", standing, name, judged.root, *state
        for ignored in judged.passed_over:
            yield "passed over", ignored
    for module in _modules(report):
        yield "module", module.state, module.module, module.file, f"{module.seconds:.2f}s", *_limit(module)
        for message in module.diagnostics:
            said, place = SEVERITY_WORDS[message.severity], _place(message)
            yield "message", said, module.module, place, message.text
    for each in report.declarations:
        place = (
            f"{each.source.file}:{each.source.line}:{each.source.column}" if each.source is not None else "-"
        )
        rest = coded(each.code, each.reason) if each.reason else each.statement or "-"
        axioms, library = f"axioms={','.join(each.axioms)}", f"library={each.library_theorems}"
        pin, standing = f"pin={each.pin.outcome if each.pin else '-'}", f"standing={each.standing or '-'}"
        words = f"words={words_text(each.words)}"
        yield "declaration", each.status, named(each.name), place, axioms, library, pin, standing, words, rest
    for summary in report.whole or ():
        yield "judged", summary.module, *(f"{what}={getattr(summary, what)}" for what in summary.COUNTS)
    for graph in report.graphs:
        reason = coded(graph.code, graph.reason or "-")
        yield "graph", graph.status, named(graph.name), "-", f"{graph.seconds:.2f}s", reason
        for row in evidence(graph):
            yield "check", row.outcome, named(graph.name), row.name, row.text
    reason = coded(report.code, report.reason or "-")
    for told in doubts(report):
        yield "note", told
    yield "verdict", report.verdict, reason, f"{report.seconds:.2f}s", guarantee(report)


def render_github(report: VerifyReport, *, root: str = "") -> str:
    """Return GitHub Actions annotations, Lean's errors first; the verdict is always the last one.

    ``root`` is the Lean library's path in the repository, put before each file. Columns count from 1 there.
    """
    lines = []
    for module in _modules(report):
        lines += [annotation("error", text, _at(root, at)) for at, text in errors_of(module)]
        for said in module.diagnostics:
            if said.severity == "warning":
                lines.append(annotation("warning", said.text, _at(root, diagnostic_place(said))))
    for each in report.declarations:
        if each.status != "not built" and declaration_tone(each) != "good":
            source = (
                each.cause.place if each.cause is not None and each.cause.place is not None else each.source
            )
            at = _at(root, source) if source is not None else {}
            message = f"{named(each.name)}: {coded(each.code, each.reason or each.status)}{_path(each)}"
            lines.append(annotation("error", message, {**at, "title": f"{each.status}: {named(each.name)}"}))
    unbuilt = [each for each in report.declarations if each.status == "not built"]
    if unbuilt:  # for what Lean's errors above say
        title = f"{counted(len(unbuilt), 'declaration')} not built"
        codes = ", ".join(sorted({each.code for each in unbuilt if each.code}))
        names = listed((named(each.name) for each in unbuilt), 8)
        lines.append(annotation("error", f"{coded(codes, title)}: {names}", {"title": title}))
    for graph in report.graphs:
        if graph_tone(graph) != "good":
            told = "\n".join(
                f"{row.name}: {row.outcome}: {row.text}" for row in evidence(graph) if row.tone != "good"
            )
            message = "\n".join(filter(None, (coded(graph.code, graph.reason or graph.status), told)))
            lines.append(annotation("error", message, {"title": f"{graph.status}: {named(graph.name)}"}))
    lines += [annotation("warning", told, {"title": "lean-bridge"}) for told in doubts(report)]
    verdict, reason = report.verdict, coded(report.code, report.reason or guarantee(report))
    level = "notice" if verdict == "accepted" else "error"
    if report.library is not None:
        lines += [annotation("notice", f"passed over: {said}", {}) for said in report.library.passed_over]
    lines.append(annotation(level, with_subject(reason, report), {"title": f"lean-bridge: {verdict}"}))
    return "".join(f"{line}\n" for line in lines)


def render_junit(report: VerifyReport) -> str:
    """Return JUnit XML: a test case per module, declaration, graph and check, and one for the verdict.

    Rejections are failures, what was left undecided is an error, and a check that was not run is skipped.
    """
    root = ET.Element("testsuites", name="lean-bridge verify")
    modules = suite(root, "modules")
    causes = listed((each.module for each in _modules(report) if each.state in ("failed", "unsupported")), 8)
    for module in _modules(report):
        told = "\n".join(f"{_place(each)}: {each.severity}: {each.text}" for each in module.diagnostics)
        tag = CASE_TAGS[module_tone(module)]
        message = module.limit or module.state
        if module.state == "blocked":
            message = f"{causes} not compiled, and with it what imports it: blocked"
        case(modules, module.file, module.module, tag, message, told, module.seconds)
    declarations = suite(root, "declarations")
    for each in report.declarations:
        message = f"{coded(each.code, each.reason or each.status)}{_path(each)}"
        tag, cause = CASE_TAGS[declaration_tone(each)], each.cause
        told = f"{place_text(cause.place)}: {named(cause.name)}" if cause and cause.place else ""
        case(declarations, each.group, named(each.name), tag, message, told)
    graphs = suite(root, "graphs")
    for graph in report.graphs:
        tag = CASE_TAGS[graph_tone(graph)]
        message = coded(graph.code, graph.reason or graph.status)
        case(graphs, named(graph.name), "agreement", tag, message, seconds=graph.seconds)
        for row in evidence(graph):
            tag = "skipped" if row.outcome == "not run" else CASE_TAGS[row.tone]
            case(graphs, named(graph.name), row.name, tag, row.text)
    tag = CASE_TAGS[VERDICT_TONES[report.verdict]]
    message = f"{report.verdict}: {coded(report.code, report.reason or guarantee(report))}"
    verdict, about = suite(root, "verdict"), [subject(report), *doubts(report)]
    if report.library is not None:
        about += [f"passed over: {said}" for said in report.library.passed_over]
    case(verdict, "lean-bridge", "verdict", tag, message, "\n".join(about), report.seconds)
    return document(root)


def _at(root: str, at: Place | Source) -> dict[str, str | int]:
    found = {"file": str(PurePosixPath(root, at.file)), "line": at.line, "col": at.column}
    return {key: value for key, value in found.items() if value is not None}


def _modules(report: VerifyReport) -> tuple[ModuleReport, ...]:
    return report.build.modules if report.build is not None else ()


def _limit(module: ModuleReport) -> tuple[str, ...]:
    return (module.limit,) if module.limit is not None else ()


def _place(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}"


def _path(report: DeclarationReport) -> str:
    return f" ({' → '.join(report.axiom_path)})" if report.axiom_path else ""
