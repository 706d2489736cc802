"""The adjoint identity ⟨jvp(x, dx), s⟩ = ⟨dx, vjp(x, s)⟩, with seeds on every entry.

Lean: ``Proofs.Autograd.Graph.backprop_correct``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from lean_bridge.crosscheck.judgement import ADJOINT
from lean_bridge.crosscheck.points import Point, Sizes, counted_sizes, draw_points, small_sizes
from lean_bridge.crosscheck.rounding import EPSILON, roundings, tells, to_result
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Primitive
from pybind_models import CheckResult, DGraph

NAME: Final = ADJOINT
COARSEST: Final = 1e-9
"""Where more is allowed than this, a wrong rule might pass, so nothing does."""


def check_adjoint(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Sizes | None = None
) -> CheckResult:
    """Return whether the two inner products agree at random points. Otherwise as :func:`adjoint_at`."""
    sizes = sizes or small_sizes(model)
    return adjoint_at(draw_points(model, primitives, sizes), f"at {counted_sizes(sizes)}")


def adjoint_at(points: Iterable[Point], where: str) -> CheckResult:
    """Return whether the two inner products agree at points, which are ``where``.

    Each is a sum of products whose factors went through at most R roundings in each direction, so they may
    differ by 2R·ε times the sum of the products' absolute values, ε = 2^-52. Errors are relative to that
    sum.
    """
    errors, tolerances, told, entries = [], [], [], 0
    for point in points:
        program, entries = point.program, len(point.program.entries)
        moved, inputs = program.jvp(point.inputs, point.tangents), len(point.inputs)
        forwards = _products(moved, point.seeds)
        backwards = _products(point.tangents, program.vjp(point.inputs, point.seeds))
        scale = np.abs(forwards).sum() + np.abs(backwards).sum()
        if not scale:
            continue
        errors.append(float(abs(forwards.sum() - backwards.sum()) / scale))
        tolerances.append(2 * roundings(program) * EPSILON)
        of_nodes = np.abs(_products(moved[inputs:], point.seeds[inputs:])).sum()
        told.append(tells(of_nodes, scale, tolerances[-1], COARSEST))
    detail = f"⟨jvp dx, s⟩ with ⟨dx, vjp s⟩, seeds on all {entries} entries, {where}"
    return to_result(NAME, errors, tolerances, COARSEST, detail, told=told, ulps=[np.array(errors) / EPSILON])


def _products(left: Sequence[Array], right: Sequence[Array]) -> Array:
    """Return the products that the inner product of two contexts sums."""
    return np.concatenate([(a * b).ravel() for a, b in zip(left, right, strict=True)])
