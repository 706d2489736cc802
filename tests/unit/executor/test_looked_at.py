"""Bad numbers in arrays of PyTorch and JAX are reported as in NumPy's, unless that is switched off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np
import pytest
import torch

from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.backends import ArrayAPIReals, jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.rules.program import Program
from pybind_models import DGraph, Dim
from tests.unit.executor.graphs import graph, node

K = Dim.variable("k")
HOW = pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])


@pytest.fixture(params=["torch", "jax"])
def kind(request: pytest.FixtureRequest) -> Iterator[ArrayAPIReals]:
    with jax.enable_x64(True) if request.param == "jax" else nullcontext():
        yield jax_reals() if request.param == "jax" else torch_reals()


def made(bound: BoundGraph, kind: ArrayAPIReals, *, compiled: bool) -> Program | CompiledProgram:
    return bound.compile(kind) if compiled else bound.interpret(kind)


def squares() -> DGraph:
    """The square of a square, and the inverse of that."""
    return graph(
        {"x": (K,)},
        node("square", "mul", (0, 0), (K,), s=(K,)),
        node("fourth", "mul", (1, 1), (K,), s=(K,)),
        node("inverse", "inv", (2,), (K,), s=(K,)),
    )


def array(kind: ArrayAPIReals, *values: float) -> Any:
    return kind.namespace.asarray(np.array(values))


@HOW
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_given_is_looked_at(kind: ArrayAPIReals, bad: float, *, compiled: bool) -> None:
    program = made(ExecutableGraph(squares()).bind(k=2), kind, compiled=compiled)
    fine, wrong = array(kind, 1.0, 2.0), array(kind, 1.0, bad)
    with pytest.raises(NumericsError, match=r"^input 0 \(x\) is .* at \[1\]"):
        program.forward([wrong])
    with pytest.raises(NumericsError, match=r"^tangent 0 \(x\) is .* at \[1\]"):
        program.jvp([fine], [wrong])
    with pytest.raises(NumericsError, match=r"^seed 2 \(fourth\) is .* at \[1\]"):
        program.vjp([fine], {"fourth": wrong})


@HOW
def test_where_it_began_is_named(kind: ArrayAPIReals, *, compiled: bool) -> None:
    program = made(ExecutableGraph(squares()).bind(k=2), kind, compiled=compiled)
    with pytest.raises(NumericsError, match=r"^value 2 \(fourth\) is infinite: inf at \[1\]") as raised:
        program.forward([array(kind, 1.0, 1e100)])
    assert raised.value.entry == "fourth"
    with pytest.raises(NumericsError, match=r"fourth\): mul: its cotangent for entry 1 is infinite"):
        program.vjp([array(kind, 1.0, 1e70)], {"fourth": array(kind, 0.0, 1e170)})


def test_an_overflow_that_leaves_finite_numbers_behind_is_said(kind: ArrayAPIReals) -> None:
    """Only the last entry is asked for, which is 0 where it should be 1e-400."""
    program = ExecutableGraph(squares()).bind(k=1).compile(kind)
    with pytest.raises(NumericsError, match=r"^value 2 \(fourth\) is infinite"):
        program.forward([array(kind, 1e100)], ["inverse"])
    silent = program.with_checks("off").forward([array(kind, 1e100)], ["inverse"])
    assert np.asarray(silent[0]).tolist() == [0.0]


@HOW
def test_levels(kind: ArrayAPIReals, *, compiled: bool) -> None:
    program = made(ExecutableGraph(squares()).bind(k=1), kind, compiled=compiled)
    off = program.with_checks("off")
    assert np.isnan(np.asarray(off.forward([array(kind, np.nan)])[-1])).all()
    with pytest.raises(NumericsError):
        off.with_checks("finite").forward([array(kind, np.nan)])
    with pytest.raises(TypeError, match=f"'domains': only NumPy's .*, not {kind.library}"):
        program.with_checks("domains")
    with pytest.raises(ValueError, match="no level of checks 'sometimes'"):
        program.with_checks("sometimes")


def test_maps_at_a_point_are_looked_at(kind: ArrayAPIReals) -> None:
    program = ExecutableGraph(squares()).bind(k=1).compile(kind)
    pull = program.pullback([array(kind, 2.0)], ["fourth"])
    assert np.asarray(pull([array(kind, 1.0)])[0]).tolist() == [32.0]
    with pytest.raises(NumericsError, match=r"^seed 2 \(fourth\) is not a number"):
        pull([array(kind, np.nan)])


def test_values_that_nobody_knows_are_not_looked_at() -> None:
    program = ExecutableGraph(squares()).bind(k=1).compile(jax_reals())
    with jax.enable_x64(True):
        bad = jax.numpy.asarray([np.nan])
        assert np.isnan(jax.jit(lambda x: program.forward([x])[-1])(bad)).all()
        assert np.isnan(jax.vmap(lambda x: program.forward([x])[-1])(bad[None])).all()
    on_torch = ExecutableGraph(squares()).bind(k=1).compile(torch_reals())
    mapped: Any = torch.vmap(lambda x: on_torch.forward([x])[-1])(torch.tensor([[np.nan], [1.0]]))
    assert mapped.isnan().tolist() == [[True], [False]]
    shaped: Any = on_torch.forward([torch.ones(1, device="meta")])[-1]
    assert shaped.is_meta


@HOW
def test_torch_keeps_its_graph_where_inputs_require_gradients(*, compiled: bool) -> None:
    """What it then derives is its own; the certified cotangent is the program's."""
    program = made(ExecutableGraph(squares()).bind(k=1), torch_reals(), compiled=compiled)
    x = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    certified: Any
    (certified,) = program.vjp([x.detach()], {"fourth": torch.ones(1, dtype=torch.float64)})
    assert not certified.requires_grad
    value: Any = program.forward([x])[2]
    value.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, certified)
    detached: Any = program.forward([x.detach()])[2]
    assert not detached.requires_grad


def test_large_numbers_are_no_bad_ones(kind: ArrayAPIReals) -> None:
    """Their squares overflow, and nothing that is computed does."""
    model = graph({"x": (K,)}, node("y", "add", (0, 0), (K,), s=(K,)))
    for compiled in (False, True):
        program = made(ExecutableGraph(model).bind(k=1), kind, compiled=compiled)
        assert np.asarray(program.forward([array(kind, 8e307)])[-1]).tolist() == [1.6e308]
