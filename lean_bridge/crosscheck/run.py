"""All checks of a graph's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from lean_bridge.codes import Code
from lean_bridge.crosscheck import adjoint, differences, golden, plans, pytorch, shapes
from lean_bridge.crosscheck.points import nothing_to_compare
from lean_bridge.errors import NumericsError, Rejected
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import CheckResult, DGraph

Check: TypeAlias = Callable[[DGraph, Mapping[str, Primitive]], CheckResult]

CHECKS: Final[Mapping[str, Check]] = {
    shapes.NAME: shapes.check_shapes,
    adjoint.NAME: adjoint.check_adjoint,
    differences.NAME: differences.check_differences,
    plans.NAME: plans.check_plans,
    golden.NAME: golden.check_golden,
    pytorch.NAME: pytorch.check_pytorch,
}


def crosscheck(
    model: DGraph,
    *,
    primitives: Mapping[str, Primitive] = PRIMITIVES,
    observe: Callable[[CheckResult], None] = lambda _result: None,
) -> tuple[CheckResult, ...]:
    """Return one result per check, in order; ``observe`` sees each as it comes.

    A check that does not fit the graph, lacks its reference or has no number to compare, says ``not run`` and
    why.

    Raises: UnsupportedOp if a node's op has no primitive, Declined or BindingError if arrays are too large or
    have too many axes, as then nothing can be compared.
    """
    results = []
    for name, check in CHECKS.items():
        results.append(_outcome(name, check, model, primitives))
        observe(results[-1])
    return tuple(results)


def _outcome(name: str, check: Check, model: DGraph, primitives: Mapping[str, Primitive]) -> CheckResult:
    if not model.nodes:
        return CheckResult(name=name, outcome="not run", detail=f"{model.lean_name} has no nodes to check")
    if check is not shapes.check_shapes and (reason := nothing_to_compare(model)) is not None:
        return CheckResult(name=name, outcome="not run", detail=reason)
    try:
        return check(model, primitives)
    except NumericsError as error:  # at points at which Lean's graph has a real number
        return CheckResult(name=name, outcome="failed", detail=str(error), code=Code.NUMBERS_DISAGREE)
    except Rejected as error:
        return CheckResult(name=name, outcome="failed", detail=str(error), code=error.code)
