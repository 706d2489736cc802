"""The adjoint identity ⟨jvp(x, dx), s⟩ = ⟨dx, vjp(x, s)⟩, with seeds on every entry.

Lean: ``Proofs.Autograd.Graph.backprop_correct``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lean_bridge.crosscheck.judgement import ADJOINT
from lean_bridge.crosscheck.points import SEED, draw_arrays, draw_program, small_sizes
from lean_bridge.crosscheck.rounding import EPSILON, roundings, to_result
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Primitive
from pybind_models import CheckResult, DGraph

NAME: Final = ADJOINT
COARSEST: Final = 1e-9
"""Where more is allowed than this, a wrong rule might pass, so nothing does."""


def check_adjoint(model: DGraph, primitives: Mapping[str, Primitive]) -> CheckResult:
    """Return whether the two inner products agree at random points.

    Each is a sum of products whose factors went through at most R roundings in each direction, so they may
    differ by 2R·ε times the sum of the products' absolute values, ε = 2^-52. Errors are relative to that
    sum.
    """
    rng = np.random.default_rng(SEED)
    errors, tolerances = [], []
    sizes = small_sizes(model)
    for each in sizes:
        program = draw_program(model, primitives, each, rng)
        inputs, tangents = draw_arrays(program.context, rng), draw_arrays(program.context, rng)
        seeds = draw_arrays(program.entries, rng)
        forwards = _products(program.jvp(inputs, tangents), seeds)
        backwards = _products(tangents, program.vjp(inputs, seeds))
        scale = np.abs(forwards).sum() + np.abs(backwards).sum()
        errors.append(abs(forwards.sum() - backwards.sum()) / scale)
        tolerances.append(2 * roundings(program) * EPSILON)
    compared = f"⟨jvp dx, s⟩ with ⟨dx, vjp s⟩, seeds on all {len(model.entries)} entries"
    return to_result(NAME, errors, tolerances, COARSEST, f"{compared}, at {len(sizes)} sizes")


def _products(left: Sequence[Array], right: Sequence[Array]) -> Array:
    """Return the products that the inner product of two contexts sums."""
    return np.concatenate([(a * b).ravel() for a, b in zip(left, right, strict=True)])
