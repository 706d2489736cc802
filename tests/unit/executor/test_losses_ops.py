"""What losses need, beside PyTorch: far from 0, at kinks and along any axis; interpreted and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from lean_bridge import torch_reals
from lean_bridge.errors import BindingError, NumericsError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.primitive import Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.single_ops import single_graph

Of = Callable[[torch.Tensor], torch.Tensor]

FAR = np.array([-1e300, -1000.0, -40.0, -1.5, -1e-300, 1e-300, 0.25, 3.0, 40.0, 1000.0, 1e300])
F = torch.nn.functional

ELEMENTWISE: Mapping[str, tuple[dict[str, float], Of]] = {
    "softplus": ({}, lambda x: torch.logaddexp(x, torch.zeros_like(x))),
    "relu": ({}, torch.relu),
    "leakyRelu": ({"a": 0.1}, lambda x: F.leaky_relu(x, 0.1)),
    "abs": ({}, torch.abs),
    "maxConst": ({"c": -0.7}, lambda x: torch.clamp(x, min=-0.7)),
    "minConst": ({"c": 2.3}, lambda x: torch.clamp(x, max=2.3)),
    "clamp": ({"lo": -1.1, "hi": 2.3}, lambda x: torch.clamp(x, -1.1, 2.3)),
    "huber": ({"δ": 2.0}, lambda x: F.huber_loss(x, torch.zeros_like(x), reduction="none", delta=2.0)),
}


def program(op: str, shape: Shape, params: Mapping[str, float], *kind: Any) -> Any:
    sizes = dict(zip(("m", "n"), shape, strict=True))
    arguments = {f"{name}_": value for name, value in params.items()}
    return ExecutableGraph(single_graph(op)).bind(**sizes).compile(*kind, **arguments)


def theirs(of_torch: Of, x: Array, seed: Array) -> tuple[Array, Array]:
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    value = of_torch(leaf)
    (slope,) = torch.autograd.grad(value, leaf, torch.from_numpy(seed))
    return value.detach().numpy(), slope.numpy()


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_far_from_0_they_are_pytorchs_and_so_are_their_slopes(op: str) -> None:
    params, of_torch = ELEMENTWISE[op]
    x, seed = FAR.reshape(1, -1), np.linspace(-2.0, 3.0, FAR.size).reshape(1, -1)
    value, slope = theirs(of_torch, x, seed)
    compiled = program(op, x.shape, params)
    np.testing.assert_allclose(compiled.forward([x])[-1], value, rtol=2e-15, atol=0)
    np.testing.assert_allclose(compiled.vjp([x], {"y": seed})[0], slope, rtol=1e-14, atol=0)
    there = program(op, x.shape, params, torch_reals())
    on_torch = [torch.from_numpy(x)]
    np.testing.assert_allclose(there.forward(on_torch)[-1].numpy(), value, rtol=2e-15, atol=0)
    (pulled,) = there.vjp(on_torch, {"y": torch.from_numpy(seed)})
    np.testing.assert_allclose(pulled.numpy(), slope, rtol=1e-14, atol=0)


@pytest.mark.parametrize("op", sorted(ELEMENTWISE.keys() - {"softplus", "huber"}))
def test_at_a_kink_the_slope_is_pytorchs_and_the_domain_says_no(op: str) -> None:
    params, of_torch = ELEMENTWISE[op]
    for kink in params.values() if op != "leakyRelu" and params else [0.0, -0.0]:
        x, seed = np.full((1, 1), kink), np.ones((1, 1))
        value, slope = theirs(of_torch, x, seed)
        compiled = program(op, x.shape, params)
        np.testing.assert_array_equal(compiled.forward([x])[-1], value)
        np.testing.assert_array_equal(compiled.vjp([x], {"y": seed})[0], slope)
        setting = Setting((1, 1), params)
        assert not PRIMITIVES[op].domain.contains(setting, (x,))
        assert PRIMITIVES[op].domain.contains(setting, (x + 1e-9,))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_between_bounds_that_are_near_is_at_neither(dtype: type[np.floating]) -> None:
    """Though the product of its distances is 0 in floats; at one it is said which."""
    low, x, high = (np.full((1, 1), each * np.finfo(dtype).tiny, dtype) for each in (0, 4, 8))
    bound = ExecutableGraph(single_graph("clamp")).bind(m=1, n=1)
    program = bound.compile(lo_=float(low[0, 0]), hi_=float(high[0, 0])).with_checks("domains")
    seed = {"y": np.ones((1, 1), dtype)}
    np.testing.assert_array_equal(program.vjp([x], seed)[0], 1)
    for kink, place in ((low, 0), (high, 1)):
        with pytest.raises(
            NumericsError, match=rf"hypothesis x ≠ lo and x ≠ hi: .* = 0 at \[0, 0, {place}\]"
        ):
            program.vjp([kink], seed)


@pytest.mark.parametrize("width", [0.0, -1.0])
def test_hubers_width_is_positive_or_refused_with_the_hypothesis(width: float) -> None:
    with pytest.raises(BindingError, match="expected a number > 0, the hypothesis hδ of the theorems; found"):
        program("huber", (1, 1), {"δ": width})


@np.errstate(all="ignore")
@pytest.mark.parametrize(
    "op", ["relu", "leakyRelu", "abs", "maxConst", "minConst", "clamp", "huber", "log", "softplus"]
)
def test_what_is_no_number_stays_none(op: str) -> None:
    params, _ = ELEMENTWISE.get(op, ({}, None))
    value = PRIMITIVES[op].forward(Setting((1,), params), (np.array([np.nan]),))
    assert np.isnan(value).all()


def test_a_logarithm_of_no_positive_number_is_refused() -> None:
    compiled = program("log", (1, 2), {})
    np.testing.assert_array_equal(compiled.forward([np.array([[1.0, np.e]])])[-1], [[0.0, 1.0]])
    for bad in (0.0, -1.0):
        with pytest.raises(NumericsError, match="log: its value is"):
            compiled.forward([np.array([[1.0, bad]])])


@pytest.mark.parametrize("bad", [0.0, -0.0, -1.0, -1e300])
def test_where_there_is_no_logarithm_there_is_no_derivative_of_it(bad: float) -> None:
    """Neither node by node nor compiled, in PyTorch as in NumPy, whatever it is multiplied by."""
    x, ones = np.array([[2.0, bad]]), np.ones((1, 2))
    bound = ExecutableGraph(single_graph("log")).bind(m=1, n=2)
    for seed in (ones, np.array([[1.0, 0.0]])):
        for compiled in (bound.compile(), bound.interpret()):
            with pytest.raises(NumericsError, match="y"):
                compiled.vjp([x], {"y": seed})
            with pytest.raises(NumericsError, match="y"):
                compiled.jvp([x], {"x0": seed})
        with pytest.raises(NumericsError):
            bound.compile(torch_reals()).vjp([torch.from_numpy(x)], {"y": torch.from_numpy(seed)})
    with pytest.raises(NumericsError):
        bound.compile().jacobian([x], "y", "x0")


def test_at_0_an_inverse_has_lean_s_derivative_unless_hypotheses_are_looked_at() -> None:
    compiled, zero = ExecutableGraph(single_graph("inv")).bind(m=1, n=1).compile(), np.zeros((1, 1))
    assert not compiled.vjp([zero], {"y": zero + 1})[0].any()
    with pytest.raises(NumericsError, match="outside its hypothesis"):
        compiled.with_checks("domains").vjp([zero], {"y": zero + 1})


def test_quotients_and_powers_are_pytorchs_and_so_are_their_slopes() -> None:
    rng = np.random.default_rng(0)
    x, y, seed = (rng.standard_normal((3, 4)) for _ in range(3))
    leaves = [torch.from_numpy(each).requires_grad_() for each in (x, y)]
    slopes = torch.autograd.grad(leaves[0] / leaves[1], leaves, torch.from_numpy(seed))
    compiled = program("div", (3, 4), {})
    np.testing.assert_array_equal(compiled.forward([x, y])[-1], x / y)
    for pulled, slope in zip(compiled.vjp([x, y], {"y": seed}), slopes, strict=True):
        np.testing.assert_allclose(pulled, slope.numpy(), rtol=1e-14)
    for k in (0, 1, 2, 3, 10):
        powers = ExecutableGraph(single_graph("powNat")).bind(m=3, n=4, k=k).compile()
        value, slope_of_power = theirs(lambda leaf, k=k: leaf**k, x, seed)  # type: ignore[misc]
        np.testing.assert_allclose(powers.forward([x])[-1], value, rtol=1e-14)
        np.testing.assert_allclose(powers.vjp([x], {"y": seed})[0], slope_of_power, rtol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shift", [0.0, 1000.0, -1000.0])
@pytest.mark.parametrize(
    ("op", "of_torch"),
    [
        ("softmaxAxis", torch.softmax),
        ("logSoftmaxAxis", torch.log_softmax),
        ("logsumexpAxis", torch.logsumexp),
    ],
)
def test_along_any_axis_they_are_pytorchs(op: str, of_torch: Any, axis: int, shift: float) -> None:
    rng = np.random.default_rng(1)
    x = 5 * rng.standard_normal((3, 4, 2)) + shift
    expected = of_torch(torch.from_numpy(x), axis)
    out = tuple(expected.shape)
    seed = np.asarray(rng.standard_normal(out))
    value, slope = theirs(lambda leaf: of_torch(leaf, axis), x, seed)
    setting = Setting(out, lengths={"o": x.shape[:axis], "n": (x.shape[axis],), "s": x.shape[axis + 1 :]})
    found = PRIMITIVES[op].forward(setting, (x,))
    np.testing.assert_allclose(found, value, rtol=1e-14, atol=1e-15)
    (pulled,) = PRIMITIVES[op].vjp(setting, (x,), found, seed)
    np.testing.assert_allclose(pulled, slope, rtol=1e-12, atol=1e-15)
