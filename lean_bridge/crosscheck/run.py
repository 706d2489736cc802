"""All checks of a graph's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeAlias

from lean_bridge.codes import Code
from lean_bridge.crosscheck import adjoint, differences, golden, plans, pytorch, shapes
from lean_bridge.crosscheck.points import Point, Sizes, nothing_to_compare
from lean_bridge.errors import NumericsError, Rejected
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import CheckResult, DGraph

Check: TypeAlias = Callable[[DGraph, Mapping[str, Primitive], Sizes | None], CheckResult]

CHECKS: Final[Mapping[str, Check]] = {
    shapes.NAME: shapes.check_shapes,
    adjoint.NAME: adjoint.check_adjoint,
    differences.NAME: differences.check_differences,
    plans.NAME: plans.check_plans,
    golden.NAME: golden.check_golden,
    pytorch.NAME: pytorch.check_pytorch,
}
CHECKS_AT: Final[Mapping[str, Callable[[Iterable[Point], str], CheckResult]]] = {
    adjoint.NAME: adjoint.adjoint_at,
    differences.NAME: differences.differences_at,
    plans.NAME: plans.plans_at,
}


def crosscheck(
    model: DGraph,
    *,
    primitives: Mapping[str, Primitive] = PRIMITIVES,
    sizes: Sizes | None = None,
    observe: Callable[[CheckResult], None] = lambda _result: None,
) -> tuple[CheckResult, ...]:
    """Return one result per check, in order; ``observe`` sees each as it comes.

    Numbers are drawn at ``sizes``, else at small ones; recorded ones, and PyTorch's, have sizes of their own.
    A check that does not fit the graph, lacks its reference or has no number to compare, says ``not run`` and
    why.

    Raises: UnsupportedOp if a node's op has no primitive, Declined or BindingError if arrays are too large or
    have too many axes, as then nothing can be compared.
    """
    results = []
    for name, check in CHECKS.items():
        results.append(_outcome(name, check, model, primitives, sizes))
        observe(results[-1])
    return tuple(results)


def check_at(
    point: Point, *, observe: Callable[[CheckResult], None] = lambda _result: None
) -> tuple[CheckResult, ...]:
    """Return one result per check that can be made at a point: it was drawn by nobody here.

    That the arrays have the certified shapes was looked at when they were made. Derivatives are looked at in
    float64, and what was compiled in the precision of the point.
    """
    results = []
    for name, check in CHECKS_AT.items():
        at = point if name == plans.NAME else point.in_float64()
        results.append(
            _settled(name, partial(check, [at], "at these numbers, along tangents and seeds drawn at random"))
        )
        observe(results[-1])
    return tuple(results)


def _outcome(
    name: str,
    check: Check,
    model: DGraph,
    primitives: Mapping[str, Primitive],
    sizes: Sizes | None,
) -> CheckResult:
    if not model.nodes:
        return CheckResult(name=name, outcome="not run", detail=f"{model.lean_name} has no nodes to check")
    if check is not shapes.check_shapes and (reason := nothing_to_compare(model)) is not None:
        return CheckResult(name=name, outcome="not run", detail=reason)
    return _settled(name, partial(check, model, primitives, sizes))


def _settled(name: str, check: Callable[[], CheckResult]) -> CheckResult:
    try:
        return check()
    except NumericsError as error:  # at points at which Lean's graph has a real number
        return CheckResult(name=name, outcome="failed", detail=str(error), code=Code.NUMBERS_DISAGREE)
    except Rejected as error:
        return CheckResult(name=name, outcome="failed", detail=str(error), code=error.code)
