"""Callers' arrays, held against the entries of a context."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from array_api_compat import device

from lean_bridge.errors import ArrayError
from lean_bridge.executor.arrays.namespaces import conversion, is_elsewhere, zeros
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.arrays.shape import Shape, text_of
from lean_bridge.spelling import meant_by, spelled

A = TypeVar("A")
"""What arrays are in the library that a program computes with."""
F = TypeVar("F", bound=np.generic)
"""The dtype of arrays in NumPy, where their type tells it: results have it too, and shapes of their own."""

GivenOf: TypeAlias = Sequence[A] | Mapping[str, A]
"""One array per entry in order, or arrays by entry name, of the library that the program computes with."""
Given: TypeAlias = GivenOf[Any]

NOTHING: Final[Mapping[str, Array]] = MappingProxyType({})
"""Zero in every entry."""


@dataclass(frozen=True)
class BoundEntry:
    """An entry of ``Γ ++ ss`` at bound dimensions."""

    name: str
    shape: Shape


def check_arrays(
    role: str,
    given: Given,
    entries: Sequence[BoundEntry],
    scalars: Scalars,
    primals: Sequence[Array] | None = None,
) -> list[Array]:
    """Return one array per entry, each of the entry's shape and all of one dtype.

    ``role`` says what the arrays are for, in messages. With ``primals`` (one per entry) the dtype is theirs,
    and entries that a mapping leaves out are zero; without, every entry must be given.

    Raises: ArrayError naming the first entry that does not fit.
    """
    if primals is None:
        return check_every(role, given, entries, scalars, None)
    like = primals[0] if primals else None
    found = check_given(role, given, entries, scalars, like)
    return [found[i] if i in found else zeros(primals[i], primals[i].shape) for i in range(len(entries))]


def check_every(
    role: str, given: Given, entries: Sequence[BoundEntry], scalars: Scalars, like: Array | None
) -> list[Array]:
    """Return one array per entry, all given and of the dtype of ``like``. Raises: as ``check_arrays``."""
    return list(_checked(role, given, entries, scalars, like, partial=False).values())


def check_given(
    role: str, given: Given, entries: Sequence[BoundEntry], scalars: Scalars, like: Array | None
) -> dict[int, Array]:
    """Return the arrays that are given by position of their entry, of the dtype of ``like``.

    Raises: as ``check_arrays``.
    """
    return _checked(role, given, entries, scalars, like, partial=True)


def positions(role: str, names: Iterable[str], entries: Sequence[BoundEntry]) -> tuple[int, ...]:
    """Return where the entries of these names are. Raises: ArrayError naming the first that there is not."""
    known = {entry.name: position for position, entry in enumerate(entries)}
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        mend = f"; give [{names!r}]" if names in known else ""
        raise ArrayError(str(names), f"{role}s: expected a list of names, found {reprlib.repr(names)}{mend}")
    return tuple(
        known[name if isinstance(name, str) and name in known else _meant(role, name, known)]
        for name in names
    )


def _meant(role: str, name: object, known: Iterable[str]) -> str:
    """Return the entry that a name is another spelling of. Raises: ArrayError if it is none's, or several."""
    names = list(known)
    if len(meant := meant_by(name, names)) == 1:
        return meant[0]
    wrong = f"may be {' or '.join(meant)}" if meant else "no such entry"
    raise ArrayError(str(name), f"{role} {name!r}: {wrong}; expected one of {', '.join(map(spelled, names))}")


def _checked(
    role: str,
    given: Given,
    entries: Sequence[BoundEntry],
    scalars: Scalars,
    like: Array | None,
    *,
    partial: bool,
) -> dict[int, Array]:
    arrays: dict[int, Array] = {}
    named = by_name(role, given, entries)
    for position, entry in enumerate(entries):
        if entry.name in named:
            try:
                array = scalars.check_array(named[entry.name])
                like = array if like is None else like
                _check_fit(array, entry, like)
            except ValueError as error:
                raise ArrayError(entry.name, f"{role} {position} ({entry.name}): {error}") from None
            arrays[position] = array
        elif not partial:
            found = f"{role} {position} ({entry.name}): expected an array, found none"
            raise ArrayError(entry.name, found)
    return arrays


def _check_fit(array: Array, entry: BoundEntry, like: Array) -> None:
    """Raise ValueError if an array is of another shape than its entry, or of another kind than the first."""
    if array.shape != entry.shape:
        raise ValueError(f"expected shape {text_of(entry.shape)}, found {text_of(array.shape)}")
    if array.dtype != like.dtype:
        mend = f"convert with {conversion(like)}"
        raise ValueError(f"expected {like.dtype} like input 0, found {array.dtype}; {mend}")
    if is_elsewhere(array, like):
        places = f"expected device {device(like)} like input 0, found {device(array)}"
        raise ValueError(f"{places}; move it there")


def filled(
    args: Sequence[object],
    named: Mapping[str, object],
    entries: Sequence[BoundEntry],
    kept: Mapping[str, object] = NOTHING,
) -> dict[str, object]:
    """Return inputs by name: those that are kept, and of the others the first in order, the rest by name.

    Raises: ArrayError for one too many, a name that is no input's, and an input that is given twice.
    """
    free = [entry.name for entry in entries if entry.name not in kept]
    if len(args) > len(free):
        takes = f"{len(free)} inputs ({', '.join(free)})"
        raise ArrayError(entries[-1].name, f"inputs: expected at most {takes}, found {len(args)}")
    given = {**kept, **dict(zip(free, args, strict=False))}
    for spelling, position in zip(named, positions("input", named, entries), strict=True):
        if (name := entries[position].name) in given:
            how = "is a parameter of the module" if name in kept else "is given twice"
            raise ArrayError(name, f"input {name!r}: {how}; give it once")
        given[name] = named[spelling]
    return given


def by_name(role: str, given: Given, entries: Sequence[BoundEntry]) -> Mapping[str, object]:
    """Return what was given under its entries' names, all of which exist.

    Raises: ArrayError for a name that is no entry's, and where an entry is given twice.
    """
    names = [entry.name for entry in entries]
    if isinstance(given, Mapping):
        named: dict[str, object] = {}
        for spelling, position in zip(given, positions(role, given, entries), strict=True):
            if (name := names[position]) in named:
                raise ArrayError(name, f"{role} {name!r}: given twice, in two spellings; give one of them")
            named[name] = given[spelling]
        return named
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        expected = f"a list of {len(names)} arrays, or arrays by name ({', '.join(names)})"
        found = type(given).__name__
        raise ArrayError(names[0] if names else "", f"{role}s: expected {expected}, found {found}")
    arrays = list(given)
    if len(arrays) != len(names):
        first = names[len(arrays)] if len(arrays) < len(names) else names[-1]
        expected = f"{len(names)} arrays ({', '.join(names)})"
        raise ArrayError(first, f"{role}s: expected {expected}, found {len(arrays)}; or give them by name")
    return dict(zip(names, arrays, strict=True))
