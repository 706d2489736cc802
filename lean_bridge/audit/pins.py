"""Pins declarations to what they say now, and says what is no longer as pinned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lean_bridge.audit.audit import declaration_fault
from lean_bridge.audit.axioms import STANDARD_AXIOMS
from lean_bridge.audit.reading import Reading
from lean_bridge.audit.stumbles import Unread, why_not_found
from lean_bridge.codes import Code
from lean_bridge.errors import DeclarationNotFound, Rejected
from lean_bridge.names import listed
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from pybind_models import DGraph, Pin
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.manifest import Manifest, PinnedDeclaration

NO_MANIFEST = "not pinned: the library has no manifest (certified.toml)"
"""Why nothing is pinned in a library without a manifest."""

_AGAIN = "read what it says and run `lean-bridge pin`"
_CONTEXT = 120
"""How many letters of a text are shown on either side of where it differs."""


def pin_declarations(
    environment: Environment,
    catalogue: Catalogue,
    graphs: Mapping[Name, DGraph],
    unread: Unread | None = None,
    *,
    reading: Reading | None = None,
) -> Manifest:
    """Return the manifest of a catalogue's declarations as they are now, with the graphs extracted from them.

    ``unread`` are sources of the project that no library of it has; ``reading`` is of the environment, if
    there is one already.
    Raises: DeclarationNotFound; Rejected where a declaration is not what the catalogue says, or rests on what
    is not allowed, or a graph was not extracted: what is not accepted is not pinned.
    """
    reading = reading or Reading(environment)
    hashes, collector = reading.hashes, reading.collector
    pinned: list[PinnedDeclaration] = []
    definitions: dict[Name, str] = {}
    for entry in sorted(catalogue.declarations, key=lambda entry: entry.name):
        name = entry.name
        constant = environment.constant(name)
        if constant is None:
            why = why_not_found(name, environment, unread)
            raise DeclarationNotFound(name, f"{name} cannot be pinned: {why}")
        foundation = collector.collect(name)
        fault = declaration_fault(entry, constant, environment, foundation)
        if fault:
            raise Rejected(f"{name} cannot be pinned: {fault.reason}", code=fault.code)
        if entry.graph and name not in graphs:
            raise Rejected(f"{name} cannot be pinned: no graph was extracted from it", code=Code.NOT_PINNED)
        for reached in (name, *hashes.underneath(name)):
            definitions.setdefault(reached, hashes.own_hash(reached))
        pinned.append(
            PinnedDeclaration(
                name=name,
                kind=entry.kind,
                statement=reading.statement(name),
                axioms=foundation.axioms,
                hash=hashes.hash(name),
                own=reading.own(name),
                graph=graph_hash(graphs[name]) if entry.graph else None,
            )
        )
    return Manifest(
        lean=_lean_version(environment, pinned[0].name),
        declaration=tuple(pinned),
        definitions=dict(sorted(definitions.items())),
        words={name: text for name in sorted(definitions) if (text := reading.word(name)) is not None},
    )


def check_pins(
    environment: Environment,
    catalogue: Catalogue,
    manifest: Manifest | None,
    graphs: Mapping[Name, DGraph],
    *,
    known: Collection[Name] | None = None,
    reading: Reading | None = None,
    unpinned: bool = False,
) -> dict[Name, tuple[Pin, Code | None]]:
    """Return of each catalogued declaration whether it is as pinned, and the code of what is not.

    ``graphs`` are those extracted. ``known`` are the names of the whole catalogue, where ``catalogue`` is a
    selection of it; what is pinned but not known is returned too, as drift. What is not in the manifest, and
    without one that is everything, is not pinned: it has no code only with ``unpinned``, which lets it pass.
    ``reading`` is of the environment, if there is one already.
    """
    pinned = {declaration.name: declaration for declaration in manifest.declarations} if manifest else {}
    checker = _Checker(reading or Reading(environment), manifest)
    absent = Pin(
        outcome="not pinned",
        hash="",
        change="not pinned: it is not in the manifest" if manifest else NO_MANIFEST,
    )
    checked: dict[Name, tuple[Pin, Code | None]] = {}
    for entry in catalogue.declarations:
        checked[entry.name] = (
            checker.check(entry, pinned[entry.name], graphs.get(entry.name))
            if entry.name in pinned
            else (absent.replaced(hash=checker.hash(entry.name)), None if unpinned else Code.NOT_PINNED)
        )
    names = {entry.name for entry in catalogue.declarations} if known is None else known
    for name, declaration in pinned.items():
        if name not in names:
            change = "pinned, but no longer in the catalogue"
            checked[name] = Pin(outcome="drifted", hash=declaration.hash, change=change), Code.MISSING
    for name in checker.strays(pinned):
        change = f"the manifest says what {name} is, which is no word of what is pinned"
        checked.setdefault(name, (Pin(outcome="drifted", hash="", change=change), Code.STATEMENT_TEXT))
    return checked


def graph_hash(graph: DGraph) -> str:
    """Return the hash of a graph's JSON with sorted keys."""
    return graph.digest


class _Checker:
    """Holds the declarations of one environment against what was pinned."""

    def __init__(self, reading: Reading, manifest: Manifest | None) -> None:
        self._environment = reading.environment
        self._definitions = manifest.definitions if manifest else {}
        self._words = manifest.words if manifest else {}
        self._hashes = reading.hashes
        self._reading = reading
        self._collector = reading.collector

    def hash(self, name: Name) -> str:
        """Return a constant's hash, or nothing where there is no such constant."""
        return self._hashes.hash(name) if name in self._environment else ""

    def strays(self, pinned: Collection[Name]) -> tuple[Name, ...]:
        """Return what the manifest explains that is neither a pinned theorem's nor underneath what is pinned.

        Nothing is one as long as a pinned declaration is not there.
        """
        if not self._words or not all(name in self._environment for name in pinned):
            return ()
        reached = {each for name in pinned for each in self._hashes.underneath(name)}
        return tuple(sorted(set(self._words) - reached - set(pinned)))

    def check(
        self, entry: CatalogueEntry, pinned: PinnedDeclaration, graph: DGraph | None
    ) -> tuple[Pin, Code | None]:
        """Return whether a pinned declaration is as it was, and the code of what is not."""
        found = self.hash(entry.name)
        if found and pinned.graph and entry.graph and graph is None:
            change = "no graph was extracted to compare with the pinned one"
            return Pin(outcome="not pinned", hash=found, change=change), Code.NOT_PINNED
        drift = (
            self._drift(pinned, found)
            or self._graph_drift(entry, pinned, graph)
            or self._growth(pinned)
            or self._other_text(pinned)
        )
        if drift is None:
            return Pin(outcome="matches", hash=found), None
        change, code = drift
        changed = self._changed_underneath(pinned) if found and found != pinned.hash else ()
        is_below = code is Code.DEFINITION_DRIFT and bool(changed)
        return Pin(
            outcome="drifted",
            hash=found or pinned.hash,
            change=change,
            underneath=changed[0] if is_below else None,
        ), code

    def _drift(self, pinned: PinnedDeclaration, found: str) -> tuple[str, Code] | None:
        """Return what changed in a declaration or underneath it."""
        if not found:
            return "pinned, but no compiled module defines it", Code.MISSING
        if found == pinned.hash:
            return None
        if self._hashes.own_hash(pinned.name) != self._definitions[pinned.name]:
            return self._statement_change(pinned), Code.STATEMENT_DRIFT
        return self._change_underneath(pinned), Code.DEFINITION_DRIFT

    def _statement_change(self, pinned: PinnedDeclaration) -> str:
        name = pinned.name
        constant = self._environment.constant(name)
        assert constant is not None
        kind = self._environment.original_kind(name)
        if kind != pinned.kind:
            return f"pinned as a {pinned.kind}, found: {kind}"
        statement = self._reading.statement(name)
        unpinned = [new for new in self._hashes.underneath(name) if new not in self._definitions]
        named = f"; new in it: {listed(unpinned)}" if unpinned else ""
        if statement != pinned.statement:
            return f"the statement was: {pinned.statement} -- and is: {statement}{named}"
        if kind != "theorem":
            return f"its body changed; its type still reads: {statement}"
        return (
            f"the statement still reads: {statement} -- but differs in implicit arguments, instances or "
            f"universes{named}"
        )

    def _change_underneath(self, pinned: PinnedDeclaration) -> str:
        parents, changed = self._hashes.underneath(pinned.name), self._changed_underneath(pinned)
        if not changed:
            return "the pinned hashes do not belong together: the manifest was edited"
        path = [changed[0]]
        while path[-1] != pinned.name:
            path.append(parents[path[-1]])
        was, now = self._definitions.get(path[0]), self._hashes.own_hash(path[0])
        told = f"changed (was {was[:12]}, is {now[:12]})" if was else "is new"
        others = f"; changed too: {listed(changed[1:])}" if len(changed) > 1 else ""
        return f"{path[0]} {told}, below it: {' → '.join(reversed(path))}{others}"

    def _changed_underneath(self, pinned: PinnedDeclaration) -> Sequence[Name]:
        """Return what a pinned declaration rests on that is not as pinned, the nearest first."""
        return [
            name
            for name in self._hashes.underneath(pinned.name)
            if self._definitions.get(name) != self._hashes.own_hash(name)
        ]

    def _graph_drift(
        self, entry: CatalogueEntry, pinned: PinnedDeclaration, graph: DGraph | None
    ) -> tuple[str, Code] | None:
        if entry.graph != (pinned.graph is not None):
            now, before = ("a graph", "none") if entry.graph else ("none", "a graph")
            return f"catalogued as {now}, pinned as {before}", Code.STATEMENT_DRIFT
        if graph is None or graph_hash(graph) == pinned.graph:
            return None
        return (
            "its definition is as pinned, but the extracted graph is another one: the names of its entries "
            f"({entry.name}.names), or the extraction",
            Code.DEFINITION_DRIFT,
        )

    def _growth(self, pinned: PinnedDeclaration) -> tuple[str, Code] | None:
        """Return the axioms that were not there when the declaration was pinned."""
        grown = sorted(set(self._collector.collect(pinned.name).axioms) - set(pinned.axioms))
        if not grown:
            return None
        allowed = listed(pinned.axioms) or "none"
        return f"rests on {listed(grown)}; pinned with the axioms: {allowed}", Code.AXIOM

    def _other_text(self, pinned: PinnedDeclaration) -> tuple[str, Code] | None:
        """Return what a manifest with the right hash has people read that the declaration does not say."""
        name, reading = pinned.name, self._reading
        statement = reading.statement(name)
        if statement != pinned.statement:
            return f"the manifest says: {_apart(pinned.statement, statement)}", Code.STATEMENT_TEXT
        kind = self._environment.original_kind(name)
        if kind != pinned.kind:
            return f"the manifest says: {pinned.kind} -- and it is: {kind}", Code.STATEMENT_TEXT
        if beyond := sorted(set(pinned.axioms) - STANDARD_AXIOMS - set(self._collector.collect(name).axioms)):
            return (
                f"the manifest lets it rest on {listed(beyond)}, on which it does not",
                Code.STATEMENT_TEXT,
            )
        words = [name, *self._hashes.underneath(name)]
        if not self._words and (unsaid := [each for each in words if reading.word(each) is not None]):
            change = f"the manifest is of an older form, which does not say what {unsaid[0]} is; {_AGAIN}"
            return change, Code.STATEMENT_TEXT
        if name in self._words and reading.word(name) is None:
            return f"the manifest explains a theorem: {self._words[name]}", Code.STATEMENT_TEXT
        if reading.own(name) != pinned.own:
            told, found = (listed(own) if own else "none" for own in (pinned.own, reading.own(name)))
            return (
                f"the manifest says, of words of its own: {told} -- and it has: {found}",
                Code.STATEMENT_TEXT,
            )
        for word in words:
            text, written = reading.word(word), self._words.get(word)
            if text is not None and text != written:
                return f"of {word} the manifest says: {_apart(written, text)}", Code.STATEMENT_TEXT
        return None


def _apart(was: str | None, now: str) -> str:
    """Return two texts from where they begin to differ."""
    was = was or "nothing"
    common = next(
        (at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now))
    )
    start = max(0, common - _CONTEXT)
    shown = (
        ("…" if start else "")
        + text[start : common + _CONTEXT]
        + ("…" if len(text) > common + _CONTEXT else "")
        for text in (was, now)
    )
    return " -- and it reads: ".join(shown)


def _lean_version(environment: Environment, name: Name) -> str:
    module = environment.module_of(name)
    assert module is not None
    return environment.module(module).lean_version
