"""A program as a function of JAX: transformed like any other, with the certified VJP."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lean_bridge.errors import ArrayError, Declined, NumericsError
from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from tests.unit.executor.graphs import one_token
from tests.unit.executor.test_torch_module import SHAPES, SIZES, mlp

NAMES = ("x", "W1", "b1", "W2", "b2", "y")


@pytest.fixture(scope="module", autouse=True)
def _in_doubles() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module", params=["of NumPy", "of JAX"])
def program(request: pytest.FixtureRequest) -> CompiledProgram:
    bound = mlp.bind(**SIZES)
    return bound.compile() if request.param == "of NumPy" else bound.compile(jax_reals())


def native(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:  # noqa: N803
    return jnp.mean((jnp.tanh(x @ W1.T + b1) @ W2.T + b2 - y) ** 2)


def drawn() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shapes = {"x": (4, 3), **SHAPES, "y": (4, 2)}
    return {name: jnp.asarray(rng.normal(size=shapes[name])) for name in NAMES}


def test_gradients_are_the_certified_ones_under_every_transformation(program: CompiledProgram) -> None:
    inputs, function = drawn(), program.as_jax()
    args, every = tuple(inputs.values()), tuple(range(6))
    plain = mlp.bind(**SIZES).compile()
    arrays = {name: np.array(each) for name, each in inputs.items()}
    expected = plain.vjp(arrays, {"mean": np.ones(())})
    for gradient in (jax.grad(function, every), jax.jit(jax.grad(function, every))):
        for found, right in zip(gradient(*args), expected, strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-14)
    assert jax.jit(function)(**inputs) == pytest.approx(plain.forward(arrays, ["mean"])[0], rel=1e-14)
    stacked = jnp.stack([inputs["x"], 2 * inputs["x"]])
    mapped = jax.vmap(jax.grad(function), in_axes=(0, *[None] * 5))(stacked, *args[1:])
    for each, x in zip(mapped, stacked, strict=True):
        np.testing.assert_allclose(each, jax.grad(native)(x, *args[1:]), rtol=1e-11, atol=1e-13)


def test_training_takes_the_same_course_as_with_jaxs_own_gradients(program: CompiledProgram) -> None:
    inputs, losses = drawn(), []
    for function in (native, program.as_jax()):
        step = jax.jit(jax.value_and_grad(function, (1, 2, 3, 4)))
        weights, course = [inputs[name] for name in SHAPES], []
        for _ in range(200):
            loss, gradients = step(inputs["x"], *weights, inputs["y"])
            weights = [each - 0.05 * gradient for each, gradient in zip(weights, gradients, strict=True)]
            course.append(float(loss))
        losses.append(course)
    assert losses[0][-1] < losses[0][0] / 10
    np.testing.assert_allclose(losses[1], losses[0], rtol=0, atol=1e-9)


def test_other_derivatives_are_errors_and_no_wrong_numbers() -> None:
    inputs, function = drawn(), mlp.bind(**SIZES).compile().as_jax()
    args = tuple(inputs.values())
    twice = (
        jax.grad(lambda x: jax.grad(function)(x, *args[1:]).sum()),
        jax.hessian(lambda x: function(x, *args[1:])),
    )
    for each in twice:
        with pytest.raises(Declined, match="differentiated once more, of which no theorem speaks; different"):
            each(args[0])
    with pytest.raises(TypeError, match=r"can't apply forward-mode .* \(jvp\) to a custom_vjp function"):
        jax.jvp(lambda x: function(x, *args[1:]), args[:1], args[:1])


def test_results_inputs_and_copies() -> None:
    inputs, program = drawn(), mlp.bind(**SIZES).compile()
    function = program.as_jax(["hidden", "mean"])
    hidden, loss = function(inputs["x"], **{name: inputs[name] for name in NAMES[1:]})
    assert hidden.shape == (4, 5)
    assert pickle.loads(pickle.dumps(function))(**inputs)[1] == loss
    assert "-> (hidden, mean): not judged" in repr(function)
    with pytest.raises(ArrayError, match=r"^input 5 \(y\): expected an array, found none$"):
        function(*list(inputs.values())[:5])
    with pytest.raises(ArrayError, match=r"^input 0 \(x\): expected shape 4×3, found 3×3\b"):
        jax.jit(function)(**inputs | {"x": inputs["x"][:3]})
    with pytest.raises(NumericsError, match=r"^input 0 \(x\) is not a number: NaN at"):
        function(**inputs | {"x": inputs["x"] * np.nan})
    with pytest.raises(TypeError, match="expected a program in NumPy's floating point, found ArrayAPIReals"):
        mlp.bind(**SIZES).compile(torch_reals()).as_jax()


def test_fixed_maps_go_along() -> None:
    fixed = ExecutableGraph(one_token()).bind(dModel=2, dFF=3)
    matrix = np.arange(6.0).reshape(3, 2) / 6
    maps = {"W1": matrix, "b1": matrix[:, 0], "W2": matrix.T, "b2": matrix[0]}
    program = fixed.compile(κ=0.8, **maps)
    x = np.ones(program.context[0].shape)
    found = program.as_jax()(jnp.asarray(x))
    np.testing.assert_allclose(found, program.forward([x])[-1], rtol=1e-14)
