"""Lean's names, levels, expressions and constants, as they stand in a compiled module.

A ``Name`` is Lean's own rendering of it as a string: components joined by dots, numeric components as bare
digits, string components that are not identifiers in ``«»``; so the rendering is injective and serves as a
key.

Nodes are built by the reader and never changed. They compare by identity: equal subterms of one module are
one object, so a term is a DAG and every traversal must visit each object once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, TypeAlias, overload

Name: TypeAlias = str


@dataclass(slots=True, eq=False)
class LZero:
    """The universe level 0."""


@dataclass(slots=True, eq=False)
class LSucc:
    """The successor of a level."""

    of: Level


@dataclass(slots=True, eq=False)
class LMax:
    """The maximum of two levels."""

    left: Level
    right: Level


@dataclass(slots=True, eq=False)
class LIMax:
    """The impredicative maximum: 0 where ``right`` is 0, else the maximum."""

    left: Level
    right: Level


@dataclass(slots=True, eq=False)
class LParam:
    """A universe parameter."""

    name: Name


Level: TypeAlias = LZero | LSucc | LMax | LIMax | LParam

BinderInfo: TypeAlias = Literal["default", "implicit", "strictImplicit", "instImplicit"]


@dataclass(slots=True, eq=False)
class BVar:
    """A bound variable by its de Bruijn index."""

    index: int


@dataclass(slots=True, eq=False)
class FVar:
    """A free variable; never read from a file, made by whoever opens a binder."""

    name: Name


@dataclass(slots=True, eq=False)
class Sort:
    """A universe."""

    level: Level


@dataclass(slots=True, eq=False)
class Const:
    """A constant at universe levels."""

    name: Name
    levels: tuple[Level, ...]


@dataclass(slots=True, eq=False)
class App:
    """A function applied to one argument."""

    fn: Expr
    arg: Expr


@dataclass(slots=True, eq=False)
class Lam:
    """A function; ``body`` has one more bound variable."""

    name: Name
    type: Expr
    body: Expr
    info: BinderInfo


@dataclass(slots=True, eq=False)
class Pi:
    """A dependent function type; ``body`` has one more bound variable."""

    name: Name
    type: Expr
    body: Expr
    info: BinderInfo


@dataclass(slots=True, eq=False)
class Let:
    """A local definition; ``body`` has one more bound variable."""

    name: Name
    type: Expr
    value: Expr
    body: Expr
    nondep: bool


@dataclass(slots=True, eq=False)
class Lit:
    """A natural-number or string literal."""

    value: int | str


@dataclass(slots=True, eq=False)
class MData:
    """An expression with metadata that has no meaning to the kernel."""

    expr: Expr


@dataclass(slots=True, eq=False)
class Proj:
    """Field ``index`` of a value of structure ``struct``."""

    struct: Name
    index: int
    expr: Expr


Expr: TypeAlias = BVar | FVar | Sort | Const | App | Lam | Pi | Let | Lit | MData | Proj


@overload
def bare(term: Expr) -> Expr: ...


@overload
def bare(term: Level) -> Level: ...


def bare(term: Expr | Level) -> Expr | Level:
    """Return an expression without the metadata around it; a level has none."""
    while isinstance(term, MData):
        term = term.expr
    return term


def spine(expr: Expr) -> tuple[Expr, list[Expr]]:
    """Return the head of an application and its arguments, first to last."""
    # as often called as `parts`; the classes have no subclasses
    arguments: list[Expr] = []
    while True:
        if type(expr) is App:
            arguments.append(expr.arg)
            expr = expr.fn
        elif type(expr) is MData:
            expr = expr.expr
        else:
            arguments.reverse()
            return expr, arguments


def head_of(expr: Expr) -> Expr:
    """Return the head of an application."""
    while True:
        if type(expr) is App:
            expr = expr.fn
        elif type(expr) is MData:
            expr = expr.expr
        else:
            return expr


def written_binders(type_: Expr) -> list[Pi]:
    """Return the binders of a type that can be seen without unfolding anything."""
    binders: list[Pi] = []
    while isinstance(type_ := bare(type_), Pi):
        binders.append(type_)
        type_ = type_.body
    return binders


def parts(expr: Expr) -> tuple[Expr, ...]:
    """Return the expressions that a node is made of, in the order of its fields."""
    # by far the most often called of all: a match would try one class after the other
    taken = _PARTS.get(type(expr))
    return taken(expr) if taken is not None else ()


_PARTS: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    App: attrgetter("fn", "arg"),
    Lam: attrgetter("type", "body"),
    Pi: attrgetter("type", "body"),
    Let: attrgetter("type", "value", "body"),
    MData: lambda expr: (expr.expr,),
    Proj: lambda expr: (expr.expr,),
}


ConstantKind: TypeAlias = Literal[
    "axiom", "definition", "theorem", "opaque", "quot", "inductive", "constructor", "recursor"
]


@dataclass(frozen=True, slots=True)
class RecursorRule:
    """The value of a recursor on one constructor."""

    constructor: Name
    num_fields: int
    rhs: Expr


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constant:
    """One declaration of a module, as Lean's ``ConstantInfo``.

    Fields that a kind does not have are ``None``, empty or zero. ``kind`` is the stored kind: in an
    exported part a theorem or an unexposed definition is stored as an axiom, see ``Module.original_kind``.
    """

    name: Name
    kind: ConstantKind
    level_params: tuple[Name, ...]
    type: Expr
    value: Expr | None = None
    hints: int | Literal["opaque", "abbrev"] = "opaque"
    """Unfolding hint of a definition: ``opaque``, ``abbrev`` or the definitional height."""
    safety: Literal["unsafe", "safe", "partial"] = "safe"
    """``isUnsafe`` of the other kinds reads as ``unsafe``."""
    all: tuple[Name, ...] = ()
    """The mutual block."""
    num_params: int = 0
    num_indices: int = 0
    num_motives: int = 0
    num_minors: int = 0
    num_fields: int = 0
    """Of a constructor."""
    num_nested: int = 0
    constructors: tuple[Name, ...] = ()
    """Of an inductive type."""
    inductive: Name = ""
    """The type that a constructor belongs to."""
    constructor_index: int = 0
    rules: tuple[RecursorRule, ...] = ()
    k: bool = False
    """Whether a recursor supports K-like reduction."""
    is_recursive: bool = False
    is_reflexive: bool = False
    quot_kind: Literal["type", "ctor", "lift", "ind"] | None = None
