"""Lean stores a hash in every name, level and expression.

Recomputing all of them from what was decoded proves it right.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from lean_bridge.names import ANONYMOUS
from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
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
)
from lean_bridge.olean.module import Module, read_module

DATA = Path(__file__).parents[2] / "data" / "olean"
WORD = (1 << 64) - 1
LOW = (1 << 32) - 1
C = 0xC6A4A7935BD1E995


def mix(h: int, k: int) -> int:
    k = k * C & WORD
    k = (k ^ k >> 47) ^ C
    return (h ^ k) * C & WORD


def string_hash(text: str) -> int:
    data = text.encode()
    h = 11 ^ len(data) * C & WORD
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        k = int.from_bytes(data[at : at + 8], "little") * C & WORD
        h = (h ^ (k ^ k >> 47) * C & WORD) * C & WORD
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * C & WORD
    h = (h ^ h >> 47) * C & WORD
    return h ^ h >> 47


@cache
def name_hash(name: Name) -> int:
    if name == ANONYMOUS:
        return 1723
    h = 1723
    for quoted, plain in re.findall(r"«((?:[^»]|»»)*)»|([^.«»]+)", name):
        if plain.isascii() and plain.isdigit():
            h = mix(h, int(plain) if int(plain) <= WORD else 17)
        else:
            h = mix(h, string_hash(plain or quoted.replace("»»", "»")))
    return h


def level_word(level: Level) -> int:
    def flags_and_depth(*children: int) -> int:
        flags = 0
        for child in children:
            flags |= child & 3 << 32
        return flags | (1 + max(child >> 40 for child in children)) << 40

    match level:
        case LZero():
            return 2221
        case LParam(name):
            return mix(2239, name_hash(name)) & LOW | 1 << 33
        case LSucc(of):
            inner = level_word(of)
            return mix(2243, inner & LOW) & LOW | flags_and_depth(inner)
        case LMax(left, right) | LIMax(left, right):
            start = 2251 if isinstance(level, LMax) else 2267
            a, b = level_word(left), level_word(right)
            return mix(start, mix(a & LOW, b & LOW)) & LOW | flags_and_depth(a, b)


def expr_word(expr: Expr, done: dict[int, int]) -> int:
    """Return the data word from those of the children."""

    def pack(h: int, depth: int, loose: int, *children: int) -> int:
        flags = 0
        for child in children:
            flags |= child & 0xF << 40
        return h & LOW | min(depth, 255) << 32 | flags | loose << 44

    def depth(*children: int) -> int:
        return 1 + max(child >> 32 & 0xFF for child in children)

    def under_binder(child: int) -> int:
        return max(0, (child >> 44) - 1)

    match expr:
        case BVar(index):
            return pack(mix(7, index), 0, index + 1)
        case Sort(level):
            inner = level_word(level)
            return pack(mix(11, inner & LOW), 0, 0) | (inner >> 33 & 1) << 43
        case Const(name, levels):
            folded, flags = 7, 0
            for level in levels:
                inner = level_word(level)
                folded = mix(folded, inner & LOW)
                flags |= (inner >> 33 & 1) << 43
            return pack(mix(5, mix(name_hash(name), folded)), 0, 0) | flags
        case App(fn, arg):
            f, a = done[id(fn)], done[id(arg)]
            return pack(mix(f, a), depth(f, a), max(f >> 44, a >> 44), f, a)
        case Lam(_, type_, body, _) | Pi(_, type_, body, _):
            t, b = done[id(type_)], done[id(body)]
            d = depth(t, b)
            return pack(mix(d, mix(t & LOW, b & LOW)), d, max(t >> 44, under_binder(b)), t, b)
        case Let(_, type_, value, body, _):
            t, v, b = done[id(type_)], done[id(value)], done[id(body)]
            d = depth(t, v, b)
            loose = max(t >> 44, v >> 44, under_binder(b))
            return pack(mix(d, mix(t & LOW, mix(v & LOW, b & LOW))), d, loose, t, v, b)
        case Lit(value):
            return pack(mix(3, string_hash(value) if isinstance(value, str) else value & WORD), 0, 0)
        case MData(inner_expr):
            e = done[id(inner_expr)]
            return pack(mix(depth(e), e & LOW), depth(e), e >> 44, e)
        case Proj(struct, index, inner_expr):
            e = done[id(inner_expr)]
            return pack(mix(depth(e), mix(name_hash(struct), mix(index, e & LOW))), depth(e), e >> 44, e)
        case FVar():
            raise AssertionError("no free variable stands in a file")


def stored_word(module: Module, address: int) -> int:
    region = module.decoder.region
    at = address - region.base
    fields = region.data[at + 6]
    at += 8 + fields * region.word
    return int.from_bytes(region.data[at : at + 8], "little")


@pytest.mark.parametrize("parts", ["exported", "all"])
@pytest.mark.parametrize("name", ["Zoo", "Native", "Cell"])
def test_every_cached_hash_is_recomputed_from_what_was_decoded(name: str, parts: str) -> None:
    module = read_module(DATA / f"{name}.olean", parts="all" if parts == "all" else "exported")
    for constant in module.constant_names:
        module.constant(constant)
    decoder = module.decoder

    names = {address: text for address, text in decoder.names.items() if address != 1}
    levels = {address: level for address, level in decoder.levels.items() if address != 1}
    assert len(names) > 40
    assert len(levels) > 3
    assert len(decoder.expressions) > 200
    for address, text in names.items():
        assert stored_word(module, address) == name_hash(text), text
    for address, level in levels.items():
        assert stored_word(module, address) == level_word(level), level
    done: dict[int, int] = {}
    for address, expr in sorted(decoder.expressions.items()):
        done[id(expr)] = expr_word(expr, done)
        assert stored_word(module, address) == done[id(expr)], expr
