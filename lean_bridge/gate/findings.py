"""What to point at: the roots of what is wrong with a library, at their places, and what follows as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from lean_bridge.audit.catalogue import CATALOGUE, parse_catalogue
from lean_bridge.audit.manifest import MANIFEST, parse_manifest
from lean_bridge.audit.pins import NO_MANIFEST
from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.doubts import doubts
from lean_bridge.errors import LeanBridgeError
from lean_bridge.files import decoded, read_below, toml_lines
from lean_bridge.names import listed
from lean_bridge.ui.diagnostics import diagnostic_place, errors_of
from lean_bridge.ui.verdict import evidence, graph_tone, guarantee, with_subject
from lean_bridge.ui.wording import apart, coded, counted, named, told_from
from pybind_models import DeclarationReport, Diagnostic, GraphReport, ModuleReport, Place, VerifyReport
from pybind_models.policy import Finding

Anchors = Mapping[str, Place]
"""Where the catalogue, or else the manifest, names declarations: relative to the library's root."""

_CONSEQUENCES: Final = ("not built", Code.NOT_REACHED)
"""Of these rows the root is another one, and is pointed at itself."""
_NAMED: Final = 8


def anchors_of(root: Path) -> Anchors:
    """Return where a library's catalogue and its manifest name declarations, as far as they can be read."""
    found: dict[str, Place] = {}
    for file, names_of in ((MANIFEST, _pinned), (CATALOGUE, _catalogued)):
        try:
            content = read_below(root, root / file)
            names, lines = names_of(root / file, content), toml_lines(decoded(file, content))
        except LeanBridgeError:  # then that is what is wrong, and it is told
            continue
        for number, name in enumerate(names):
            found[name] = Place(file=file, line=lines.get(("declaration", number, "name"), 1))
    return found


def _catalogued(path: Path, content: bytes) -> list[str]:
    return [each.name for each in parse_catalogue(path, content).declarations]


def _pinned(path: Path, content: bytes) -> list[str]:
    return [each.name for each in parse_manifest(path, content).declarations]


def findings_of(
    report: VerifyReport, place: str, anchors: Anchors = MappingProxyType({}), root: Path | None = None
) -> tuple[Finding, ...]:
    """Return what there is to point at in the library at ``root``, which is ``place`` in its repository.

    Roots come first: what Lean refuses, then what declarations are not accepted for, at the ``sorry`` or the
    axiom itself; then what else is wrong with declarations and graphs, then warnings. The verdict is last.
    """
    stands = {**anchors, **{each.name: _stands(each) for each in report.declarations if each.source}}
    found = [
        *_of_build(report),
        *_of_declarations(report.declarations, stands),
        *_of_graphs(report, stands),
        *_warnings(report),
        _of_verdict(report, root),
    ]
    top = _top(root, place) if root is not None else None
    return tuple(in_repository(each, place, top) for each in found)


def _top(root: Path, place: str) -> Path | None:
    """Return the top of the repository in which a library is ``place``; none where that lies elsewhere."""
    above = len(root.parts) - len(PurePosixPath(place).parts)
    return Path(*root.parts[:above]) if root == Path(*root.parts[:above], place) else None


def in_repository(finding: Finding, place: str, top: Path | None = None) -> Finding:
    """Return a finding with its places from the ``top`` of the repository, where the library is ``place``."""
    return finding.replaced(
        message=told_from(finding.message, top) if top is not None else finding.message,
        place=moved(finding.place, place) if finding.place is not None else None,
        related=tuple(moved(each, place) for each in finding.related),
    )


def moved(at: Place, place: str) -> Place:
    """Return a place of a library from the top of the repository, where the library is ``place``."""
    return at.replaced(file=str(PurePosixPath(place, at.file)))


def report_in_repository(report: VerifyReport, place: str) -> VerifyReport:
    """Return a report to be shown with its places as every other form has them."""

    def told(said: Diagnostic) -> Diagnostic:
        at = moved(diagnostic_place(said), place)
        return said.replaced(file=at.file, column=at.column)

    build = report.build
    if build is not None:
        modules = tuple(
            each.replaced(diagnostics=tuple(map(told, each.diagnostics))) for each in build.modules
        )
        build = build.replaced(modules=modules)
    rows = tuple(
        row.replaced(source=row.source.replaced(file=str(PurePosixPath(place, row.source.file))))
        if row.source is not None
        else row
        for row in report.declarations
    )
    return report.replaced(build=build, declarations=rows)


def _of_build(report: VerifyReport) -> Iterator[Finding]:
    for module in _modules(report):
        code = Code(module.code or (Code.LEAN_CANNOT if module.limit is not None else Code.BUILD_FAILED))
        what = "a source cannot be read" if code == Code.NO_PROJECT else EXPLANATIONS[code].title
        title = f"{what}: {module.module}"
        for at, message in errors_of(module):
            yield Finding(code=code, level="error", title=title, message=message, place=at)


def _of_declarations(rows: Iterable[DeclarationReport], stands: Anchors) -> Iterator[Finding]:
    groups: dict[tuple[str, ...], list[DeclarationReport]] = {}
    for row in rows:
        if not row.is_accepted:
            groups.setdefault(_root(row), []).append(row)
    for kind in ("cause", "row", "reason", *_CONSEQUENCES):
        for key, members in groups.items():
            if key[0] == kind:
                yield _of_group(kind, members, stands)


def _root(row: DeclarationReport) -> tuple[str, ...]:
    """Return what rows have in common that are not accepted for one thing."""
    if row.status == "not built":
        return ("not built",)
    if row.code == Code.NOT_REACHED:
        return (Code.NOT_REACHED,)
    if row.cause is not None:
        return "cause", row.code or "", row.cause.name
    if row.code == Code.NOT_PINNED and row.reason == NO_MANIFEST:
        return "reason", row.code
    return "row", row.name


def _of_group(kind: str, rows: list[DeclarationReport], stands: Anchors) -> Finding:
    first, code = rows[0], min((row.code for row in rows if row.code), default=None)
    places = [at for row in rows if (at := stands.get(row.name)) is not None]
    names = listed((named(row.name) for row in rows), _NAMED)
    said = coded(code, first.reason or first.status)
    if kind == "cause" and first.cause is not None:
        root = named(first.cause.name)
        title = f"{_title(code)}: {root}"
        below = [row for row in rows if row.name != first.cause.name]
        message = f"{named(first.name)}: {said}{_path(first)}"
        if below:
            others = listed((named(row.name) for row in below), _NAMED)
            message = f"{message}\n{counted(len(below), 'declaration')} not accepted for it: {others}"
        place = first.cause.place or stands.get(first.name)
        return Finding(
            code=code, level="error", title=title, message=message, place=place, related=tuple(places)
        )
    if kind == "row":
        at, reason = apart(first.reason or first.status)
        title = f"{first.status}: {named(first.name)}"
        message = f"{named(first.name)}: {coded(code, reason)}{_path(first)}"
        return Finding(
            code=code, level="error", title=title, message=message, place=at or stands.get(first.name)
        )
    title = f"{counted(len(rows), 'declaration')} {first.status if kind != 'reason' else 'not pinned'}"
    message = f"{said}: {names}" if kind == "reason" else f"{coded(code, title)}: {names}"
    return Finding(
        code=code,
        level="error",
        title=title,
        message=message,
        place=Place(file=CATALOGUE, line=1) if kind == "reason" else next(iter(places), None),
        related=tuple(places),
    )


def _of_graphs(report: VerifyReport, stands: Anchors) -> Iterator[Finding]:
    declared = {each.name: (each.code, each.reason) for each in report.declarations if not each.is_accepted}
    for graph in report.graphs:
        if graph_tone(graph) == "good" or declared.get(graph.name) == (graph.code, graph.reason):
            continue
        yield Finding(
            code=graph.code,
            level="error",
            title=f"{graph.status}: {named(graph.name)}",
            message=f"{named(graph.name)}: {graph_message(graph)}",
            place=stands.get(graph.name),
        )


def graph_message(graph: GraphReport) -> str:
    """Return why a graph does not agree, with each link and each check that does not hold."""
    told = [f"{row.name}: {row.outcome}: {row.text}" for row in evidence(graph) if row.tone != "good"]
    return "\n".join((coded(graph.code, graph.reason or graph.status), *told))


def _warnings(report: VerifyReport) -> Iterator[Finding]:
    for module in _modules(report):
        for said in module.diagnostics:
            if said.severity == "warning":
                at = diagnostic_place(said)
                title = f"Lean warns: {module.module}"
                yield Finding(code=None, level="warning", title=title, message=said.text, place=at)
    for told in doubts(report):
        yield Finding(code=None, level="warning", title="lean-bridge", message=told)
    if report.library is not None:
        for told in report.library.passed_over:
            message = f"passed over: {told}"
            yield Finding(code=None, level="notice", title="lean-bridge", message=message)


def _of_verdict(report: VerifyReport, root: Path | None) -> Finding:
    place, reason = None, report.reason or guarantee(report)
    if report.build is None:  # it is a refusal, and may be of a file
        place, reason = apart(reason, root)
    return Finding(
        code=report.code,
        level="notice" if report.verdict == "accepted" else "error",
        title=f"lean-bridge: {report.verdict}",
        message=with_subject(coded(report.code, reason), report),
        place=place,
    )


def _title(code: str | None) -> str:
    return EXPLANATIONS[Code(code)].title if code in set(Code) else "not accepted"


def _stands(row: DeclarationReport) -> Place:
    assert row.source is not None
    return Place(file=row.source.file, line=row.source.line, column=row.source.column)


def _path(row: DeclarationReport) -> str:
    return f" ({' → '.join(map(named, row.axiom_path))})" if row.axiom_path else ""


def _modules(report: VerifyReport) -> tuple[ModuleReport, ...]:
    return report.build.modules if report.build is not None else ()
