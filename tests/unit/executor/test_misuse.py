"""What is no list, no name, no number or no size is refused in words, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from lean_bridge.errors import ArrayError, BindingError
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from tests.unit.executor.graphs import attention, graph

GRAPH = ExecutableGraph(attention())
SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2}
BOUND = GRAPH.bind(**SIZES)
INPUTS = {name: np.ones((3, 4) if name == "x" else (4, 4)) for name in ("x", "Wq", "Wk", "Wv", "Wo")}
COMPILED, BATCHED = BOUND.compile(c=0.5), BOUND.compile(c=0.5).batched(["x"])
PROGRAMS: list[Any] = [BOUND.interpret(c=0.5), COMPILED, BATCHED]
CALLS: list[Callable[[Any], Any]] = [
    lambda wrong: COMPILED.prepare(wrong),
    lambda wrong: COMPILED.prepare(INPUTS, tangents=wrong),
    lambda wrong: COMPILED.prepare(INPUTS, seeds=wrong),
    lambda wrong: COMPILED.jacobian(wrong, "residual", "x"),
    lambda wrong: COMPILED.pullback(INPUTS)(wrong),
    lambda wrong: BATCHED.jvp({"x": np.ones((2, 3, 4))} | INPUTS, wrong),
]
NAMES: list[Callable[[Any], Any]] = [
    lambda wrong: COMPILED.forward(INPUTS, wrong),
    lambda wrong: COMPILED.vjp(INPUTS, {}, wrong),
    lambda wrong: COMPILED.prepare(INPUTS, values=wrong),
    lambda wrong: COMPILED.linearize(INPUTS, wrong),
    lambda wrong: COMPILED.batched(wrong),
    lambda wrong: BATCHED.forward(INPUTS, wrong),
    lambda wrong: BATCHED.value_and_vjp(INPUTS, {}, wrong),
]


@pytest.mark.parametrize("wrong", [None, 3, "abcde", b"abcde", set(), np.ones((5, 3, 4))])
def test_what_is_no_list_of_arrays_is_named(wrong: Any) -> None:
    for call in CALLS:
        with pytest.raises(ArrayError, match=f"expected a list of .* found {type(wrong).__name__}"):
            call(wrong)
    for program in PROGRAMS:
        for ask in (program.forward, lambda x, p=program: p.vjp(x, {})):
            with pytest.raises(ArrayError, match=f"inputs: expected a list of 5 .* {type(wrong).__name__}"):
                ask(wrong)


@pytest.mark.parametrize("call", NAMES)
@pytest.mark.parametrize("wrong", ["x", "Wq", b"x", 3])
def test_one_name_is_no_list_of_names(call: Callable[[Any], Any], wrong: Any) -> None:
    mend = rf"; give \['{wrong}'\]" if isinstance(wrong, str) else ""
    with pytest.raises(ArrayError, match=f"expected a list of names, found {wrong!r}{mend}$"):
        call(wrong)


@pytest.mark.parametrize("wrong", [3, None, ["x"], {}])
def test_what_is_no_name_is_no_entry(wrong: Any) -> None:
    for call in (
        lambda: COMPILED.forward(INPUTS, [wrong]),
        lambda: COMPILED.jacobian(INPUTS, wrong, "x"),
        lambda: COMPILED.jacobian(INPUTS, "residual", wrong),
    ):
        with pytest.raises(ArrayError, match="no such entry"):
            call()


@pytest.mark.parametrize("program", [BOUND.interpret(c=0.5), COMPILED])
@pytest.mark.parametrize("level", ["foo", None, ""])
def test_levels_of_checks_are_listed(program: Any, level: Any) -> None:
    with pytest.raises(ValueError, match=r"no level of checks .*; expected one of off, finite, domains"):
        program.with_checks(level)


def test_passes_are_a_list() -> None:
    with pytest.raises(ValueError, match="expected a list of names, found 'views'"):
        COMPILED.with_passes("views")


@pytest.mark.parametrize("value", [True, False, None, "3", 2.0, -1])
def test_a_size_is_an_integer_and_no_truth_value(value: Any) -> None:
    with pytest.raises(BindingError, match=f"dimension n: expected an integer ≥ 0, found {value!r}"):
        GRAPH.bind(**SIZES | {"n": value})
    with pytest.raises(BindingError, match=f"number of positions ≥ 0, found {value!r}"):
        LinearMap(np.ones((2, 2)), value)


@pytest.mark.parametrize("sizes", [{"n": 10**30}, {"n": 10**10}, {"n": 2**62, "dModel": 0}])
def test_dimensions_beyond_any_memory_are_refused_before_anything_runs(sizes: dict[str, int]) -> None:
    bound = GRAPH.bind(**SIZES | sizes)  # shapes are checked at any size
    with pytest.raises(BindingError, match="more than memory has addresses for; give smaller dimensions"):
        bound.compile(c=0.5)


@pytest.mark.parametrize("value", [True, 10**400, Fraction(10**400), None, 1j, np.ones(1000)])
def test_a_scalar_is_a_number_that_a_float_can_hold(value: Any) -> None:
    with pytest.raises(BindingError, match="scalar c: expected a finite real number, found") as caught:
        BOUND.compile(c=value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("kind", ["float64", 3, None])
def test_what_is_no_field_is_not_computed_in(kind: Any) -> None:
    with pytest.raises(BindingError, match="expected a field"):
        BOUND.compile(kind, c=0.5)


def test_a_graph_without_inputs_takes_an_empty_list() -> None:
    program = ExecutableGraph(graph({})).bind().interpret()
    assert program.forward([]) == program.forward({}) == []
    with pytest.raises(ArrayError, match="inputs: expected a list of 0 arrays"):
        program.forward(None)  # type: ignore[call-overload]


@pytest.mark.parametrize("size", [10**5000, -(10**5000)], ids=["large", "small"])
def test_a_dimension_that_cannot_be_written_out_is_refused_in_one_line(size: int) -> None:
    with pytest.raises(BindingError, match="dimension n: expected a size, found an integer of 16,610 bits"):
        ExecutableGraph(attention()).bind(n=size, dModel=8, numHeads=2, headDim=4)
