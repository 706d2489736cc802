"""Writes whole constants back into a compiled module, so that a test can change one of a real file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from lean_bridge.names import split_name
from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Let,
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
)
from tests.olean_writer import OleanWriter

_STORED: Final = ("axiom", "definition", "theorem", "opaque", "quot", "inductive", "constructor", "recursor")
_SAFETIES: Final = ("unsafe", "safe", "partial")
_INFOS: Final = ("default", "implicit", "strictImplicit", "instImplicit")
_QUOTS: Final = ("type", "ctor", "lift", "ind")


class ConstantWriter(OleanWriter):
    """A 64-bit file in the making, into which whole constants go; a shared subterm is written once."""

    def __init__(self) -> None:
        super().__init__(word=8)
        self._names: dict[Name, int] = {}
        self._terms: dict[int, int] = {}
        self._kept: list[object] = []
        """Keeps the identities in ``_terms`` from being given away again."""

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
            case LZero():
                return 1
            case LSucc(of):
                return self.expr(1, [self.level(of)])
            case LMax(left, right):
                return self.expr(2, [self.level(left), self.level(right)])
            case LIMax(left, right):
                return self.expr(3, [self.level(left), self.level(right)])
            case LParam(name):
                return self.expr(4, [self.named(name)])

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


def write_constants(path: Path, constants: Iterable[Constant], *, imports: Sequence[Name] = ()) -> Path:
    """Write a 64-bit module outside the module system, and return its path."""
    writer = ConstantWriter()
    words = [(writer.named(constant.name), writer.constant(constant)) for constant in constants]
    return writer.file(path, words, imports=[writer.named(name) for name in imports])
