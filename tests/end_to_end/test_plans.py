"""Every graph of the library runs as planned as it does node by node: by any passes, in torch and in JAX."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.plans.passes.order import SWITCHES
from pybind_models import DGraph
from tests.backend_cases import Both
from tests.coverings import covering_subsets
from tests.plan_cases import Case

pytestmark = pytest.mark.lean

LENGTHS = (2, 3, 4, 2, 5)


def test_plans_agree_with_the_interpreter_on_every_graph(library_graphs: dict[str, DGraph]) -> None:
    assert len(library_graphs) >= 19
    for model in library_graphs.values():
        bound = ExecutableGraph(model).bind(**dict(zip(model.dims, LENGTHS, strict=False)))
        for exact in (True, False):
            case = Case(bound, np.random.default_rng(11), exact=exact)
            for subset in covering_subsets(SWITCHES)[:: 1 if exact else 4]:
                case.check(CompiledProgram(case.program).with_passes(subset))


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_every_graph_is_equal_to_numpys_in_torch(library_graphs: dict[str, DGraph], precision: type) -> None:
    for model in library_graphs.values():
        bound = ExecutableGraph(model).bind(**dict(zip(model.dims, LENGTHS, strict=False)))
        for seed in range(2):
            Both(bound, torch_reals(), precision, seed).check(points=2)


@pytest.mark.parametrize("precision", [pytest.param(np.float64, marks=pytest.mark.full), np.float32])
def test_every_graph_is_equal_to_numpys_in_jax(library_graphs: dict[str, DGraph], precision: type) -> None:
    """All dimensions are equal: JAX compiles each operation for each shape."""
    with jax.enable_x64(precision is np.float64):
        for model in library_graphs.values():
            bound = ExecutableGraph(model).bind(**dict.fromkeys(model.dims, 3))
            Both(bound, jax_reals(), precision, seed=0).check(points=2)
