"""Decoded modules as data that can be changed, and written again as compiled files."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    ConstantKind,
    Expr,
    Lam,
    Let,
    Level,
    LIMax,
    Lit,
    LMax,
    LParam,
    LSucc,
    MData,
    Name,
    Pi,
    Proj,
    Sort,
    parts,
)
from lean_bridge.olean.module import Module
from lean_bridge.olean.names import split_name
from tests.olean_writer import OleanWriter

KINDS_EXTENSION: Final = "_private.Lean.Environment.0.Lean.privateConstKindsExt"
CSIMP: Final = "Lean.Compiler.CSimp.ext"
MARKS: Final = ("Lean.Compiler.implementedByAttr", "Lean.externAttr")
_ORIGINAL: Final = (
    "definition",
    "theorem",
    "axiom",
    "opaque",
    "quot",
    "inductive",
    "constructor",
    "recursor",
)
_STORED: Final = ("axiom", "definition", "theorem", "opaque", "quot", "inductive", "constructor", "recursor")
_SAFETIES: Final = ("unsafe", "safe", "partial")
_INFOS: Final = ("default", "implicit", "strictImplicit", "instImplicit")
_QUOTS: Final = ("type", "ctor", "lift", "ind")


@dataclass
class Content:
    """What one module says, as far as anything is read of it."""

    imports: list[Name]
    constants: dict[Name, Constant]
    lean_version: str
    hidden: dict[Name, ConstantKind] = field(default_factory=dict)
    """What the source declared of constants that are stored as axioms."""
    marks: dict[Name, list[Name]] = field(default_factory=dict)
    csimp: list[tuple[Name, Name]] = field(default_factory=list)
    listed_as: dict[Name, Name] = field(default_factory=dict)
    """Constants that the list of names has under another name."""

    def copy(self) -> Content:
        """Return a copy that can be changed; terms are shared."""
        return Content(
            list(self.imports),
            dict(self.constants),
            self.lean_version,
            dict(self.hidden),
            {extension: list(names) for extension, names in self.marks.items()},
            list(self.csimp),
            dict(self.listed_as),
        )


def content_of(module: Module) -> Content:
    """Return what a compiled module says."""
    return Content(
        [line.module for line in module.imports],
        {name: module.constant(name) for name in module.constant_names},
        module.lean_version,
        {
            name: module.original_kind(name)
            for name in module.constant_names
            if module.constant(name).kind == "axiom" and module.original_kind(name) != "axiom"
        },
        {mark: sorted(module.marked(mark)) for mark in MARKS if mark in module.extensions},
        list(module.replacements.items()),
    )


class Encoder(OleanWriter):
    """Writes a module's content as one file outside the module system, in which nothing is hidden."""

    def __init__(self) -> None:
        super().__init__(word=8)
        self._names: dict[Name, int] = {}
        self._terms: dict[int, int] = {}
        self._kept: list[object] = []

    def write(self, content: Content, path: Path) -> None:
        """Write a module; ``path`` ends in ``.olean``."""
        constants = [
            (self.named(content.listed_as.get(name, name)), self.constant(constant))
            for name, constant in content.constants.items()
        ]
        pairs: dict[Name, list[int]] = {
            mark: [self.constructor(0, [self.named(name), 1]) for name in names]
            for mark, names in content.marks.items()
        }
        pairs[KINDS_EXTENSION] = [
            self.constructor(0, [self.named(name), self.nat(_ORIGINAL.index(kind))])
            for name, kind in content.hidden.items()
        ]
        pairs[CSIMP] = [
            self.constructor(0, [self.constructor(0, [self.named(a), self.named(b), self.named("lemma")])])
            for a, b in content.csimp
        ]
        entries = [(self.named(extension), words) for extension, words in pairs.items()]
        self.file(path, constants, imports=[self.named(name) for name in content.imports], entries=entries)
        data = bytearray(path.read_bytes())
        data[7:0x28] = content.lean_version.encode().ljust(33, b"\0")
        path.write_bytes(data)

    def named(self, name: Name) -> int:
        """Write a name, once."""
        found = self._names.get(name)
        if found is None:
            components = split_name(name)
            assert components is not None, name
            found = self._names[name] = self.name(*components)
        return found

    def names(self, names: Iterable[Name]) -> int:
        """Write a list of names."""
        return self.list([self.named(name) for name in names])

    def level(self, level: Level) -> int:
        """Write a universe level."""
        match level:
            case LSucc(of):
                return self.expr(1, [self.level(of)])
            case LMax(left, right):
                return self.expr(2, [self.level(left), self.level(right)])
            case LIMax(left, right):
                return self.expr(3, [self.level(left), self.level(right)])
            case LParam(name):
                return self.expr(4, [self.named(name)])
        return 1

    def term(self, root: Expr) -> int:
        """Write an expression, each shared node once."""
        stack = [root]
        while stack:
            top = stack[-1]
            missing = [child for child in parts(top) if id(child) not in self._terms]
            if id(top) in self._terms:
                stack.pop()
            elif missing:
                stack += missing
            else:
                self._terms[id(top)] = self._node(top)
                self._kept.append(top)
                stack.pop()
        return self._terms[id(root)]

    def _node(self, term: Expr) -> int:
        below = [self._terms[id(child)] for child in parts(term)]
        match term:
            case BVar(index):
                return self.expr(0, [self.nat(index)])
            case Sort(level):
                return self.expr(3, [self.level(level)])
            case Const(name, levels):
                return self.expr(4, [self.named(name), self.list([self.level(each) for each in levels])])
            case App():
                return self.expr(5, below)
            case Lam(name, _, _, info) | Pi(name, _, _, info):
                tag = 6 if isinstance(term, Lam) else 7
                return self.expr(tag, [self.named(name), *below], bytes([_INFOS.index(info)]))
            case Let(name, _, _, _, nondep):
                return self.expr(8, [self.named(name), *below], bytes([nondep]))
            case Lit(int(value)):
                return self.expr(9, [self.constructor(0, [self.nat(value)])])
            case Lit(str(text)):
                return self.expr(9, [self.constructor(1, [self.string(text)])])
            case MData():
                return self.expr(10, [1, *below])
            case Proj(struct_, index, _):
                return self.expr(11, [self.named(struct_), self.nat(index), *below])
        raise AssertionError(term)

    def constant(self, constant: Constant) -> int:
        """Write a constant."""
        head = self.constructor(
            0, [self.named(constant.name), self.names(constant.level_params), self.term(constant.type)]
        )
        value = self.term(constant.value) if constant.value is not None else 1
        block, unsafe = self.names(constant.all), constant.safety == "unsafe"
        params, indices = self.nat(constant.num_params), self.nat(constant.num_indices)
        match constant.kind:
            case "axiom":
                fields, scalars = [head], bytes([unsafe])
            case "definition":
                fields = [head, value, self._hints(constant), block]
                scalars = bytes([_SAFETIES.index(constant.safety)])
            case "theorem":
                fields, scalars = [head, value, block], b""
            case "opaque":
                fields, scalars = [head, value, block], bytes([unsafe])
            case "quot":
                assert constant.quot_kind is not None
                fields, scalars = [head], bytes([_QUOTS.index(constant.quot_kind)])
            case "inductive":
                made, nested = self.names(constant.constructors), self.nat(constant.num_nested)
                fields = [head, params, indices, block, made, nested]
                scalars = bytes([constant.is_recursive, unsafe, constant.is_reflexive])
            case "constructor":
                index, count = self.nat(constant.constructor_index), self.nat(constant.num_fields)
                fields = [head, self.named(constant.inductive), index, params, count]
                scalars = bytes([unsafe])
            case "recursor":
                rules = [
                    self.constructor(
                        0, [self.named(rule.constructor), self.nat(rule.num_fields), self.term(rule.rhs)]
                    )
                    for rule in constant.rules
                ]
                motives, minors = self.nat(constant.num_motives), self.nat(constant.num_minors)
                fields = [head, block, params, indices, motives, minors, self.list(rules)]
                scalars = bytes([constant.k, unsafe])
        return self.constructor(_STORED.index(constant.kind), [self.constructor(0, fields, scalars)])

    def _hints(self, constant: Constant) -> int:
        if constant.hints == "opaque":
            return 1
        if constant.hints == "abbrev":
            return 3
        return self.constructor(2, [], struct.pack("<I", constant.hints))


def hide(content: Content, name: Name) -> None:
    """Store a constant as an exported part does: as an axiom, with its original kind beside it."""
    constant = content.constants[name]
    content.hidden[name] = constant.kind
    content.constants[name] = replace(
        constant, kind="axiom", value=None, hints="opaque", all=(), safety="safe", rules=(), constructors=()
    )


def rebuilt(term: Expr, children: Mapping[int, Expr]) -> Expr:
    """Return a term with some of its nodes exchanged, by their identity; shared nodes stay shared."""
    done: dict[int, Expr] = dict(children)
    stack = [term]
    while stack:
        top = stack[-1]
        if id(top) in done:
            stack.pop()
            continue
        missing = [child for child in parts(top) if id(child) not in done]
        if missing:
            stack += missing
            continue
        done[id(top)] = _with(top, [done[id(child)] for child in parts(top)])
        stack.pop()
    return done[id(term)]


def _with(term: Expr, below: list[Expr]) -> Expr:
    if all(old is new for old, new in zip(parts(term), below, strict=True)):
        return term
    match term, below:
        case App(), [fn, arg]:
            return App(fn, arg)
        case Lam(name, _, _, info), [type_, body]:
            return Lam(name, type_, body, info)
        case Pi(name, _, _, info), [type_, body]:
            return Pi(name, type_, body, info)
        case Let(name, _, _, _, nondep), [type_, value, body]:
            return Let(name, type_, value, body, nondep)
        case MData(), [inner]:
            return MData(inner)
        case Proj(struct_, index, _), [inner]:
            return Proj(struct_, index, inner)
    return term
