"""The graphs of the library run as planned as they do node by node: by any passes, in torch and in JAX."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.passes import SWITCHES
from pybind_models import DGraph
from tests.backend_cases import Both
from tests.coverings import covering_subsets
from tests.plan_cases import Case

pytestmark = pytest.mark.lean

LENGTHS = (2, 3, 4, 2, 5, 3)


def test_plans_agree_with_the_interpreter_on_every_graph(library_graphs: dict[str, DGraph]) -> None:
    assert len(library_graphs) >= 19
    for model in library_graphs.values():
        bound = ExecutableGraph(model).bind(**dict(zip(model.dims, LENGTHS, strict=False)))
        for exact in (True, False):
            case = Case(bound, np.random.default_rng(11), exact=exact)
            for subset in covering_subsets(SWITCHES)[:: 1 if exact else 4]:
                case.check(CompiledProgram(case.program).with_passes(subset))


@pytest.fixture(scope="module")
def telling(library_graphs: dict[str, DGraph], full: bool) -> list[DGraph]:
    """The largest graphs that have every op of the library between them; in the long tier all graphs."""
    by_size = sorted(library_graphs.values(), key=lambda model: len(model.nodes), reverse=True)
    chosen: list[DGraph] = []
    seen: set[str] = set()
    for model in by_size:
        ops = {node.op for node in model.nodes}
        if full or not ops <= seen:
            chosen.append(model)
            seen |= ops
    return chosen


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_graphs_are_equal_to_numpys_in_torch(telling: list[DGraph], precision: type) -> None:
    for model in telling:
        bound = ExecutableGraph(model).bind(**dict(zip(model.dims, LENGTHS, strict=False)))
        for seed in range(2):
            Both(bound, torch_reals(), precision, seed).check(points=2)


@pytest.mark.full
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_graphs_are_equal_to_numpys_in_jax(telling: list[DGraph], precision: type) -> None:
    """All dimensions are equal: JAX compiles each operation for each shape."""
    with jax.enable_x64(precision is np.float64):
        for model in telling:
            bound = ExecutableGraph(model).bind(**dict.fromkeys(model.dims, 3))
            Both(bound, jax_reals(), precision, seed=0).check(points=2)
