"""Terms taken apart, and put together again with something changed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
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

LOOK_ALIKE: Final = str.maketrans("aeopcxAEO", "аеорсхАЕО")


def nodes_of(term: Expr) -> list[Expr]:
    """Return the nodes of a term, each once."""
    pending, found = [term], dict[int, Expr]()
    while pending:
        at = pending.pop()
        if id(at) not in found:
            found[id(at)] = at
            pending += parts(at)
    return list(found.values())


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


def changed_node(node: Expr, pool: list[Expr], names: list[Name], rng: random.Random) -> Expr:
    """Return something else for a node, perhaps one of the pool or a constant of the names."""
    match node:
        case Lit(int(value)):
            return Lit(rng.choice((0, value + 1, max(0, value - 1), value << 64, 1 << 4096)))
        case Lit(str(text)):
            return Lit(rng.choice((text + "\u200b", text.translate(LOOK_ALIKE), "", text[::-1])))
        case Const(name, levels) if rng.random() < 0.5:
            if levels and rng.random() < 0.5:
                return Const(name, tuple(_changed_level(level, rng) for level in levels))
            return Const(rng.choice(names), levels)
        case Sort(level):
            return Sort(_changed_level(level, rng))
        case BVar(index):
            return BVar(rng.choice((0, index + 1, max(0, index - 1), 1 << 20)))
        case App(fn, arg) if rng.random() < 0.5:
            return fn if rng.random() < 0.5 else arg
        case Lam(name, type_, body, info) if rng.random() < 0.5:
            return Pi(name, type_, body, info)
        case Pi(name, type_, body, info) if rng.random() < 0.5:
            return body if rng.random() < 0.5 else Pi(name, body, type_, info)
        case Proj(struct, index, inner):
            return Proj(struct, rng.choice((0, 1, index + 1)), inner)
    return rng.choice(pool)


def _changed_level(level: Level, rng: random.Random) -> Level:
    match level:
        case LMax(left, right) if rng.random() < 0.5:
            return LIMax(left, right)
        case LIMax(left, right) if rng.random() < 0.5:
            return LMax(left, right)
        case LParam(name) if rng.random() < 0.3:
            return LParam(f"{name}_1")
    return rng.choice((LZero(), LSucc(level), LSucc(LZero())))
