"""Reads evaluated Lean terms as Python data: dimensions, shapes, lists, strings, positions."""

from __future__ import annotations

from lean_bridge.errors import UnsupportedTerm
from lean_bridge.extract.machine import Machine, Thunk, Value, VLit, VStuck, describe
from pybind_models import Dim, Shape


def constructor_fields(
    machine: Machine, thunk: Thunk, names: dict[str, int], where: str
) -> tuple[str, tuple[Thunk, ...]]:
    """Return which constructor a value is, and its arguments after the given number of parameters.

    ``names`` maps each expected constructor to its number of parameters.
    Raises: UnsupportedTerm for anything else.
    """
    value = machine.force(thunk)
    if isinstance(value, VStuck) and not value.is_variable and value.head in names:
        return value.head, value.args[names[value.head] :]
    raise UnsupportedTerm(f"{where}: expected {' or '.join(names)}, found {describe(value)}")


def to_dim(machine: Machine, thunk: Thunk, where: str) -> Dim:
    """Return a natural number as a polynomial in the free variables.

    Raises: UnsupportedTerm for anything but literals, variables, ``+``, ``*`` and ``Nat.succ``.
    """
    match value := machine.force(thunk):
        case VLit(int(number)):
            return Dim.constant(number)
        case VStuck(name, (), is_variable=True):
            return Dim.variable(name)
        case VStuck("Nat.add", (left, right)):
            return to_dim(machine, left, where) + to_dim(machine, right, where)
        case VStuck("Nat.mul", (left, right)):
            return to_dim(machine, left, where) * to_dim(machine, right, where)
        case VStuck("Nat.succ", (before,)):
            return to_dim(machine, before, where) + Dim.constant(1)
    raise UnsupportedTerm(f"{where}: expected a polynomial in the dimensions, found {describe(value)}")


def to_shape(machine: Machine, thunk: Thunk, where: str) -> Shape:
    """Return a ``Spec.Shape`` as its axis lengths, outermost first."""
    dims: list[Dim] = []
    while True:
        name, fields = constructor_fields(
            machine, thunk, {"Spec.Shape.scalar": 0, "Spec.Shape.dim": 0}, where
        )
        if name == "Spec.Shape.scalar":
            return tuple(dims)
        dims.append(to_dim(machine, fields[0], where))
        thunk = fields[1]


def to_indexed_shape(machine: Machine, thunk: Thunk, where: str) -> Shape | None:
    """Return the shape of which a type is ``Spec.Shape.Index``, unfolded; ``None`` if it is no such type."""
    dims: list[Dim] = []
    while isinstance(value := machine.force(thunk), VStuck) and not value.is_variable:
        if value.head == "PUnit":
            return tuple(dims)
        if value.head != "Prod" or len(value.args) != 2:
            return None
        length = machine.force(value.args[0])
        if not isinstance(length, VStuck) or length.head != "Fin" or length.is_variable:
            return None
        dims.append(to_dim(machine, length.args[0], where))
        thunk = value.args[1]
    return None


def to_list(machine: Machine, thunk: Thunk, where: str) -> list[Thunk]:
    """Return the elements of a ``List``."""
    elements: list[Thunk] = []
    while True:
        name, fields = constructor_fields(machine, thunk, {"List.nil": 1, "List.cons": 1}, where)
        if name == "List.nil":
            return elements
        elements.append(fields[0])
        thunk = fields[1]


def to_string(machine: Machine, thunk: Thunk, where: str) -> str:
    """Return a ``String`` literal."""
    value: Value = machine.force(thunk)
    if isinstance(value, VLit) and isinstance(value.value, str):
        return value.value
    raise UnsupportedTerm(f"{where}: expected a string literal, found {describe(value)}")


def to_position(machine: Machine, thunk: Thunk, where: str) -> int:
    """Return the position number of a ``Proofs.Autograd.Idx``."""
    _, (fin, _) = constructor_fields(machine, thunk, {"Proofs.Autograd.Idx.mk": 2}, where)
    _, (number, _) = constructor_fields(machine, fin, {"Fin.mk": 1}, where)
    value = machine.force(number)
    if isinstance(value, VLit) and isinstance(value.value, int):
        return value.value
    raise UnsupportedTerm(f"{where}: expected a literal position, found {describe(value)}")
