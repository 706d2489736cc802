"""What a declaration rests on: the constants it reaches in types and bodies, and the axioms among them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lean_bridge.audit.closure import Closures
from lean_bridge.codes import Code
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.olean.outline import Outline

STANDARD_AXIOMS: frozenset[Name] = frozenset({"propext", "Quot.sound", "Classical.choice"})
"""What a proof may rest on; they count only where Lean's own library declares them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something may not be rested on."""

    code: Code
    reason: str


_NATIVE = Fault(Code.COMPILED_CODE, "native_decide, which trusts compiled code")
FAULTY_AXIOMS = {
    "sorryAx": Fault(Code.SORRY, "sorry"),
    "Lean.ofReduceBool": _NATIVE,
    "Lean.ofReduceNat": _NATIVE,
    "Lean.trustCompiler": Fault(Code.COMPILED_CODE, "compiled code, which no kernel checks"),
}

_SUBSTITUTES = (
    ("Lean.Compiler.implementedByAttr", "implemented_by something else"),
    ("Lean.externAttr", "implemented by foreign code (extern)"),
)
"""Attributes, by their extensions, under which compiled code is not what the kernel saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What one declaration rests on."""

    axioms: tuple[Name, ...]
    """Every axiom reached, sorted."""
    library_theorems: tuple[Name, ...]
    """What is reached of Lean's own library and has no body in its compiled files, sorted."""
    declarations: int
    """How many constants outside Lean's own library were followed, the declaration itself included."""
    path: tuple[Name, ...] = ()
    """A shortest chain of constants from the declaration to what is not allowed; empty if all is."""
    fault: Fault | None = None
    """Why the end of ``path`` is not allowed."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """One constant as the search met it."""

    role: Literal["own", "library", "axiom", "hidden", "undefined"]
    names: tuple[Name, ...] = ()
    """What to follow from here."""
    fault: Fault | None = None


class AxiomCollector:
    """Follows declarations of one environment; what one search has decoded the next one finds ready."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._reached: dict[Name, _Reached] = {}
        self._foundations: dict[Name, Foundation] = {}
        self._closures: Closures[Name] = Closures(lambda name: self._reach(name).names)
        self._roles: defaultdict[str, int] = defaultdict(int)
        """The bits of what was met in each role."""
        self._met: defaultdict[str, list[tuple[Name, int]]] = defaultdict(list)
        """What was met in each role, with its bit."""
        self._faulty = 0
        self._substituted: dict[Name, dict[Name, Fault]] = {}

    def collect(self, name: Name) -> Foundation:
        """Return what a declaration of the environment rests on.

        The search is breadth first, so the chain to the first thing that is not allowed is a shortest one.
        """
        found = self._foundations.get(name)
        if found is None:
            found = self._foundations[name] = self._sound(name) or self._search(name)
        return found

    def paths(self, name: Name) -> tuple[tuple[Name, ...], ...]:
        """Return a shortest chain of constants from a declaration to each axiom that it rests on, sorted."""
        return tuple(self._path(name, axiom) for axiom in self.collect(name).axioms)

    def _path(self, name: Name, axiom: Name) -> tuple[Name, ...]:
        """Return a shortest chain from a declaration to an axiom that it reaches, through what reaches it."""
        bit = self._closures.bit(axiom)
        parents: dict[Name, Name | None] = {name: None}
        order = deque([name])
        while axiom not in parents:
            at = order.popleft()
            for mentioned in self._reach(at).names:
                if mentioned not in parents and self._closures.of(mentioned) & bit:
                    parents[mentioned] = at
                    order.append(mentioned)
        return _chain(parents, axiom)

    def own_fault(self, name: Name) -> Fault | None:
        """Return why a declaration may not be rested on, for what it is or mentions itself."""
        reached = self._reach(name)
        if reached.fault is not None:
            return reached.fault
        return next((self._reach(each).fault for each in reached.names if each in FAULTY_AXIOMS), None)

    def _sound(self, name: Name) -> Foundation | None:
        """Return what a declaration rests on if nothing of it is at fault: then no path has to be known."""
        reached = self._closures.of(name)
        roles = self._roles
        if reached & (self._faulty | roles["undefined"]):
            return None
        return Foundation(
            axioms=self._named(reached, "axiom"),
            library_theorems=self._named(reached, "hidden"),
            declarations=(reached & roles["own"]).bit_count(),
        )

    def _named(self, reached: int, role: str) -> tuple[Name, ...]:
        """Return what is reached in a role, sorted."""
        return tuple(sorted([name for name, bit in self._met[role] if reached & bit]))

    def _search(self, name: Name) -> Foundation:
        parents: dict[Name, Name | None] = {name: None}
        by_role: dict[str, list[Name]] = {}
        culprit: Name | None = None
        culprit_fault: Fault | None = None
        order = deque([name])
        while order:
            at = order.popleft()
            reached = self._reach(at)
            by_role.setdefault(reached.role, []).append(at)
            fault = reached.fault or (
                self._undefined_fault(parents[at]) if reached.role == "undefined" else None
            )
            if fault and culprit is None:
                culprit, culprit_fault = at, fault
            for mentioned in reached.names:
                if mentioned not in parents:
                    parents[mentioned] = at
                    order.append(mentioned)
        hidden = by_role.get("hidden", []) + by_role.get("undefined", [])
        return Foundation(
            axioms=tuple(sorted(by_role.get("axiom", []))),
            library_theorems=tuple(sorted(hidden)),
            declarations=len(by_role.get("own", [])),
            path=_chain(parents, culprit),
            fault=culprit_fault,
        )

    def _reach(self, name: Name) -> _Reached:
        reached = self._reached.get(name)
        if reached is None:
            reached = self._reached[name] = self._judge(name)
            bit = self._closures.bit(name)
            self._roles[reached.role] |= bit
            self._met[reached.role].append((name, bit))
            if reached.fault:
                self._faulty |= bit
        return reached

    def _undefined_fault(self, parent: Name | None) -> Fault | None:
        # Lean's own exported files leave private names dangling; Lean cannot have checked a file of ours so
        if parent is not None and self._reach(parent).role == "own":
            return Fault(Code.MISSING, "no compiled module defines it")
        return None

    def _judge(self, name: Name) -> _Reached:
        environment = self._environment
        # two modules may each prove one statement: which of the proofs an importer means, no file tells
        definitions = environment.outlines(name)
        if not definitions:
            return _Reached("undefined")
        module, meant = definitions[0]
        names = meant.mentions
        if len(definitions) > 1:
            names = tuple(sorted({each for _, version in definitions for each in version.mentions}))
        is_library = environment.is_library(module)
        for definer, version in definitions:
            if fault := self._version_fault(definer, version):
                return _Reached("own", names, fault)
        if meant.kind == "axiom":
            if meant.original_kind == "axiom":
                return _Reached("axiom", names, _axiom_fault(name, module, is_library))
            return _Reached("hidden", names)
        fault = None if meant.safety == "safe" else Fault(Code.UNSAFE, f"it is {meant.safety}")
        fault = fault or self._replaced.get(name)
        if is_library:
            return _Reached("library", names, fault)
        marks = (self.substitutions(definer).get(name) for definer, _ in definitions)
        return _Reached("own", names, fault or next(filter(None, marks), None))

    def _version_fault(self, module: Name, version: Outline) -> Fault | None:
        """Return why one module's version of a constant may not be rested on, whatever the others say."""
        environment = self._environment
        if environment.is_library(module):
            own = environment.own_among(version.mentions)
            if not own:
                return None
            told = f"{own[0]}, which {environment.module_of(own[0])} declares"
            reason = f"Lean's own module {module} mentions {told}"
            return Fault(Code.DEFINED_TWICE, reason)
        if version.kind == "axiom" and version.original_kind != "axiom":
            return Fault(Code.BODY_HIDDEN, f"its body is not in the compiled files of module {module}")
        return None

    @cached_property
    def _replaced(self) -> Mapping[Name, Fault]:
        """The constants that csimp lemmas outside Lean's own library replace in compiled code."""
        environment = self._environment
        own = (name for name in environment.modules if not environment.is_library(name))
        return {
            name: Fault(Code.SUBSTITUTED, f"it is replaced by {by} in compiled code (csimp)")
            for module in own
            for name, by in environment.module(module).replacements.items()
        }

    def substitutions(self, module: Name) -> Mapping[Name, Fault]:
        """Return the constants of a module whose compiled code is not their definition, with the reason."""
        found = self._substituted.get(module)
        if found is None:
            compiled = self._environment.module(module)
            found = {
                name: Fault(Code.SUBSTITUTED, f"it is {text}")
                for extension, text in _SUBSTITUTES
                for name in compiled.marked(extension)
            }
            suffix = "._unsafe_rec"
            for name in compiled.constant_names:
                source = name.removesuffix(suffix)
                if source != name and source in compiled and compiled.constant(source).kind == "opaque":
                    found[source] = Fault(Code.UNSAFE, "it is partial")
            self._substituted[module] = found
        return found


def _axiom_fault(name: Name, module: Name, is_library: bool) -> Fault | None:
    if name in STANDARD_AXIOMS and is_library:
        return None
    if name in STANDARD_AXIOMS:
        return Fault(Code.AXIOM, f"an axiom of that name is declared in {module}, which is not part of Lean")
    return FAULTY_AXIOMS.get(name, Fault(Code.AXIOM, f"an axiom of module {module}"))


def _chain(parents: Mapping[Name, Name | None], end: Name | None) -> tuple[Name, ...]:
    chain: list[Name] = []
    while end is not None:
        chain.append(end)
        end = parents[end]
    return tuple(reversed(chain))
