"""Universe levels in a form of which there is one object, whatever way they are written."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from lean_bridge.olean.expr import Level, LIMax, LMax, LParam, LSucc, LZero, Name

_Summands: TypeAlias = Mapping[Level, int]
"""What a level is the greatest of: 0, parameters and what is left of ``imax``, each with what is added."""

ZERO: Final[Level] = LZero()
"""The form of the level of propositions."""

_AS_WRITTEN: Final[Mapping[Name, Level]] = MappingProxyType({})
_NOTHING: Final[_Summands] = MappingProxyType({ZERO: 0})

_params: Final[dict[Name, Level]] = {}
_imaxes: Final[dict[tuple[Level, Level], Level]] = {}
_forms: Final[dict[frozenset[tuple[Level, int]], Level]] = {frozenset(_NOTHING.items()): ZERO}
_summands_of: Final[dict[Level, _Summands]] = {ZERO: _NOTHING}


def normal(level: Level, given: Mapping[Name, Level] = _AS_WRITTEN) -> Level:
    """Return a level, with others in place of its parameters, in its form.

    Levels of one form are equal, and those without parameters are of one form if they are equal. What is
    given is to be in its form.
    """
    return level if level in _summands_of else _form(_summands(level, given))


def is_above_zero(level: Level) -> bool:
    """Whether a level is no 0, whatever its parameters are."""
    return any(_summands(level).values())


def level_text(level: Level) -> str:
    """Return a level as text, a different one for each form."""
    return "max " + " ".join(sorted(f"{_atom_text(atom)}+{more}" for atom, more in _summands(level).items()))


def _atom_text(atom: Level) -> str:
    match atom:
        case LParam(name):
            return name
        case LIMax(left, right):
            return f"(imax ({level_text(left)}) {_atom_text(right)})"
    return ""


def _summands(level: Level, given: Mapping[Name, Level] = _AS_WRITTEN) -> _Summands:
    if (known := _summands_of.get(level)) is not None and not given:
        return known
    match level:
        case LSucc(of):
            return {atom: more + 1 for atom, more in _summands(of, given).items()}
        case LMax(left, right):
            return _greatest(_summands(left, given), _summands(right, given))
        case LIMax(left, right):
            return _impredicative(_summands(left, given), _summands(right, given))
        case LParam(name) if name in given:
            return _summands_of[given[name]]
        case LParam(name):
            return {_params.setdefault(name, level): 0}
    return _NOTHING


def _greatest(some: _Summands, others: _Summands) -> _Summands:
    found = dict(some)
    for atom, more in others.items():
        found[atom] = max(more, found.get(atom, 0))
    if any(more >= found.get(ZERO, 0) for atom, more in found.items() if atom is not ZERO):
        found.pop(ZERO, None)
    return found


def _impredicative(left: _Summands, right: _Summands) -> _Summands:
    """Return ``imax``: of each summand on the right alone, where none of these is certainly more than 0."""
    if dict(right) == dict(_NOTHING):
        return _NOTHING
    if any(right.values()):
        return _greatest(left, right)
    found: _Summands = _NOTHING
    for atom in right:
        before, last = left, atom
        if isinstance(atom, LIMax):
            before, last = _greatest(left, _summands(atom.left)), atom.right
        rest = {each: more for each, more in before.items() if (each, more) != (last, 0)} or _NOTHING
        if set(rest) == {ZERO} and rest[ZERO] <= 1:
            found = _greatest(found, {last: 0})
        else:
            key = (_form(rest), last)
            found = _greatest(found, {_imaxes.setdefault(key, LIMax(*key)): 0})
    return found


def _form(summands: _Summands) -> Level:
    key = frozenset(summands.items())
    if (known := _forms.get(key)) is not None:
        return known
    made: Level | None = None
    for atom, more in sorted(summands.items(), key=lambda each: (_atom_text(each[0]), each[1])):
        one = atom
        for _ in range(more):
            one = LSucc(one)
        made = one if made is None else LMax(made, one)
    form = _forms.setdefault(key, made if made is not None else ZERO)
    _summands_of[form] = summands
    return form
