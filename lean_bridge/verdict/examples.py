"""Examples at fault: they are checked and kept in no compiled file, so Lean and their text have to tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lean_bridge.audit.axioms import FAULTY_AXIOMS, Fault
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.audit.reading import Reading
from lean_bridge.build.scan import Components, Example, name_components, scan_examples, words_of
from lean_bridge.codes import Code
from lean_bridge.names import ROOT, last_component, listed, private_name
from lean_bridge.olean.expr import Name
from lean_bridge.verdict.causes import place_of, says, words_at
from pybind_models import BuildReport, Cause, DeclarationReport, Diagnostic, ModuleReport, Source

_SORRY: Final = "sorryAx"
_UNFINISHED: Final = re.compile(r"declaration uses ['`]sorry['`]")
"""What Lean warns of, where nothing keeps the warning back."""
_FAULTS: Final[Mapping[Code, Fault]] = {
    Code.SORRY: FAULTY_AXIOMS[_SORRY],
    Code.COMPILED_CODE: FAULTY_AXIOMS["Lean.ofReduceBool"],
}
_BEFORE_A_TACTIC: Final = re.compile(r"(?:\n|\bby|=>|[;·({|]|^)[ \t]*$")
_BEHIND_A_NAME: Final = re.compile(r"\s*[:),\]}]")
_OPENS: Final = frozenset({"namespace", "open", "export"})


def examples_at_fault(
    build: BuildReport,
    sources: Mapping[str, SourceFile],
    modules: Collection[str],
    judged: Iterable[DeclarationReport],
    reading: Reading,
) -> tuple[DeclarationReport, ...]:
    """Return a row for each example of modules that rests on a ``sorry``, on compiled code or on an axiom.

    That is what Lean warns of, what the text says, and what rests on it of the constants that the text names.
    Where Lean warns of a ``sorry`` at a place that neither an example nor a declaration has which was
    ``judged`` and has one, a macro made what does: it is told likewise.
    """
    unfinished = [row.source for row in judged if row.source is not None and _SORRY in row.axioms]
    found: list[DeclarationReport] = []
    for module in build.modules:
        if module.module not in modules or module.module not in sources:
            continue
        text = _text(sources[module.module])
        known = list(unfinished)
        for each in _faulty(module, text, reading):
            known.append(each.stands)
            found.append(_row(module, each))
        for said in _warned(module):
            if not any(_is_within(said, each) for each in known):
                written = text.split("\n")[said.line - 1][said.column :]
                known.append(_source(module, said.line, said.column, written))
                found.append(_row(module, _AtFault(known[-1], _FAULTS[Code.SORRY])))
    return tuple(found)


def examples_in(sources: Mapping[str, SourceFile], modules: Iterable[str]) -> int:
    """Return how many examples modules have, as far as their text tells."""
    return sum(len(scan_examples(_text(sources[module]))) for module in modules if module in sources)


def notes_on_examples(
    build: BuildReport, sources: Mapping[str, SourceFile], reading: Reading
) -> tuple[str, ...]:
    """Return a line for each reason why examples would be rejected, where nobody asked about them."""
    found: dict[Fault, list[str]] = {}
    for module in build.modules:
        if module.module in sources:
            for each in _faulty(module, _text(sources[module.module]), reading):
                found.setdefault(each.fault, []).append(f"{each.stands.file}:{each.stands.line}")
    return tuple(
        f"{fault.code}: not catalogued and not judged: examples at {listed(places, 5)}: {fault.reason}"
        for fault, places in sorted(found.items(), key=lambda each: (each[0].code, each[0].reason))
    )


@dataclass(frozen=True, slots=True)
class _AtFault:
    """An example that is not to be accepted."""

    stands: Source
    fault: Fault
    constant: Name | None = None
    """What it names and rests on, where the fault is of that."""
    word: str | None = None
    """As it names that."""


def _faulty(module: ModuleReport, text: str, reading: Reading) -> Iterator[_AtFault]:
    """Yield the examples at fault: as Lean warns, as they say, and as what they name is."""
    examples = scan_examples(text)
    named = _Named(module.module, text, examples, reading) if examples else None
    for example in examples:
        stands = _source(module, example.line, example.column, example.text)
        code = _said(example)
        if any(_is_within(said, stands) for said in _warned(module)):
            code = Code.SORRY
        if code is not None:
            yield _AtFault(stands, _FAULTS[code])
        elif named is not None and (found := named.fault_of(example)) is not None:
            fault, constant, word = found
            yield _AtFault(stands, fault, constant, word)


class _Named:
    """What the examples of a module name of the constants that are not Lean's own.

    A name is looked for as it stands, and in every namespace that the file is in or opens anywhere.
    """

    def __init__(self, module: Name, text: str, examples: Iterable[Example], reading: Reading) -> None:
        self._collector = reading.collector
        self._opened = _opened(text)
        ends = {part for each in examples for word in each.words for part in name_components(word)}
        self._known: dict[str, list[tuple[Components, Name]]] = {}
        private = private_name(module, "")
        for constant in reading.environment.own_names:
            shown = constant.removeprefix(private)
            last = shown.rpartition(".")[2] if not shown.endswith("»") else last_component(shown)
            if last.strip("«»") in ends:
                parts = name_components(shown)
                self._known.setdefault(parts[-1], []).append((parts, constant))

    def fault_of(self, example: Example) -> tuple[Fault, Name, str] | None:
        """Return why one of the constants that an example names may not be rested on, and its name there."""
        for word in dict.fromkeys(example.words):
            for constant in self._meant(name_components(word)):
                fault = self._collector.collect(constant).fault
                if fault is not None:
                    return fault, constant, word
        return None

    def _meant(self, parts: Components) -> Iterator[Name]:
        """Yield the constants that a name may mean; what follows one of them are its fields."""
        is_whole = parts[:1] == (ROOT,)
        name = parts[1:] if is_whole else parts
        for length in range(len(name), 0, -1):
            for full, constant in self._known.get(name[length - 1], ()):
                before = full[: len(full) - length]
                if full[len(before) :] == name[:length] and (
                    not before or (not is_whole and self._opened.issuperset(before))
                ):
                    yield constant


def _opened(text: str) -> frozenset[str]:
    """Return the parts of the names of the namespaces that a file is in or opens, and maybe more."""
    found: set[str] = set()
    is_name = False
    for word, _ in words_of(text):
        parts = name_components(word)
        if word in _OPENS:
            is_name = True
        elif is_name and parts and word != "in":
            found.update(parts)
        else:
            is_name = False
    return frozenset(found)


def _warned(module: ModuleReport) -> Iterator[Diagnostic]:
    return (said for said in module.diagnostics if _UNFINISHED.search(said.text))


def _said(example: Example) -> Code | None:
    """Return what an example rests on by its words."""
    if any(says(word, Code.SORRY) for word in example.words) or _stops(example):
        return Code.SORRY
    if any(says(word, Code.COMPILED_CODE) for word in example.words) or _asks_for_native(example):
        return Code.COMPILED_CODE
    return None


def _asks_for_native(example: Example) -> bool:
    """Return whether a tactic is told to run code: ``+native``, ``native := true``, ``{ native }``."""
    words = ["", *(word.strip("«»") for word in example.words), "", "", ""]
    return any(
        word == "native"
        and (
            words[at - 1] == "+"
            or (words[at + 1 : at + 3] == [":", "="] and words[at + 3] != "false")
            or (words[at - 1] in ("{", ",") and words[at + 1] in (",", "}"))
        )
        for at, word in enumerate(words[:-3])
    )


def _stops(example: Example) -> bool:
    """Return whether an example has the tactic ``stop``, by which the rest of a proof is left out."""
    if not {"by", "stop"}.issubset(example.words):
        return False
    text = example.text
    return any(
        word == "stop"
        and _BEFORE_A_TACTIC.search(text[:at]) is not None
        and _BEHIND_A_NAME.match(text, at + len(word)) is None
        for at, word in words_at(text)
    )


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


def _row(module: ModuleReport, found: _AtFault) -> DeclarationReport:
    stands, fault = found.stands, found.fault
    name = f"{module.module}.example:{stands.line}"
    return DeclarationReport(
        name=name,
        group=module.module,
        upstream=None,
        kind="example",
        status="rejected",
        reason=fault.reason if found.constant is None else f"{fault.reason}, below {found.constant}",
        code=fault.code,
        cause=Cause(name=name, place=place_of(stands, fault.code, word=found.word)),
        source=stands,
        standing="not accepted",
    )
