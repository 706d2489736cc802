"""What a library's pinned declarations say and rest on, worked out from its content and nothing else.

Independent of the audit, the structural hashes and the environment: those are what is held against it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    BVar,
    Const,
    Constant,
    ConstantKind,
    Expr,
    Level,
    LIMax,
    Lit,
    LMax,
    LParam,
    LSucc,
    LZero,
    MData,
    Name,
    Pi,
    Proj,
    Sort,
    parts,
    spine,
)
from tests.fuzz.encode import Content

_FAMILY = ("inductive", "constructor", "recursor")
ALLOWED = frozenset({"propext", "Quot.sound", "Classical.choice"})


@dataclass
class Meaning:
    """The meaning of modules beside Lean's own library, which ``lean`` holds."""

    contents: Mapping[Name, Content]
    lean: Environment
    renamed: Mapping[Name, Name] = field(default_factory=dict)
    """New names of what was renamed everywhere, with the old ones."""

    @cached_property
    def versions(self) -> Mapping[Name, list[tuple[Content, Constant]]]:
        """Every version of every constant of the library's own."""
        found: dict[Name, list[tuple[Content, Constant]]] = {}
        for content in self.contents.values():
            for name, constant in content.constants.items():
                found.setdefault(name, []).append((content, constant))
        return found

    def statement(self, name: Name) -> str:
        """Return a digest of all that a declaration says, down through the library's own definitions."""
        reached = sorted(self.reached([name], proofs=False), key=self._old)
        text = "\n".join(f"{self._old(each)}: {self.says(each)}" for each in reached)
        return hashlib.sha256(text.encode()).hexdigest()

    def reached(self, names: Collection[Name], *, proofs: bool) -> dict[Name, None]:
        """Return the library's own constants that declarations reach, through proofs too or not."""
        found: dict[Name, None] = {}
        pending = list(names)
        while pending:
            at = pending.pop()
            if at in found or at not in self.versions:
                continue
            found[at] = None
            for content, constant in self.versions[at]:
                pending += self._mentions(content, constant, proofs=proofs)
        return found

    def mentioned(self, names: Collection[Name]) -> set[Name]:
        """Return every constant, of the library or of Lean, that constants mention, proofs included."""
        return {
            mention
            for name in names
            for content, constant in self.versions[name]
            for mention in self._mentions(content, constant, proofs=True)
        }

    def cycle(self, names: Collection[Name]) -> list[Name]:
        """Return declarations that need each other in a ring, if there are any: Lean checked none such.

        The types of one mutual block, their constructors and recursors count as one.
        """
        below: dict[Name, set[Name]] = {}
        for name in names:
            for content, constant in self.versions[name]:
                family = self._family(name)
                found = {self._family(each) for each in self._mentions(content, constant, proofs=True)}
                below.setdefault(family, set()).update(
                    found - {family} if constant.kind in _FAMILY else found
                )
        try:
            TopologicalSorter(below).prepare()
        except CycleError as error:
            found_ring: list[Name] = error.args[1]
            return found_ring
        return []

    def _family(self, name: Name) -> Name:
        for _, constant in self.versions.get(name, ())[:1]:
            if constant.kind == "constructor" and constant.inductive != name:
                return self._family(constant.inductive)
            if constant.kind in _FAMILY and constant.all:
                return constant.all[0]
        return name

    def _old(self, name: Name) -> Name:
        return self.renamed.get(name, name)

    def _kind(self, content: Content, constant: Constant) -> str:
        return content.hidden.get(constant.name, constant.kind)

    def _mentions(self, content: Content, constant: Constant, *, proofs: bool) -> Iterator[Name]:
        terms = [constant.type, *(rule.rhs for rule in constant.rules)]
        if constant.value is not None and (proofs or self._kind(content, constant) != "theorem"):
            terms.append(constant.value)
        for term in terms:
            yield from constants_of(term) if proofs else self._stated(term)
        yield from constant.constructors
        if constant.kind in ("inductive", "recursor"):
            yield from constant.all
        if constant.inductive:
            yield constant.inductive

    def _stated(self, term: Expr) -> Iterator[Name]:
        """Yield the constants of a term outside proofs."""
        pending, seen = [term], set[int]()
        while pending:
            at = pending.pop()
            if id(at) in seen:
                continue
            seen.add(id(at))
            head, arguments = spine(at)
            if isinstance(head, Const):
                if self._is_proof(head.name):
                    continue
                yield head.name
                pending += arguments
                continue
            if isinstance(at, Proj):
                yield at.struct
            pending += parts(at)

    def _is_proof(self, name: Name) -> bool:
        if self.versions.get(name):
            content, constant = self.versions[name][0]
            kind, type_ = self._kind(content, constant), constant.type
        else:
            found = self.lean.constant(name)
            if found is None:
                return False
            kind, type_ = self.lean.original_kind(name) or "", found.type
        if kind == "theorem":
            return True
        head, _ = spine(_conclusion(type_))
        if not isinstance(head, Const):
            return False
        if self.versions.get(head.name):
            sort = _conclusion(self.versions[head.name][0][1].type)
        else:
            family = self.lean.constant(head.name)
            sort = _conclusion(family.type) if family else head
        return isinstance(sort, Sort) and isinstance(sort.level, LZero)

    def says(self, name: Name) -> str:
        """Return all that the versions of a constant say themselves; those that say the same count once."""
        return " | ".join(sorted({self._says_one(content, each) for content, each in self.versions[name]}))

    def says_what_lean_says(self, name: Name) -> bool:
        """Return whether every version of a constant is Lean's own, as far as Lean's files show it."""
        constant, kind = self.lean.constant(name), self.lean.original_kind(name)
        assert constant is not None
        assert kind is not None
        hidden: dict[Name, ConstantKind] = {name: kind} if constant.kind == "axiom" != kind else {}
        return self.says(name) == self._says_one(Content([], {}, "", hidden), constant)

    def _says_one(self, content: Content, constant: Constant) -> str:
        kind = self._kind(content, constant)
        levels = {name: position for position, name in enumerate(constant.level_params)}
        told = [kind, constant.safety, len(levels), self._digest(constant.type, levels)]
        if kind != "theorem":
            told.append(self._digest(constant.value, levels) if constant.value is not None else "none")
        told += [constant.num_params, constant.num_indices, constant.num_fields, constant.k]
        told += [self._old(each) for each in (*constant.constructors, constant.inductive)]
        told += [
            (self._old(rule.constructor), rule.num_fields, self._digest(rule.rhs, levels))
            for rule in constant.rules
        ]
        return repr(told)

    def _digest(self, root: Expr, levels: Mapping[Name, int]) -> str:
        done: dict[int, str] = {}
        stack = [root]
        while stack:
            top = stack[-1]
            if id(top) in done:
                stack.pop()
                continue
            head, _ = spine(top)
            if isinstance(head, Const) and self._is_proof(head.name):
                done[id(top)] = "proof"
                continue
            missing = [child for child in parts(top) if id(child) not in done]
            if missing:
                stack += missing
                continue
            below = [done[id(child)] for child in parts(top)]
            done[id(top)] = (
                below[0]
                if isinstance(top, MData)
                else hashlib.sha256(repr((self._own(top, levels), below)).encode()).hexdigest()
            )
        return done[id(root)]

    def _own(self, term: Expr, levels: Mapping[Name, int]) -> object:
        match term:
            case BVar(index):
                return "bound", index
            case Sort(level):
                return "sort", _level(level, levels)
            case Const(name, of):
                return "const", self._old(name), [_level(level, levels) for level in of]
            case Lit(value):
                return "literal", type(value).__name__, hex(value) if isinstance(value, int) else value
            case Proj(struct, index, _):
                return "field", self._old(struct), index
        return type(term).__name__


def constants_of(term: Expr) -> set[Name]:
    """Return every constant that a term mentions."""
    pending, seen, found = [term], set[int](), set[Name]()
    while pending:
        at = pending.pop()
        if id(at) not in seen:
            seen.add(id(at))
            pending += parts(at)
            if isinstance(at, Const):
                found.add(at.name)
            elif isinstance(at, Proj):
                found.add(at.struct)
    return found


def _conclusion(type_: Expr) -> Expr:
    while isinstance(type_, Pi | MData):
        type_ = type_.expr if isinstance(type_, MData) else type_.body
    return type_


def _level(level: Level, params: Mapping[Name, int]) -> object:
    match level:
        case LSucc(of):
            return "succ", _level(of, params)
        case LMax(left, right) | LIMax(left, right):
            return type(level).__name__, _level(left, params), _level(right, params)
        case LParam(name):
            return "param", params.get(name, name)
    return "zero"
