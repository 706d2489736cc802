"""Where the arrays of a plan live: which are views of which, and which share memory with what.

Every array is a view of a storage. The arrays that bijective views connect share one, and the one of them
that lies in row-major order is chosen so that all the others are views: so the heads of attention are written
where their concatenation is read. An operand of a concatenation is made in its place, and an elementwise
operation writes over an operand that nobody reads any more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import BIJECTIONS, ELEMENTWISE, FREE, VIEWS, Static, Trace

Kind: TypeAlias = Literal["leaf", "constant", "zeros", "arena"]

_KINDS: Final[Mapping[str, Kind]] = {"leaf": "leaf", "constant": "constant", "zeros": "zeros"}

View: TypeAlias = tuple[str, Static]
"""A view op and its static arguments."""


@dataclass
class Storage:
    """A row-major array that others are views of."""

    kind: Kind
    shape: Shape
    source: int
    """The instruction that it was made for."""
    last: int
    """When it is last read; past the end for results."""
    first: int = -1
    """When it is first written."""

    def use(self, position: int) -> None:
        """Be in use at an instruction, and between it and the others."""
        self.first, self.last = min(self.first, position), max(self.last, position)

    @property
    def size(self) -> int:
        """How many coordinates it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Place:
    """An array as a view of a storage."""

    storage: int
    views: tuple[View, ...] = ()

    def then(self, *views: View) -> Place:
        """Return the place of a view of the array."""
        return Place(self.storage, self.views + views)


@dataclass(frozen=True)
class Layout:
    """The storages of a trace, and the place of each instruction's result."""

    storages: tuple[Storage, ...]
    places: tuple[Place, ...]
    copied: frozenset[int]
    """The reshapes that are no views: their coordinates are copied."""


def view_of(array: Array, views: Sequence[View]) -> Array:
    """Return a view of an array. Raises: ValueError if a reshape would have to copy."""
    for op, static in views:
        if op == "reshape":
            array = np.reshape(array, *static, copy=False)
        elif op == "transpose":
            array = array.transpose(static)
        elif op == "slice":
            axis, start, stop = static
            array = array[(slice(None),) * axis + (slice(start, stop),)]
        else:
            array = np.broadcast_to(array, *static)
    return array


def lay_out(trace: Trace, *, in_place: bool = True) -> Layout:
    """Return the layout of a trace; ``in_place`` lets results overwrite operands that are done with."""
    builder = _Builder(trace)
    builder.settle()
    if in_place:
        builder.overwrite()
    return builder.layout()


def last_reads(trace: Trace) -> list[int]:
    """Return when each result, or a view of it, is last read: past the end for what is asked for."""
    last = [trace.uses.last(position) for position in range(len(trace.instructions))]
    for position in reversed(range(len(last))):
        views = (reader for reader in trace.uses.readers[position] if trace.instructions[reader].is_view)
        last[position] = max([last[position], *(last[view] for view in views)])
    return last


class _Builder:
    """A layout under construction. A tree: what makes coordinates, and the bijective views of it by path."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.instructions = trace.instructions
        self.viewed: dict[int, list[int]] = {}
        """The bijective views of each result."""
        for position, each in enumerate(self.instructions):
            if each.op in BIJECTIONS:
                self.viewed.setdefault(each.operands[0], []).append(position)
        self.copied: set[int] = set()
        self.storages: list[Storage] = []
        self.places: dict[int, Place] = {}
        self.last = last_reads(trace)

    def settle(self) -> None:
        """Give everything that makes coordinates a place, results that are concatenated inside that one."""
        for position in reversed(range(len(self.instructions))):
            each = self.instructions[position]
            if each.op not in VIEWS and position not in self.places:
                self._settle(position)
            if each.op == "concat":
                self._place_parts(position)

    def overwrite(self) -> None:
        """Let elementwise operations write over operands that nobody reads any more."""
        for position, each in enumerate(self.instructions):
            if each.op in ELEMENTWISE and self.storages[self.places[position].storage].source == position:
                candidates = (operand for operand in each.operands if self._dies(operand, position))
                any(self._put(position, self.places[operand]) for operand in candidates)

    def layout(self) -> Layout:
        """Return what was built: views of views placed, storages numbered anew, and when they are in use."""
        for position, each in enumerate(self.instructions):
            if position not in self.places:
                place = self.places[each.operands[0]].then((each.op, each.static))
                if self._is_view(place):
                    self.places[position] = place
                else:
                    self._copy(position)
        places = [self.places[position] for position in range(len(self.instructions))]
        used = {old: new for new, old in enumerate(sorted({place.storage for place in places}))}
        storages = [
            Storage(each.kind, each.shape, each.source, last=-1, first=len(places))
            for each in (self.storages[old] for old in used)
        ]
        moved = [Place(used[place.storage], place.views) for place in places]
        for position, each in enumerate(self.instructions):
            if each.op not in VIEWS or position in self.copied:
                storages[moved[position].storage].use(position)
                for operand in each.operands:
                    storages[moved[operand].storage].use(position)
        for result in self.trace.results:
            storages[moved[result].storage].use(len(places))
        return Layout(tuple(storages), tuple(moved), frozenset(self.copied))

    def _settle(self, source: int) -> None:
        """Place a tree in a storage of its own, whose row-major array is one that makes all of it views."""
        each = self.instructions[source]
        kind = _KINDS.get(each.op, "arena")
        storage = Storage(kind, each.shape, source, self.last[source])
        self.storages.append(storage)
        number = len(self.storages) - 1
        free = kind == "arena" and source not in self.copied
        for member, path in self._tree(source) if free else ():
            storage.shape = self.instructions[member].shape
            if self._put(source, Place(number, self._inverse(source, path))):
                return
        storage.shape = each.shape
        while not self._put(source, Place(number)):
            tree = self._tree(source)
            first = next(member for member, path in tree if not self._is_view(Place(number, path)))
            self._copy(first)

    def _place_parts(self, position: int) -> None:
        """Let the operands of a concatenation be made in its place, where they make coordinates."""
        each, start = self.instructions[position], 0
        for operand in each.operands:
            stop = start + self.instructions[operand].shape[each.static.axis]
            source = operand
            while self.instructions[source].op in BIJECTIONS and source not in self.copied:
                source = self.instructions[source].operands[0]
            makes = self.instructions[source].op not in FREE
            if makes and source not in self.places:
                path = dict(self._tree(source))[operand]
                part = self.places[position].then(("slice", (each.static.axis, start, stop)))
                self._put(source, part.then(*self._inverse(source, path)))
            start = stop

    def _tree(self, source: int) -> list[tuple[int, tuple[View, ...]]]:
        tree: list[tuple[int, tuple[View, ...]]] = [(source, ())]
        for member, path in tree:
            for view in self.viewed.get(member, ()):
                if view not in self.copied:
                    each = self.instructions[view]
                    tree.append((view, (*path, (each.op, each.static))))
        return tree

    def _inverse(self, source: int, path: Sequence[View]) -> tuple[View, ...]:
        """Return the views that lead back to what makes the coordinates."""
        inverse: list[View] = []
        shape = self.instructions[source].shape
        for op, static in path:
            inverse.append(("reshape", (shape,)) if op == "reshape" else (op, _inverse_axes(static)))
            shape = static.shape if op == "reshape" else tuple(shape[axis] for axis in static)
        return tuple(reversed(inverse))

    def _put(self, source: int, place: Place) -> bool:
        """Place a tree if all of it is views there; return whether it is."""
        tree = self._tree(source)
        if not all(self._is_view(place.then(*path)) for _, path in tree):
            return False
        storage = self.storages[place.storage]
        for member, path in tree:
            self.places[member] = place.then(*path)
            storage.last = max(storage.last, self.last[member])
        return True

    def _is_view(self, place: Place) -> bool:
        try:
            view_of(np.empty(self.storages[place.storage].shape, np.int8), place.views)
        except ValueError:
            return False
        return True

    def _copy(self, position: int) -> None:
        """Give the coordinates of a reshape a storage of their own."""
        self.copied.add(position)
        self.places.pop(position, None)
        self._settle(position)

    def _dies(self, operand: int, position: int) -> bool:
        """Return whether the result at ``position`` may be written over an operand of it."""
        each, place = self.instructions[position], self.places.get(operand)
        if place is None or self.instructions[operand].shape != each.shape:
            return False
        storage = self.storages[place.storage]
        shared = (other for other in each.operands if self._storage_of(other) == place.storage)
        return (
            storage.kind == "arena"
            and storage.last == position
            and all(self.places.get(other) == place for other in shared)
        )

    def _storage_of(self, position: int) -> int:
        while position not in self.places:
            position = self.instructions[position].operands[0]
        return self.places[position].storage


def _inverse_axes(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axes.index(axis) for axis in range(len(axes)))
