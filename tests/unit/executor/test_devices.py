"""The same program on the accelerator that PyTorch finds: numbers are NumPy's, and stay where they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.backends import torch_reals
from lean_bridge.executor.graph import ExecutableGraph
from tests.backend_cases import Both
from tests.strategies import draw_graph
from tests.unit.executor.test_backends import MODELS, SIZES

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no accelerator here")


@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize("name", MODELS)
def test_blocks_are_equal_to_numpys_on_the_accelerator(name: str, precision: type) -> None:
    bound = ExecutableGraph(MODELS[name]).bind(**{dim: SIZES[dim] for dim in MODELS[name].dims})
    for seed in range(5):
        Both(bound, torch_reals(), precision, seed, "cuda").check(points=2)


def test_random_graphs_are_equal_to_numpys_on_the_accelerator() -> None:
    for seed in range(100):
        model = draw_graph(np.random.default_rng(seed), 5)
        bound = ExecutableGraph(model).bind(**dict.fromkeys(model.dims, 3))
        Both(bound, torch_reals(), np.float64, seed, "cuda").check()


def test_maps_made_at_a_point_stay_on_the_accelerator() -> None:
    model = MODELS["network of inputs"]
    bound = ExecutableGraph(model).bind(**{dim: SIZES[dim] for dim in model.dims})
    case = Both(bound, torch_reals(), np.float64, 0, "cuda")
    inputs, tangents = case.draw("x", "W1", "b1", "W2", "b2"), case.draw("x", "b1")
    there, reference = case.moved(inputs), case.program
    linear = case.compiled.linearize(there, ["x", "b1"], ["residual"])
    case.compare(
        linear(case.moved(tangents)), [reference.jvp(inputs, tangents)[8]], reference.forward(inputs)
    )


def test_what_is_not_finite_on_the_accelerator_is_said() -> None:
    model = MODELS["layer norm"]
    bound = ExecutableGraph(model).bind(**{dim: SIZES[dim] for dim in model.dims})
    case = Both(bound, torch_reals(), np.float64, 0, "cuda")
    inputs = case.draw(*(entry.name for entry in case.program.context))
    inputs["x"][0, 0] = np.nan
    with pytest.raises(NumericsError, match=r"^input 0 \(x\) is .* at \[0, 0\]"):
        case.compiled.forward(case.moved(inputs))
