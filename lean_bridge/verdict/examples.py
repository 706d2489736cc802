"""Examples at fault: they are checked and kept in no compiled file, so Lean and their text have to tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from lean_bridge.audit.axioms import FAULTY_AXIOMS, Fault
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.build.scan import Example, scan_examples
from lean_bridge.codes import Code
from lean_bridge.names import listed
from lean_bridge.verdict.causes import WORDS, place_of
from pybind_models import BuildReport, Cause, DeclarationReport, Diagnostic, ModuleReport, Source

_UNFINISHED: Final = re.compile(r"declaration uses ['`]sorry['`]")
"""What Lean warns of, where nothing keeps the warning back."""
_FAULTS: Final[Mapping[Code, Fault]] = {
    Code.SORRY: FAULTY_AXIOMS["sorryAx"],
    Code.COMPILED_CODE: FAULTY_AXIOMS["Lean.ofReduceBool"],
}


def examples_at_fault(
    build: BuildReport,
    sources: Mapping[str, SourceFile],
    modules: Collection[str],
    judged: Iterable[DeclarationReport],
) -> tuple[DeclarationReport, ...]:
    """Return a row for each example of modules that rests on a ``sorry`` or on compiled code.

    Where Lean warns of a ``sorry`` at a place that neither an example nor a declaration has which was
    ``judged`` and has one, a macro made what does: it is told likewise.
    """
    unfinished = [row.source for row in judged if row.source is not None and row.code == Code.SORRY]
    found: list[DeclarationReport] = []
    for module in build.modules:
        if module.module not in modules or module.module not in sources:
            continue
        text = _text(sources[module.module])
        known = list(unfinished)
        for stands, code in _faulty(module, text):
            known.append(stands)
            found.append(_row(module, stands, code))
        for said in _warned(module):
            if not any(_is_within(said, each) for each in known):
                written = text.split("\n")[said.line - 1][said.column :]
                known.append(_source(module, said.line, said.column, written))
                found.append(_row(module, known[-1], Code.SORRY))
    return tuple(found)


def notes_on_examples(build: BuildReport, sources: Mapping[str, SourceFile]) -> tuple[str, ...]:
    """Return a line for each reason why examples would be rejected, where nobody asked about them."""
    found: dict[Code, list[str]] = {}
    for module in build.modules:
        if module.module in sources:
            for stands, code in _faulty(module, _text(sources[module.module])):
                found.setdefault(code, []).append(f"{stands.file}:{stands.line}")
    return tuple(
        f"{code}: not catalogued and not judged: examples at {listed(places, 5)}: {_FAULTS[code].reason}"
        for code, places in sorted(found.items())
    )


def _faulty(module: ModuleReport, text: str) -> Iterator[tuple[Source, Code]]:
    """Yield the examples at fault: as Lean warns, or as they say where a command keeps back what it says."""
    for example in scan_examples(text):
        stands = _source(module, example.line, example.column, example.text)
        code = _said(example)
        if any(_is_within(said, stands) for said in _warned(module)):
            code = Code.SORRY
        if code is not None:
            yield stands, code


def _warned(module: ModuleReport) -> Iterator[Diagnostic]:
    return (said for said in module.diagnostics if _UNFINISHED.search(said.text))


def _said(example: Example) -> Code | None:
    """Return what an example rests on by its words."""
    if not WORDS[Code.SORRY].isdisjoint(example.words):
        return Code.SORRY
    pairs = zip(example.words, example.words[1:], strict=False)
    is_native = any(pair in (("+", "native"), ("native", ":=")) for pair in pairs)
    if is_native or not WORDS[Code.COMPILED_CODE].isdisjoint(example.words):
        return Code.COMPILED_CODE
    return None


def _is_within(said: Diagnostic, stands: Source) -> bool:
    lines = stands.text.split("\n")
    last = stands.line + len(lines) - 1
    end = len(lines[-1]) + (stands.column - 1 if len(lines) == 1 else 0)
    at = (said.line, said.column)
    return said.file == stands.file and (stands.line, stands.column - 1) <= at <= (last, end)


def _text(source: SourceFile) -> str:
    return source.content.decode("utf-8", "replace").replace("\r\n", "\n")


def _source(module: ModuleReport, line: int, column: int, text: str) -> Source:
    uid = f"{module.module}:{line}:{column + 1}"
    return Source(file=module.file, line=line, column=column + 1, text=text, uid=uid)


def _row(module: ModuleReport, stands: Source, code: Code) -> DeclarationReport:
    name = f"{module.module}.example:{stands.line}"
    return DeclarationReport(
        name=name,
        group=module.module,
        upstream=None,
        kind="example",
        status="rejected",
        reason=_FAULTS[code].reason,
        code=code,
        cause=Cause(name=name, place=place_of(stands, code)),
        source=stands,
        standing="not accepted",
    )
