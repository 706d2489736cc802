"""The executor's numbers over GF(p) as theorems about the extracted graph, written and read back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lean_bridge.crosscheck.field_points import NumbersAtPoint, Words
from lean_bridge.crosscheck.generated import LIBRARY_MODULE
from lean_bridge.extract.render import extracted_name, scalars_name
from lean_bridge.olean.expr import Const, Expr, Lit, Name, bare, spine
from pybind_models import ArrayArgument, DGraph

PACKAGE: Final = "FieldEvidence"
"""Where all that is generated about numbers has its names."""

PASSES: Final = ("saved", "tangents", "cotangents")
"""The theorems about one point."""

_NAMESPACE: Final = "Proofs.Autograd"
_FIELD: Final = f"{_NAMESPACE}.GF"
_SCALARS: Final = f"{_FIELD}.scalarOps"
_WRITTEN_MAPS: Final = {f"{_NAMESPACE}.{kind}.ofWords" for kind in ("CLM", "Vec", "Tensor")}
_INTEGERS: Final = f"{_NAMESPACE}.integersOfWords"
_BOOLEANS: Final = f"{_NAMESPACE}.booleansOfWords"


def point_name(graph: DGraph, point: int) -> Name:
    """Return the name space of all that is about a graph at its point of this number, counted from 1."""
    return f"{PACKAGE}.{graph.lean_name}.point{point}"


def theorem_names(graph: DGraph, point: int) -> tuple[Name, ...]:
    """Return the names of the theorems about a graph at its point of this number, counted from 1."""
    return tuple(f"{point_name(graph, point)}.{name}" for name in PASSES)


def render_header(modules: Iterable[Name]) -> str:
    """Return the beginning of a module about graphs whose extracted definitions are in ``modules``.

    One theorem after the other in one thread: each thread that Lean starts keeps the memory of its kernel's
    work, hundreds of megabytes, until the module is done.
    """
    imports = "".join(f"public import {name}\n" for name in (LIBRARY_MODULE, *sorted(set(modules))))
    return f"module\n{imports}set_option Elab.async false\npublic section\n"


def render_numbers(graph: DGraph, number: int, point: NumbersAtPoint) -> str:
    """Return the theorems about a graph at a point of a number; :func:`theorem_names` are their names.

    They equate Lean's ``eval``, ``jvpCtx`` and ``backpropCtx`` of the extracted graph with the numbers. Each
    rests on a boolean that the kernel computes, node by node.
    """
    arguments = [
        *(str(point.dims[name]) for name in graph.dims),
        *(f"(.of {value})" for value in point.scalars),
        *(f"(.ofWords {words:#x})" for words in point.maps),
        *(
            f"({_BOOLEANS} {words:#x})" if array.below is None else f"({_INTEGERS} {words:#x} (by decide))"
            for array, words in zip(graph.arrays, point.arrays, strict=True)
        ),
    ]
    extracted = f"({extracted_name(graph)} ({scalars_name(graph)} := {_FIELD}) {' '.join(arguments)})"
    inputs, moved, seeds = (_list(each) for each in (point.inputs, point.input_tangents, point.seeds))
    values, tangents = _list(point.values), _list(point.tangents)
    sums = f"[{', '.join(map(_list, point.sums))}]"
    return f"""
namespace {point_name(graph, number)}
theorem nodes : {_NAMESPACE}.Graph.checkEval {extracted}
    {inputs}
    {values} = true := by
  decide +kernel
theorem saved : {_NAMESPACE}.Graph.eval {extracted}
    (.ofWords {inputs}) =
    .ofWords {values} :=
  {_NAMESPACE}.Graph.eval_ofWords nodes
theorem tangents : {_NAMESPACE}.Graph.jvpCtx {extracted}
    (.ofWords {inputs})
    (.ofWords {moved}) =
    .ofWords {tangents} :=
  {_NAMESPACE}.Graph.jvpCtx_ofWords nodes (by decide +kernel)
theorem cotangents : {_NAMESPACE}.Graph.backpropCtx {extracted}
    (.ofWords {inputs})
    (.ofWords {seeds}) =
    .ofWords {_list(point.cotangents)} :=
  {_NAMESPACE}.Graph.backpropCtx_ofWords (sums := {sums}) nodes (by decide +kernel)
end {point_name(graph, number)}
"""


def _list(words: Iterable[Words]) -> str:
    """Return a list by its constructors: Lean elaborates longer ``[…]`` to chains of ``let``."""
    return f"({''.join(f'{each:#x} :: ' for each in words)}[])"


def states_numbers(statement: Expr, name: str, graph: DGraph, point: NumbersAtPoint) -> bool:
    """Whether a type says of the extracted graph what the theorem ``name`` of :data:`PASSES` shall.

    Everything explicit is compared: the pass, the graph, the field and its operations, every argument and
    every number. What is implicit is fixed by those, as the statement has a type.
    """
    function, given, result = {
        "saved": ("eval", [point.inputs], point.values),
        "tangents": ("jvpCtx", [point.inputs, point.input_tangents], point.tangents),
        "cotangents": ("backpropCtx", [point.inputs, point.seeds], point.cotangents),
    }[name]
    sides = _arguments(statement, "Eq", 3)
    if sides is None:
        return False
    call = _arguments(sides[1], f"{_NAMESPACE}.Graph.{function}", 5 + len(given))
    return (
        call is not None
        and _is_constant(call[0], _FIELD)
        and _is_constant(call[1], _SCALARS)
        and _is_extracted(call[4], graph, point)
        and [_context(each) for each in call[5:]] == given
        and _context(sides[2]) == result
    )


def _is_extracted(expr: Expr, graph: DGraph, point: NumbersAtPoint) -> bool:
    """Whether a term is the extracted graph over GF(p) at the point's arguments."""
    counts = len(point.dims), len(point.scalars), len(point.maps), len(point.arrays)
    given = _arguments(expr, extracted_name(graph), 2 + sum(counts))
    if given is None or not _is_constant(given[0], _FIELD) or not _is_constant(given[1], _SCALARS):
        return False
    dims, rest = given[2 : 2 + counts[0]], given[2 + counts[0] :]
    scalars, rest = rest[: counts[1]], rest[counts[1] :]
    maps, arrays = rest[: counts[2]], rest[counts[2] :]
    return (
        [_numeral(each) for each in dims] == [point.dims[name] for name in graph.dims]
        and [_scalar(each) for each in scalars] == list(point.scalars)
        and [_map(each) for each in maps] == list(point.maps)
        and list(map(_array, arrays, graph.arrays)) == list(point.arrays)
    )


def _arguments(expr: Expr, head: Name, count: int) -> list[Expr] | None:
    found, arguments = spine(expr)
    return arguments if _is_constant(found, head) and len(arguments) == count else None


def _is_constant(expr: Expr, name: Name) -> bool:
    expr = bare(expr)
    return isinstance(expr, Const) and expr.name == name


def _context(expr: Expr) -> tuple[Words, ...] | None:
    """Return the numbers of a written context, ``TList.ofWords […]``."""
    given = _arguments(expr, f"{_NAMESPACE}.TList.ofWords", 2)
    if given is None:
        return None
    numbers: list[int] = []
    rest = given[1]
    while (cons := _arguments(rest, "List.cons", 3)) is not None:
        number = _numeral(cons[1])
        if number is None:
            return None
        numbers.append(number)
        rest = cons[2]
    return None if _arguments(rest, "List.nil", 1) is None else tuple(numbers)


def _scalar(expr: Expr) -> int | None:
    given = _arguments(expr, f"{_FIELD}.of", 1)
    return None if given is None else _numeral(given[0])


def _map(expr: Expr) -> Words | None:
    head, given = spine(expr)
    written = isinstance(head, Const) and head.name in _WRITTEN_MAPS and given
    return _numeral(given[-1]) if written else None


def _array(expr: Expr, array: ArrayArgument) -> Words | None:
    """Return the words of whole numbers, or of truth values, as the graph takes there."""
    if array.below is None:
        given, at = _arguments(expr, _BOOLEANS, 2), 1
    else:
        given, at = _arguments(expr, _INTEGERS, 4), 2
    return None if given is None else _numeral(given[at])


def _numeral(expr: Expr) -> int | None:
    """Return the value of ``n : Nat``, as Lean elaborates a numeral."""
    given = _arguments(expr, "OfNat.ofNat", 3)
    if given is None or not _is_constant(given[0], "Nat"):
        return None
    instance = _arguments(given[2], "instOfNatNat", 1)
    values = [bare(each) for each in (given[1], *(instance or []))]
    found = {each.value for each in values if isinstance(each, Lit) and isinstance(each.value, int)}
    return found.pop() if instance and len(values) == 2 and len(found) == 1 else None
