"""The same program in arrays of NumPy, PyTorch and JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import product
from typing import Any

import jax
import numpy as np
import pytest
import torch

from lean_bridge.errors import ArrayError, BindingError
from lean_bridge.executor.arrays.backends import ArrayAPIReals, jax_reals, torch_reals
from lean_bridge.executor.arrays.scalars import REALS, Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from pybind_models import DGraph, Dim
from tests.backend_cases import Both
from tests.strategies import draw_graph
from tests.tiers import one_in
from tests.unit.executor.graphs import attention, encoder, feed_forward, graph, layer_norm, node, one_token

SIZES = {"n": 5, "dModel": 6, "numHeads": 2, "headDim": 3, "dFF": 7, "m": 4}
MODELS = {
    "attention": attention(),
    "attention by reshape": attention(split="reshape", residual=False),
    "layer norm": layer_norm(),
    "one token": one_token(),
    "network": feed_forward(fixed=True),
    "network of inputs": feed_forward(fixed=False),
    "encoder": encoder(),
    "encoder of inputs": encoder(fixed=False),
}
K = Dim.variable("k")


@pytest.fixture(params=["torch", "jax"])
def kind(request: pytest.FixtureRequest) -> Iterator[ArrayAPIReals]:
    with jax.enable_x64(True) if request.param == "jax" else nullcontext():
        yield jax_reals() if request.param == "jax" else torch_reals()


def both(model: DGraph, kind: ArrayAPIReals, precision: type, seed: int = 0) -> Both:
    bound = ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})
    return Both(bound, kind, precision, seed)


@pytest.mark.parametrize(("name", "precision"), one_in(3, product(MODELS, (np.float64, np.float32))))
def test_blocks_are_equal_to_numpys_in_torch(name: str, precision: type) -> None:
    for seed in range(3):
        both(MODELS[name], torch_reals(), precision, seed).check(points=2)


@pytest.mark.parametrize(
    ("name", "precision"), one_in(2, [("attention by reshape", np.float32), ("encoder", np.float64)])
)
def test_blocks_are_equal_to_numpys_in_jax(name: str, precision: type) -> None:
    """Only these: JAX compiles each operation for each shape."""
    with jax.enable_x64(precision is np.float64):
        for seed in range(3):
            both(MODELS[name], jax_reals(), precision, seed).check()


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_tanh_is_within_an_ulp_of_one_in_every_library(kind: ArrayAPIReals, precision: type) -> None:
    """Also where it is almost 1, where derivatives depend on what is left to 1."""
    x: Array = np.concatenate([np.linspace(-25, 25, 5001), [0.0, 1e-300, 0.5, 1e4, np.inf]]).astype(precision)
    found = np.asarray(kind.tanh(kind.namespace.asarray(x)))
    expected = np.tanh(x.astype(np.longdouble))
    assert np.abs(found - expected).max() < np.finfo(precision).eps
    assert np.isnan(np.asarray(kind.tanh(kind.namespace.asarray(np.full(1, np.nan, precision))))).all()


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_the_logistic_function_has_its_digits_in_every_library(kind: ArrayAPIReals, precision: type) -> None:
    """Also where it is nearly 0 or nearly 1, and its derivative there: made of a tanh they would be 0."""
    model = graph(
        {"x": (K,)}, node("y", "sigmoid", (0,), (K,), s=(K,)), node("z", "silu", (0,), (K,), s=(K,))
    )
    x: Array = np.linspace(-80, 80, 321).astype(precision)
    bound, exact = ExecutableGraph(model).bind(k=x.size), _logistic(x)
    for scalars, given in ((REALS, x), (kind, kind.namespace.asarray(x))):
        for program in (bound.interpret(scalars), bound.compile(scalars)):
            values = program.forward([given])[1:]
            slopes = program.vjp([given], {"y": given * 0 + 1})
            for found, real in zip((*values, *slopes), (exact, x * exact, exact * exact[::-1]), strict=True):
                off = np.abs(np.asarray(found).astype(np.longdouble) - real)
                assert (off <= 8 * np.finfo(precision).eps * np.abs(real)).all()
    ends = np.asarray(kind.sigmoid(kind.namespace.asarray(np.array([-np.inf, np.inf, np.nan], precision))))
    np.testing.assert_array_equal(ends, [0, 1, np.nan])


def _logistic(x: Array) -> Array:
    wide: Array = np.exp(-np.logaddexp(0, -x.astype(np.longdouble)))
    return wide


def test_random_graphs_are_equal_to_numpys() -> None:
    for seed in range(40):
        both(draw_graph(np.random.default_rng(seed), 5), torch_reals(), np.float64, seed).check()


def test_maps_made_at_a_point_and_jacobians_are_equal_to_numpys(kind: ArrayAPIReals) -> None:
    case = both(feed_forward(fixed=False), kind, np.float64)
    inputs = case.draw("x", "W1", "b1", "W2", "b2")
    tangents, there, reference = case.draw("x", "b1"), case.moved(inputs), case.program
    linear = case.compiled.linearize(there, ["x", "b1"], ["pre", "residual"])
    expected = reference.jvp(inputs, tangents)
    case.compare(linear(case.moved(tangents)), [expected[5], expected[8]], reference.forward(inputs))
    for of in ("residual", "b1"):
        matrix = CompiledProgram(reference).jacobian(inputs, of, "b1")
        case.compare([case.compiled.jacobian(there, of, "b1")], [matrix])


@pytest.mark.parametrize("value", [0.0, -0.0, -1.0, 4.0, np.inf, np.nan])
def test_what_lean_says_of_roots_and_inverses_holds_in_every_library(
    kind: ArrayAPIReals, value: float
) -> None:
    model = graph(
        {"x": (K,)},
        node("root", "sqrtClamp", (0,), (K,), s=(K,)),
        node("inverse", "inv", (0,), (K,), s=(K,)),
    )
    bound, x = ExecutableGraph(model).bind(k=1), np.array([value])
    expected = [np.sqrt(np.maximum(x, 0)), np.array([0.0 if value == 0 else 1 / value])]
    for program in (bound.interpret(kind), bound.compile(kind)):
        found = program.with_checks("off").forward([kind.namespace.asarray(x)])[1:]
        for left, right in zip(found, expected, strict=True):
            np.testing.assert_array_equal(np.asarray(left), right)


def test_rows_of_no_length_have_no_largest(kind: ArrayAPIReals) -> None:
    h, m = Dim.variable("h"), Dim.variable("m")
    model = graph({"x": (h, m, K)}, node("y", "softmaxLast", (0,), (h, m, K), h=h, m=m, n=K))
    bound = ExecutableGraph(model).bind(h=2, m=3, k=0)
    for program in (bound.interpret(kind), bound.compile(kind)):
        assert program.forward([kind.namespace.zeros((2, 3, 0))])[1].shape == (2, 3, 0)


def adder(**dims: int) -> BoundGraph:
    return ExecutableGraph(graph({"x": (K,), "y": (K,)}, node("z", "add", (0, 1), (K,), s=(K,)))).bind(**dims)


def ones(library: Callable[..., Any], *precisions: Any) -> list[Any]:
    return [library((2,), dtype=precision) for precision in precisions]


def test_arrays_of_another_library_are_refused_with_the_mend() -> None:
    mixed = [torch.ones(2), np.ones(2, np.float32)]
    with pytest.raises(ArrayError) as refused:
        adder(k=2).compile(torch_reals()).forward(mixed)
    assert str(refused.value) == (
        "input 1 (y): expected an array of torch, found numpy.ndarray; convert with torch.asarray(…)"
    )
    with pytest.raises(
        ArrayError, match=r"expected an array of jax.numpy, found torch.Tensor; convert with jax"
    ):
        adder(k=2).interpret(jax_reals()).forward(mixed)
    with pytest.raises(
        ArrayError, match=r"expected a numpy.ndarray, found Tensor; convert with numpy.asarray"
    ):
        adder(k=2).compile().forward(mixed)
    with pytest.raises(ArrayError, match=r"expected an array of torch, found list"):
        adder(k=2).compile(torch_reals()).forward([[1.0, 2.0], [1.0, 2.0]])
    bound = ExecutableGraph(one_token()).bind(dModel=1, dFF=1)
    one = np.ones((1, 1))
    with pytest.raises(BindingError, match=r"map W1: expected an array of torch, found numpy.ndarray"):
        bound.compile(torch_reals(), κ=GELU_KAPPA, W1=one, b1=one[0], W2=one, b2=one[0])


def test_precisions_and_devices_do_not_mix(kind: ArrayAPIReals) -> None:
    program, namespace = adder(k=2).compile(kind), kind.namespace
    mend = r"\.to\(torch.float64\)" if kind.library == "torch" else r"\.astype\('float64'\)"
    with pytest.raises(ArrayError, match=rf"input 1 \(y\): expected .*float64 like input 0, .*with {mend}$"):
        program.forward(ones(namespace.ones, namespace.float64, namespace.float32))
    with pytest.raises(
        ArrayError, match=r"input 0 \(x\): expected float64 or float32, found .*int32; convert"
    ):
        program.forward(ones(namespace.ones, namespace.int32, namespace.int32))


def test_devices_are_kept_and_do_not_mix() -> None:
    program = both(encoder(fixed=False), torch_reals(), np.float32).compiled
    there = {entry.name: torch.ones(entry.shape, device="meta") for entry in program.context}
    seeds = {"norm2": torch.ones((5, 6), device="meta")}
    values, pulled = program.value_and_vjp(there, seeds, outputs=["norm2"])
    unread = program.vjp(there, {})
    assert {str(array.device) for array in (*values, *pulled, *unread)} == {"meta"}
    there["Wq"] = torch.ones(there["Wq"].shape)
    with pytest.raises(
        ArrayError, match=r"input 1 \(Wq\): expected device meta like input 0, found cpu; move"
    ):
        program.forward(there)


def test_doubles_in_jax_are_refused_where_they_are_off() -> None:
    with jax.enable_x64(True):
        doubles = ones(jax.numpy.ones, "float64", "float64")
    with (
        jax.enable_x64(False),
        pytest.raises(ArrayError, match=r"JAX's float64 is off, found float64; jax\.config"),
    ):
        adder(k=2).compile(jax_reals()).forward(doubles)


def test_programs_may_be_jitted_differentiated_and_mapped_by_jax() -> None:
    case = both(MODELS["network"], jax_reals(), np.float32)
    names = [entry.name for entry in case.program.context]
    inputs, seeds = case.draw(*names), case.draw("residual")
    there, w = case.moved(inputs), case.moved(seeds)
    values, pulled = case.program.forward(inputs), case.program.vjp(inputs, seeds)[:1]

    def last(x: Any) -> Any:
        return case.compiled.forward({**there, "x": x}, ["residual"])[0]

    for _ in range(2):  # what the first call kept is used by the second
        jitted = jax.jit(lambda x: case.compiled.vjp({**there, "x": x}, w, ["x"])[0])(there["x"])
        case.compare([jitted], pulled, values)
    case.compare(case.compiled.forward(there), values)
    case.compare([jax.vjp(last, there["x"])[1](w["residual"])[0]], pulled, values)
    mapped = jax.vmap(last)(jax.numpy.stack([there["x"], 2 * there["x"]]))
    assert mapped.shape == (2, *there["x"].shape)
    case.compare([mapped[1]], case.program.forward({**inputs, "x": 2 * inputs["x"]})[-1:])
