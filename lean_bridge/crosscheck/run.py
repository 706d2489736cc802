"""All checks of a graph's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeAlias

from lean_bridge.codes import Code
from lean_bridge.crosscheck import adjoint, differences, enclosure, golden, plans, pytorch, shapes
from lean_bridge.crosscheck.points import Point, Sizes, draw_at, nothing_to_compare
from lean_bridge.errors import NumericsError, Rejected
from lean_bridge.executor.graph import BoundGraph
from lean_bridge.executor.once import Numbers, with_zeros
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import CheckResult, DGraph

Check: TypeAlias = Callable[[DGraph, Mapping[str, Primitive], Sizes | None], CheckResult]

CHECKS: Final[Mapping[str, Check]] = {
    shapes.NAME: shapes.check_shapes,
    adjoint.NAME: adjoint.check_adjoint,
    differences.NAME: differences.check_differences,
    plans.NAME: plans.check_plans,
    enclosure.NAME: enclosure.check_enclosure,
    golden.NAME: golden.check_golden,
    pytorch.NAME: pytorch.check_pytorch,
}
MOST_AT_NUMBERS: Final = 25_000
"""Of coordinates of entries that are enclosed where a run is checked: a second or two."""
CHECKS_AT: Final[Mapping[str, Callable[[Iterable[Point], str], CheckResult]]] = {
    adjoint.NAME: adjoint.adjoint_at,
    differences.NAME: differences.differences_at,
    plans.NAME: plans.plans_at,
    enclosure.NAME: partial(enclosure.enclosure_at, most=MOST_AT_NUMBERS),
}
AS_GIVEN: Final = (plans.NAME, enclosure.NAME)
"""The checks that look at a point in its own precision; derivatives are looked at in float64."""


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


def check_numbers(bound: BoundGraph, numbers: Numbers) -> tuple[CheckResult, ...]:
    """Return what the checks come to at the numbers of a run, moved and pulled as it is, or else at random.

    As :func:`check_at`, along the tangents that are given and zero beside them, and so for the seeds.
    """
    program = bound.interpret(**numbers.arguments)
    inputs = [numbers.inputs[entry.name] for entry in program.context]
    tangents, seeds = draw_at(program, inputs)
    if numbers.tangents:
        tangents = with_zeros(program.context, numbers.tangents, like=tangents)
    if numbers.seeds:
        seeds = with_zeros(program.entries, numbers.seeds, like=seeds)
    drawn = [what for what, given in (("tangents", numbers.tangents), ("seeds", numbers.seeds)) if not given]
    along = f"{' and '.join(drawn)} drawn at random" if drawn else "the tangents and seeds that were given"
    return check_at(Point(program, inputs, tangents, seeds), f"at these numbers, along {along}")


def check_at(
    point: Point, where: str, *, observe: Callable[[CheckResult], None] = lambda _result: None
) -> tuple[CheckResult, ...]:
    """Return one result per check that can be made at a point, which is ``where``: it is a person's own.

    That the arrays have the certified shapes was looked at when they were made. Derivatives are looked at in
    float64, and what was compiled in the precision of the point. Where floating point leaves its range there,
    or cannot tell right from wrong, that says nothing about the graph, and counts as not made.
    """
    results = []
    for name, check in CHECKS_AT.items():
        at = point if name in AS_GIVEN else point.in_float64()
        try:
            result = check([at], where)
            blind = result.code == Code.BLIND_CHECK
            results.append(result.replaced(outcome="not run") if blind else result)
        except NumericsError as error:
            detail = str(error)
            results.append(CheckResult(name=name, outcome="not run", detail=detail, code=error.code))
        except Rejected as error:
            results.append(_rejection(name, error))
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
        return _rejection(name, error)


def _rejection(name: str, error: Rejected) -> CheckResult:
    return CheckResult(name=name, outcome="failed", detail=str(error), code=error.code)
