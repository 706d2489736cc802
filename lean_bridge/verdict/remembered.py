"""What Lean and the second kernel answered in earlier runs, kept by everything that they were asked about.

Kept is what foreign processes take long to say, with what we computed to ask them: certificates with their
graphs, numbers over GF(p), comparisons, source positions, the second kernel's acceptance; and only where all
of it was there and accepted: no absence, no limit, no refusal is ever remembered. What a library is judged by
besides (its audit, its pins, the words of its statements) is looked at in every run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError, model_validator

from lean_bridge.program import judge_digest
from lean_bridge.sealed import Seal
from lean_bridge.toolchain.location import cache_directory, where_kept
from pybind_models import Certification, CheckResult, DGraph, FieldEvidence, Model, Witness
from pybind_models.report import Source


class Answer(Model):
    """Something that was said of one declaration, or of one module."""

    name: str


class KernelAnswers(Model):
    """What the second kernel accepted."""

    label: str
    declarations: tuple[str, ...]
    equations: tuple[str, ...]


class GraphAnswers(Answer):
    """What was said of one graph."""

    graph: DGraph
    """As it was extracted, and certified to be the declared one."""
    certification: Certification
    finite_field: FieldEvidence
    checks: tuple[CheckResult, ...]
    seconds: float
    kernel: KernelAnswers | None
    """Of the theorems about it; nothing where there was no second kernel."""

    @model_validator(mode="after")
    def _is_complete(self) -> GraphAnswers:
        outcomes = {check.outcome for check in self.checks}
        if (self.certification.outcome, self.finite_field.outcome) != ("certified", "certified"):
            raise ValueError("kept is only what Lean certified")
        if "failed" in outcomes or "passed" not in outcomes:
            raise ValueError("kept is only what agrees")
        return self


class WitnessAnswers(Answer):
    """What one theorem was met by."""

    model: tuple[str, ...]
    """What the catalogue named for it, which is not in the compiled files, as is ``open``."""
    open: dict[str, str]
    witness: Witness
    kernel: KernelAnswers | None
    """Of the theorem that applies it; nothing where there was no second kernel."""

    @model_validator(mode="after")
    def _is_complete(self) -> WitnessAnswers:
        if self.witness.detail is not None:
            raise ValueError("kept is only what is met, or open")
        return self


class ModuleAnswers(Answer):
    """What was said of the declarations of one module."""

    kernel: KernelAnswers | None
    """Of all of them; nothing where there was no second kernel, or it did not accept one."""
    sources: dict[str, Source]
    """Where catalogued ones stand."""


class _Stamp(Model):
    """What an answer was given about."""

    compiled: str
    """The digest of what was compiled of the modules that it rests on."""
    helped: str
    """The digest of what else was compiled, of which it made use; what is not compiled now does not count."""
    beside: dict[str, str]
    """The keys of all modules whose code could run while it was given, if Lean's kernel alone gave it."""


AnswerT = TypeVar("AnswerT", bound=Answer)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was answered in earlier runs, about exactly the files that are there now."""

    graphs: Mapping[str, GraphAnswers] = field(default_factory=dict)
    modules: Mapping[str, ModuleAnswers] = field(default_factory=dict)
    witnesses: Mapping[str, WitnessAnswers] = field(default_factory=dict)


class Memory:
    """The answers of earlier runs about one library.

    An answer is kept by what it is about and by the sources, options and Lean of the modules that this rests
    on, by this very version of the tool. It is read before the code of these sources runs, and holds if they
    were compiled to the same files again.
    """

    def __init__(self, seal: Seal, keys: Mapping[str, str], *, reads: bool = True) -> None:
        self._seal = seal
        self._keys = keys
        self._reads = reads
        self._tool = judge_digest()
        self._bases: dict[tuple[type[Answer], str], tuple[str, ...]] = {}
        self._helpers: dict[tuple[type[Answer], str], tuple[str, ...]] = {}
        self._found: dict[tuple[type[Answer], str], tuple[_Stamp, Answer]] = {}
        self._digest_of: Callable[[str], str] | None = None
        self._refused: frozenset[str] = frozenset()

    def look_up(
        self, kind: type[Answer], name: str, modules: Iterable[str], helpers: Collection[str] = ()
    ) -> None:
        """Read what was answered about something that rests on modules, before their code runs.

        ``helpers`` are other modules with which it was answered: they have to be what they were as far as
        they are compiled at all.
        """
        assert self._digest_of is None, "code of the library may have run"
        self._bases[kind, name] = tuple(sorted(modules))
        self._helpers[kind, name] = tuple(sorted(set(helpers).difference(self._bases[kind, name])))
        if not self._reads:
            return
        path, context = where_kept("answers", self._key(kind, name)), self._context(kind, name)
        said = self._seal.kept(path, context)
        if said is None:
            return
        stamp, _, answer = said.partition(b"\n")
        with suppress(ValidationError, OSError):
            self._found[kind, name] = _Stamp.model_validate_json(stamp), kind.model_validate_json(answer)
            os.utime(path)  # used: what was not for longest is pruned first

    def settle(self, digest_of: Callable[[str], str], refused: Iterable[str] = ()) -> None:
        """Go on with what was compiled; nothing is read any more.

        ``digest_of`` gives the digest of what is judged of a module: of the bytes that were read of it, as
        its files may be others by now. Of what rests on modules that were to be compiled and were not,
        ``refused``, nothing is recalled, and nothing is kept.
        """
        self._digest_of = digest_of
        self._refused = frozenset(refused)

    def recall(self, kind: type[AnswerT], name: str, declared_in: Collection[str] = ()) -> AnswerT | None:
        """Return what was answered, if it is about what is compiled, and declared in what it rests on."""
        found = self._found.get((kind, name)) if self._is_whole(kind, name) else None
        if found is None or not set(self._bases[kind, name]).issuperset(declared_in):
            return None
        stamp, answer = found
        helpers = self._helpers[kind, name]
        holds = (
            stamp.compiled == self._compiled(self._bases[kind, name])
            and (stamp.helped == self._compiled(helpers) or not all(map(self._digest, helpers)))
            and all(self._keys.get(module) == key for module, key in stamp.beside.items())
        )
        return answer if holds and isinstance(answer, kind) and answer.name == name else None

    def remember(self, answer: Answer, declared_in: Collection[str], beside: Collection[str] = ()) -> None:
        """Keep an answer about what is declared in modules, if there is a seal and a place.

        Where no second kernel confirms it, ``beside`` are all modules whose code may have been there.
        """
        kind = type(answer)
        is_known = (kind, answer.name) in self._bases and self._is_whole(kind, answer.name)
        if is_known and declared_in and set(self._bases[kind, answer.name]).issuperset(declared_in):
            keys = {module: self._keys[module] for module in beside}
            stamp = _Stamp(
                compiled=self._compiled(self._bases[kind, answer.name]),
                helped=self._compiled(self._helpers[kind, answer.name]),
                beside=keys,
            )
            payload = f"{stamp.model_dump_json()}\n{answer.model_dump_json()}".encode()
            self._seal.keep(self.path(kind, answer.name), self._context(kind, answer.name), payload)

    def path(self, kind: type[Answer], name: str) -> Path:
        """Return where the answer about something that was looked up is kept."""
        return cache_directory() / "answers" / self._key(kind, name)

    def _key(self, kind: type[Answer], name: str) -> str:
        keys = (self._keys[module] for module in (*self._bases[kind, name], *self._helpers[kind, name]))
        return _digest([kind.__name__, name, self._tool, *keys])

    def _context(self, kind: type[Answer], name: str) -> str:
        return f"answers {self._key(kind, name)}"

    def _is_whole(self, kind: type[Answer], name: str) -> bool:
        rests_on = (*self._bases.get((kind, name), ()), *self._helpers.get((kind, name), ()))
        return self._refused.isdisjoint(rests_on)

    def _compiled(self, modules: Iterable[str]) -> str:
        return _digest(each for module in modules for each in (module, self._digest(module)))

    def _digest(self, module: str) -> str:
        """Return the digest of what is compiled of a module; nothing, if it is not."""
        assert self._digest_of is not None, "nothing was compiled"
        return self._digest_of(module)


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()
