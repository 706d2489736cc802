"""Writes whole constants back into a compiled module, so that a test can change one of a real file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import assert_never

from lean_bridge.olean.expr import (
    App,
    BinderInfo,
    BVar,
    Const,
    Constant,
    Expr,
    FVar,
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
from lean_bridge.olean.names import split_name
from tests.olean_writer import OleanWriter

_INFOS: tuple[BinderInfo, ...] = ("default", "implicit", "strictImplicit", "instImplicit")


class _Terms:
    """Writes terms and constants of a file in the making; a shared subterm is written once."""

    def __init__(self, writer: OleanWriter) -> None:
        self._writer = writer
        self._names: dict[Name, int] = {}
        self._exprs: dict[int, int] = {}

    def name(self, name: Name) -> int:
        if name not in self._names:
            components = split_name(name)
            assert components is not None
            self._names[name] = self._writer.name(*components)
        return self._names[name]

    def names(self, names: Iterable[Name]) -> int:
        return self._writer.list([self.name(name) for name in names])

    def level(self, level: Level) -> int:
        match level:
            case LZero():
                return 1
            case LSucc(of):
                return self._writer.constructor(1, [self.level(of)], bytes(8))
            case LMax(left, right) | LIMax(left, right):
                tag = 2 if isinstance(level, LMax) else 3
                return self._writer.constructor(tag, [self.level(left), self.level(right)], bytes(8))
            case LParam(name):
                return self._writer.constructor(4, [self.name(name)], bytes(8))

    def expr(self, root: Expr) -> int:
        stack = [root]
        while stack:
            expr = stack[-1]
            missing = [part for part in parts(expr) if id(part) not in self._exprs]
            if missing:
                stack += missing
            else:
                self._exprs[id(expr)] = self._node(expr)
                stack.pop()
        return self._exprs[id(root)]

    def _node(self, expr: Expr) -> int:
        writer = self._writer
        inner = [self._exprs[id(part)] for part in parts(expr)]
        match expr:
            case BVar(index):
                return writer.expr(0, [writer.nat(index)])
            case Sort(level):
                return writer.expr(3, [self.level(level)])
            case Const(name, levels):
                return writer.expr(4, [self.name(name), writer.list([self.level(one) for one in levels])])
            case App():
                return writer.expr(5, inner)
            case Lam() | Pi():
                tag = 6 if isinstance(expr, Lam) else 7
                return writer.expr(tag, [self.name(expr.name), *inner], bytes([_INFOS.index(expr.info)]))
            case Let():
                return writer.expr(8, [self.name(expr.name), *inner], bytes([expr.nondep]))
            case Lit(int(number)):
                return writer.expr(9, [writer.constructor(0, [writer.nat(number)])])
            case Lit(value):
                return writer.expr(9, [writer.constructor(1, [writer.string(str(value))])])
            case MData():
                return writer.expr(10, [1, *inner])
            case Proj():
                return writer.expr(11, [self.name(expr.struct), writer.nat(expr.index), *inner])
            case FVar():
                raise AssertionError("no file holds a free variable")
            case _:
                assert_never(expr)

    def constant(self, constant: Constant) -> int:
        writer, nat = self._writer, self._writer.nat
        head = writer.constructor(
            0, [self.name(constant.name), self.names(constant.level_params), self.expr(constant.type)]
        )
        unsafe = bytes([constant.safety == "unsafe"])
        value = 1 if constant.value is None else self.expr(constant.value)
        block = self.names(constant.all)
        fields: Sequence[int]
        match constant.kind:
            case "axiom":
                tag, fields, scalars = 0, [head], unsafe
            case "definition":
                safety = ("unsafe", "safe", "partial").index(constant.safety)
                tag, fields, scalars = 1, [head, value, self._hints(constant), block], bytes([safety])
            case "theorem":
                tag, fields, scalars = 2, [head, value, block], b""
            case "opaque":
                tag, fields, scalars = 3, [head, value, block], unsafe
            case "quot":
                kind = ("type", "ctor", "lift", "ind").index(constant.quot_kind or "type")
                tag, fields, scalars = 4, [head], bytes([kind])
            case "inductive":
                counts = [nat(constant.num_params), nat(constant.num_indices), block]
                tag = 5
                fields = [head, *counts, self.names(constant.constructors), nat(constant.num_nested)]
                scalars = bytes([constant.is_recursive]) + unsafe + bytes([constant.is_reflexive])
            case "constructor":
                counts = [constant.constructor_index, constant.num_params, constant.num_fields]
                tag, scalars = 6, unsafe
                fields = [head, self.name(constant.inductive), *map(nat, counts)]
            case "recursor":
                counts = [
                    constant.num_params,
                    constant.num_indices,
                    constant.num_motives,
                    constant.num_minors,
                ]
                rules = [
                    writer.constructor(
                        0, [self.name(rule.constructor), nat(rule.num_fields), self.expr(rule.rhs)]
                    )
                    for rule in constant.rules
                ]
                tag, scalars = 7, bytes([constant.k]) + unsafe
                fields = [head, block, *map(nat, counts), writer.list(rules)]
        return writer.constructor(tag, [writer.constructor(0, fields, scalars)])

    def _hints(self, constant: Constant) -> int:
        if isinstance(constant.hints, int):
            return self._writer.constructor(2, [], struct.pack("<I", constant.hints))
        return 1 if constant.hints == "opaque" else 3


def write_constants(path: Path, constants: Iterable[Constant], *, imports: Sequence[Name] = ()) -> Path:
    """Write a 64-bit module outside the module system, and return its path."""
    writer = OleanWriter(word=8)
    terms = _Terms(writer)
    words = [(terms.name(constant.name), terms.constant(constant)) for constant in constants]
    return writer.file(path, words, imports=[terms.name(name) for name in imports])
