"""Constants out of one region: Lean's ``ConstantInfo`` to :class:`Constant`."""

from __future__ import annotations

from typing import Literal, TypedDict

from lean_bridge.olean.decode import Decoder
from lean_bridge.olean.expr import Constant, ConstantKind, Expr, Name, RecursorRule

_KINDS: tuple[ConstantKind, ...] = (
    "axiom",
    "definition",
    "theorem",
    "opaque",
    "quot",
    "inductive",
    "constructor",
    "recursor",
)
_SAFETIES: tuple[Literal["unsafe", "safe", "partial"], ...] = ("unsafe", "safe", "partial")
_QUOT_KINDS: tuple[Literal["type", "ctor", "lift", "ind"], ...] = ("type", "ctor", "lift", "ind")


class _Head(TypedDict):
    """The ``ConstantVal`` that every kind begins with."""

    name: Name
    level_params: tuple[Name, ...]
    type: Expr


def read_constant(decoder: Decoder, word: int, holder: int) -> Constant:
    """Return the constant that a word points to; ``holder`` is the address of the object that holds the word.

    Raises: OleanError with file and byte offset.
    """
    objects = decoder.objects
    tag = objects.header(word, holder) >> 56
    if tag >= len(_KINDS):
        raise objects.error(word, f"expected a constant, found tag {tag}")
    (at,) = objects.constructor(word, holder, tag, 1)
    kind = _KINDS[tag]
    match kind:
        case "axiom":
            (head,) = objects.constructor(at, word, 0, 1, 1)
            return Constant(kind=kind, **_head(decoder, head, at), safety=_safety(decoder, at, 1, 0))
        case "definition":
            head, value, hints, block = objects.constructor(at, word, 0, 4, 1)
            return Constant(
                kind=kind,
                **_head(decoder, head, at),
                value=decoder.expression(value, at),
                hints=_hints(decoder, hints, at),
                safety=_SAFETIES[objects.scalar(at, 4, 0, 3)],
                all=decoder.name_list(block, at),
            )
        case "theorem":
            head, value, block = objects.constructor(at, word, 0, 3)
            return Constant(
                kind=kind,
                **_head(decoder, head, at),
                value=decoder.expression(value, at),
                all=decoder.name_list(block, at),
            )
        case "opaque":
            head, value, block = objects.constructor(at, word, 0, 3, 1)
            return Constant(
                kind=kind,
                **_head(decoder, head, at),
                value=decoder.expression(value, at),
                all=decoder.name_list(block, at),
                safety=_safety(decoder, at, 3, 0),
            )
        case "quot":
            (head,) = objects.constructor(at, word, 0, 1, 1)
            return Constant(
                kind=kind, **_head(decoder, head, at), quot_kind=_QUOT_KINDS[objects.scalar(at, 1, 0, 4)]
            )
        case "inductive":
            head, params, indices, block, constructors, nested = objects.constructor(at, word, 0, 6, 3)
            return Constant(
                kind=kind,
                **_head(decoder, head, at),
                num_params=objects.small(params, at),
                num_indices=objects.small(indices, at),
                all=decoder.name_list(block, at),
                constructors=decoder.name_list(constructors, at),
                num_nested=objects.small(nested, at),
                is_recursive=bool(objects.scalar(at, 6, 0)),
                safety=_safety(decoder, at, 6, 1),
                is_reflexive=bool(objects.scalar(at, 6, 2)),
            )
        case "constructor":
            head, inductive, index, params, fields = objects.constructor(at, word, 0, 5, 1)
            return Constant(
                kind=kind,
                **_head(decoder, head, at),
                inductive=decoder.name(inductive, at),
                constructor_index=objects.small(index, at),
                num_params=objects.small(params, at),
                num_fields=objects.small(fields, at),
                safety=_safety(decoder, at, 5, 0),
            )
        case "recursor":
            head, block, params, indices, motives, minors, rules = objects.constructor(at, word, 0, 7, 2)
            return Constant(
                kind=kind,
                **_head(decoder, head, at),
                all=decoder.name_list(block, at),
                num_params=objects.small(params, at),
                num_indices=objects.small(indices, at),
                num_motives=objects.small(motives, at),
                num_minors=objects.small(minors, at),
                rules=tuple([_rule(decoder, rule, at) for rule in objects.list(rules, at)]),
                k=bool(objects.scalar(at, 7, 0)),
                safety=_safety(decoder, at, 7, 1),
            )


def read_type(decoder: Decoder, word: int, holder: int) -> Expr:
    """Return the type of the constant that a word points to, as :func:`read_constant` does.

    Raises: OleanError with file and byte offset.
    """
    objects = decoder.objects
    (at,) = objects.constructor(word, holder, objects.header(word, holder) >> 56, 1)
    head = objects.words(objects.offset(at, word) + 8, 1)[0]  # every kind begins with it
    return _head(decoder, head, at)["type"]


def _head(decoder: Decoder, word: int, holder: int) -> _Head:
    name, levels, type_ = decoder.objects.constructor(word, holder, 0, 3)
    return {
        "name": decoder.name(name, word),
        "level_params": decoder.name_list(levels, word),
        "type": decoder.expression(type_, word),
    }


def _safety(decoder: Decoder, word: int, pointers: int, index: int) -> Literal["unsafe", "safe"]:
    return "unsafe" if decoder.objects.scalar(word, pointers, index) else "safe"


def _hints(decoder: Decoder, word: int, holder: int) -> int | Literal["opaque", "abbrev"]:
    objects = decoder.objects
    if word == 1:
        return "opaque"
    if word == 3:
        return "abbrev"
    objects.constructor(word, holder, 2, 0, 4)
    at = word - objects.region.base + 8
    return int.from_bytes(objects.region.data[at : at + 4], "little")


def _rule(decoder: Decoder, word: int, holder: int) -> RecursorRule:
    constructor, fields, rhs = decoder.objects.constructor(word, holder, 0, 3)
    return RecursorRule(
        decoder.name(constructor, word), decoder.objects.small(fields, word), decoder.expression(rhs, word)
    )
