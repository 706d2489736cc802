"""Elaborates one file against a compiled library, and answers ``#print axioms`` where Lean refuses to."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.build.as_module import cannot_be_turned, handed, refused_import
from lean_bridge.build.declared import Options
from lean_bridge.build.header import Import, parse_header
from lean_bridge.build.store import placed
from lean_bridge.library.leans_own import library_names
from lean_bridge.names import module_name, private_name
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.toolchain.limits import limit_met, refuses_to_print_axioms
from lean_bridge.toolchain.provider import Elaboration, Job, Provider
from pybind_models import Diagnostic
from pybind_models.report import Severity

_QUESTION: Final = re.compile(r"#print\s+axioms\s+(?P<name>[^\s]+)")
_MEANT: Final = re.compile(r"@?(?P<name>(?:«[^»]*»|[^\s«».]+|\.(?!\{))+)")
_ASKS: Final = "set_option pp.fullNames true in "
"""What precedes ``#check``, by which Lean says which constant a name stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A file to elaborate, as it was read."""

    file: str
    """As messages name it."""
    content: bytes
    path: Path
    """Where it lies below the root that gives its module a name."""
    compiled: Path
    """The directory of the compiled library."""
    ordinary: frozenset[Name]
    """Its modules whose files have no ``module``, and that Lean was handed as such."""
    options: Options = ()
    """The Lean options that the lakefile sets for it."""
    refused: Mapping[Name, str | None] = field(default_factory=dict)
    """The modules of the library that are not compiled, with the limit of this Lean, where that is why."""

    @property
    def is_module(self) -> bool:
        """Whether it begins with ``module``."""
        return parse_header(self.content.decode("utf-8", "replace")).is_module

    @property
    def imports(self) -> tuple[Import, ...]:
        """What it says that it imports."""
        return parse_header(self.content.decode("utf-8", "replace")).imports

    @property
    def module(self) -> Name:
        """The name of its module."""
        return module_name([*self.path.parts[:-1], self.path.stem])


def elaborate(scratch: Scratch, provider: Provider, *, time_limit: float) -> Elaboration:
    """Return what Lean says of a file, with answers where it refuses to print axioms.

    Lean refuses to in a file that begins with ``module``, and the embedded Lean in every file. Lean itself
    says which constant is meant; what it rests on is read from the compiled file. The embedded Lean is handed
    any other file as a module, as the files of a library are, and no module imports such a file.
    Raises: ToolchainError if Lean gives no answer; OleanError if what it wrote does not go with the library.
    """
    why = cannot_be_turned(scratch, provider.info) or _limited_import(scratch)
    told = (refused_import(scratch, scratch.ordinary), *_unknown_imports(scratch, provider))
    said = tuple(each for each in told if each is not None)
    if why is not None or said:
        return Elaboration(
            source=Path(scratch.file), ok=False, seconds=0.0, diagnostics=said, artifacts=(), limit=why
        )
    with (
        tempfile.TemporaryDirectory() as directory,
        provider.pool(1, time_limit=time_limit) as pool,
    ):
        root, out = Path(directory) / "source", Path(directory) / "compiled"

        def run(content: bytes) -> Elaboration:
            source, olean = root / scratch.path, out / scratch.path.with_suffix(".olean")
            for path in (source, olean):
                path.parent.mkdir(parents=True, exist_ok=True)
            text = handed(replace(scratch, content=content), provider.info)
            source.write_bytes(text.content)
            job = Job(
                source=source,
                root=root,
                search_path=(scratch.compiled,),
                olean=olean,
                options=scratch.options,
            )
            found = pool.elaborate(job)
            named = tuple(text.told(each.replaced(file=scratch.file)) for each in found.diagnostics)
            return replace(found, source=Path(scratch.file), diagnostics=named, as_module=text.is_turned)

        elaboration = run(scratch.content)
        asked = [each for each in elaboration.diagnostics if refuses_to_print_axioms(each)]
        text = scratch.content.decode("utf-8", "replace")
        if asked and (questions := _questions(text, asked)):
            elaboration = run(_asking(text, questions).encode())
            environment = None
            if elaboration.ok:
                search = [
                    out,
                    scratch.compiled,
                ]  # the file's own module, whatever the library has of that name
                names = library_names(provider)
                environment = Environment(search, library=provider.library, library_names=names)
                environment.load(scratch.module)
            at = min((each.line for each in elaboration.diagnostics if each.severity == "error"), default=1)
            answers = _Answers(environment, scratch.module, f"{scratch.file}:{at}")
            diagnostics = tuple(answers.to(each, questions) for each in elaboration.diagnostics)
            elaboration = replace(elaboration, diagnostics=diagnostics)
        limit = limit_met(
            scratch.file,
            text,
            elaboration.diagnostics,
            toolchain=provider.info,
            is_module=scratch.is_module,
        )
        return replace(elaboration, artifacts=(), limit=None if elaboration.ok else limit)


def _unknown_imports(scratch: Scratch, provider: Provider) -> Iterator[Diagnostic]:
    """Yield an error at each import that leads nowhere, for which Lean would name where it is kept here."""
    for each in scratch.imports:
        there = (
            placed(directory, each.module, ".olean") for directory in (scratch.compiled, provider.library)
        )
        if any(path.is_file() for path in there):
            continue
        text = f"imports {each.module}, which is neither in this library nor in Lean's"
        if each.module in scratch.refused:
            text = f"imports {each.module}, which is not compiled; run `lean-bridge build` for why"
        yield Diagnostic(file=scratch.file, line=each.line, column=0, severity="error", text=text)


def _limited_import(scratch: Scratch) -> str | None:
    """Return which import is of a module that this Lean cannot compile, and why, where and with the mend."""
    for each in scratch.imports:
        if (limit := scratch.refused.get(each.module)) is not None:
            return f"{scratch.file}:{each.line}: imports {each.module}, which is not compiled: {limit}"
    return None


@dataclass(frozen=True, slots=True)
class _Question:
    """One ``#print axioms``, and where Lean's answer to what takes its place will stand."""

    start: int
    end: int
    name: str
    line: int
    column: int
    asked_at: int
    """The column of ``#check``."""


def _questions(text: str, refusals: Iterable[Diagnostic]) -> list[_Question]:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: list[_Question] = []
    shifts: dict[int, int] = {}
    for refusal in sorted(refusals, key=lambda each: (each.line, each.column)):
        start = starts[refusal.line - 1] + refusal.column
        match = _QUESTION.match(text, start)
        if match is None or "\n" in match[0]:
            continue
        at = refusal.column + shifts.get(refusal.line, 0) + len(_ASKS)
        found.append(_Question(start, match.end(), match["name"], refusal.line, refusal.column, at))
        shifts[refusal.line] = shifts.get(refusal.line, 0) + len(_check(match["name"])) - len(match[0])
    return found


def _check(name: str) -> str:
    return f"{_ASKS}#check @{name}"


def _asking(text: str, questions: Sequence[_Question]) -> str:
    parts, at = [], 0
    for question in questions:
        parts += [text[at : question.start], _check(question.name)]
        at = question.end
    return "".join([*parts, text[at:]])


@dataclass(frozen=True, slots=True)
class _Answers:
    """Answers questions from a compiled file, or says that it was not compiled."""

    environment: Environment | None
    module: Name
    refused_at: str
    """Where the first error stands, where there is no compiled file."""

    def to(self, said: Diagnostic, questions: Sequence[_Question]) -> Diagnostic:
        """Return a message as it would stand in the file as it was written, and an answer in its place."""
        for question in reversed(questions):
            shift = question.asked_at - len(_ASKS) - question.column
            if said.line != question.line or said.column < question.column + shift:
                continue
            if said.column > question.asked_at + len(f"#check @{question.name}"):
                moved = shift + len(_check(question.name)) - (question.end - question.start)
                return said.replaced(column=said.column - moved)
            if said.column != question.asked_at or said.severity != "information":
                return said.replaced(column=question.column)
            severity, text = self._answer(question.name, said.text)
            return said.replaced(column=question.column, severity=severity, text=text)
        return said

    def _answer(self, asked: str, said: str) -> tuple[Severity, str]:
        meant = _MEANT.match(said)
        if self.environment is None:
            return "warning", (
                f"what '{asked}' depends on is not told, as Lean refuses this file at {self.refused_at}"
            )
        shown = meant["name"] if meant is not None else asked
        known = [name for name in (shown, private_name(self.module, shown)) if name in self.environment]
        if len(known) != 1:
            why = "two declarations have this name" if known else "no compiled module declares it"
            return "warning", f"what '{asked}' depends on is not told: {why}"
        found = AxiomCollector(self.environment).collect(known[0])
        axioms = sorted(found.axioms, key=lambda name: (name.count("."), name))
        taken = len(found.library_theorems)
        if axioms:
            text = f"'{shown}' depends on axioms: [{', '.join(axioms)}]"
        else:
            text = f"'{shown}' does not depend on any axioms" + (" that are seen" if taken else "")
        if taken:
            theorems = "a theorem" if taken == 1 else f"{taken} theorems"
            text += f"; below it, {theorems} of Lean's library without proof, which nothing here can follow"
        return "information", text
