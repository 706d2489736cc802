"""Declarations and expressions written in the form that the kernel's process reads, each subterm once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import IO, Any

from lean_bridge.kernel import form
from lean_bridge.kernel.order import Unit
from lean_bridge.names import split_name
from lean_bridge.olean.expr import (
    App,
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


class _Table:
    """Records by their places; a record that is there already is not written again."""

    def __init__(self, first: int) -> None:
        self._places: dict[Any, int] = {}
        self._next = first
        self.fresh: list[Any] = []
        """Not yet written."""

    def place(self, *record: Any) -> int:
        found = self._places.get(record)
        if found is None:
            found = self._places[record] = self._next
            self._next += 1
            self.fresh.append(record)
        return found


class Stream:
    """Writes requests to a file, or one after the other to several; see :mod:`lean_bridge.kernel.form`.

    Raises: ValueError for an expression with free variables or a name that is none.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._tables = {"names": _Table(1), "levels": _Table(1), "exprs": _Table(0)}
        self._names: dict[Name, int] = {}
        self._levels: dict[int, int] = {}
        self._exprs: dict[int, int] = {}
        # places are remembered by identity, so nothing that was sent may be freed
        self._kept: list[Expr] = []

    def add(self, unit: Unit) -> None:
        """Ask for a declaration to be checked and kept."""
        first = unit.constants[0]
        request: dict[str, Any] = {
            "kind": unit.kind,
            "made": [self._made(one, unit) for one in unit.constants],
        }
        if unit.kind == "inductive":
            request |= {
                "levels": self._name_list(first.level_params),
                "params": first.num_params,
                "types": [self._type(one, unit) for one in unit.constants if one.kind == "inductive"],
            }
        elif unit.kind != "quot":
            request |= request["made"][0] | {"hints": first.hints, "or_assume": unit.is_library}
        self._write({"add": request})

    def equal(self, left: Expr, right: Expr) -> None:
        """Ask whether two closed expressions are equal by definition."""
        self._write({"equal": [self._expr(left), self._expr(right)]})

    def _type(self, constant: Constant, unit: Unit) -> list[Any]:
        constructors = [one for one in unit.constants if one.inductive == constant.name]
        return [
            self._name(constant.name),
            self._expr(constant.type),
            [[self._name(one.name), self._expr(one.type)] for one in constructors],
        ]

    def _made(self, constant: Constant, unit: Unit) -> dict[str, Any]:
        """Return what the kernel must have of a constant once it has accepted the declaration."""
        made: dict[str, Any] = {
            "kind": unit.kind if len(unit.constants) == 1 else constant.kind,
            "name": self._name(constant.name),
            "levels": self._name_list(constant.level_params),
            "type": self._expr(constant.type),
            "facts": self._facts(constant) if unit.kind == "inductive" else {},
        }
        if unit.kind in ("definition", "theorem", "opaque") and constant.value is not None:
            made["value"] = self._expr(constant.value)
        if constant.kind == "recursor":
            made["rules"] = [
                [self._name(rule.constructor), rule.num_fields, self._expr(rule.rhs)]
                for rule in constant.rules
            ]
        return made

    def _facts(self, constant: Constant) -> dict[str, Any]:
        match constant.kind:
            case "inductive":
                return {
                    "params": constant.num_params,
                    "indices": constant.num_indices,
                    "block": self._name_list(constant.all),
                    "constructors": self._name_list(constant.constructors),
                    "nested": constant.num_nested,
                    "recursive": constant.is_recursive,
                    "reflexive": constant.is_reflexive,
                }
            case "constructor":
                return {
                    "type": [self._name(constant.inductive)],
                    "index": constant.constructor_index,
                    "params": constant.num_params,
                    "fields": constant.num_fields,
                }
            case _:
                return {
                    "block": self._name_list(constant.all),
                    "params": constant.num_params,
                    "indices": constant.num_indices,
                    "motives": constant.num_motives,
                    "minors": constant.num_minors,
                    "k": constant.k,
                }

    def _write(self, request: dict[str, Any]) -> None:
        line = {key: table.fresh for key, table in self._tables.items() if table.fresh} | request
        self.file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        for table in self._tables.values():
            table.fresh = []

    def _name(self, name: Name) -> int:
        place = self._names.get(name)
        if place is None:
            components = split_name(name)
            if components is None:
                raise ValueError(f"{name!r} is no name")
            place = 0
            for component in components:
                place = self._tables["names"].place(place, component)
            self._names[name] = place
        return place

    def _name_list(self, names: Sequence[Name]) -> list[int]:
        return [self._name(name) for name in names]

    def _level(self, root: Level) -> int:
        places, table = self._levels, self._tables["levels"]
        stack = [root]
        while stack:
            level = stack[-1]
            if isinstance(level, LSucc):
                inner: tuple[Level, ...] = (level.of,)
            elif isinstance(level, LMax | LIMax):
                inner = level.left, level.right
            else:
                inner = ()
            missing = [part for part in inner if id(part) not in places]
            if missing:
                stack += missing
                continue
            stack.pop()
            sent = [places[id(part)] for part in inner]
            match level:
                case LZero():
                    place = 0
                case LSucc():
                    place = table.place(form.SUCC, *sent)
                case LMax():
                    place = table.place(form.MAX, *sent)
                case LIMax():
                    place = table.place(form.IMAX, *sent)
                case LParam(name):
                    place = table.place(form.PARAM, self._name(name))
            places[id(level)] = place
        return places[id(root)]

    def _expr(self, root: Expr) -> int:
        places, add = self._exprs, self._tables["exprs"].place
        get = places.get
        self._kept.append(root)
        stack = [root]
        while stack:
            expr = stack[-1]
            inner = parts(expr)
            missing = [part for part in inner if id(part) not in places]
            if missing:
                stack += missing
                continue
            stack.pop()
            sent = [get(id(part)) for part in inner]
            match expr:
                case App():
                    place = add(form.APP, *sent)
                case Lam():
                    place = add(form.LAM, *sent)
                case Pi():
                    place = add(form.PI, *sent)
                case BVar(index):
                    place = add(form.BVAR, index)
                case Const(name, levels):
                    place = add(form.CONST, self._name(name), tuple(map(self._level, levels)))
                case Sort(level):
                    place = add(form.SORT, self._level(level))
                case MData(content):
                    place = places[id(content)]
                case Let():
                    place = add(form.LET, *sent)
                case Proj(struct, index, _):
                    place = add(form.PROJ, self._name(struct), index, *sent)
                case Lit(str(text)):
                    place = add(form.STRING, text)
                case Lit(int(number)):
                    place = add(form.NAT, f"{number:x}")
                case FVar(name):
                    raise ValueError(f"free variable {name}")
            places[id(expr)] = place
        return places[id(root)]
