"""A case as other frameworks compute it, where it is known what they have for the graph.

Each differentiates by its own means, from arrays in its own layout that are made beforehand; a call does what
the case asks for and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from lean_bridge.bench.case import Case, Counterpart
from lean_bridge.bench.counterpart import Named, Reference, fixed_weights, heads_of, scalars_of, stacked
from lean_bridge.crosscheck.block import Block
from lean_bridge.crosscheck.formula import compute_block
from lean_bridge.crosscheck.known import Found
from lean_bridge.errors import Declined
from lean_bridge.names import suggestion

INTERPRETER: Final = "interpreter"
EXTRAS: Final[Mapping[str, str]] = {"torch": "torch", "jax": "jax", "autograd": "bench", "as_torch": "torch"}
"""The frameworks, and the graph's own program within one; and the extra of this package that brings each."""


def library_of(framework: str) -> str:
    """Return the library that a framework is, or that the graph's own program is called from."""
    return framework.removeprefix("as_")


def check_installed(frameworks: Sequence[str]) -> None:
    """Raise Declined if a framework is unknown or not installed."""
    for name in frameworks:
        if name not in EXTRAS:
            known = suggestion(name, (INTERPRETER, *EXTRAS))
            raise Declined(f"no framework {name!r} to compare with; {known}")
        if find_spec(library_of(name)) is None:
            raise Declined(f"{library_of(name)} is not installed; pip install 'lean-bridge[{EXTRAS[name]}]'")


def refer(framework: str, case: Case) -> Reference | str:
    """Return the framework's counterpart of the case, or why there is none."""
    if framework == "as_torch":
        from lean_bridge.bench.torch_function import refer_program

        return refer_program(case)
    if case.counterpart is None:
        return "of the graph it is not known what others have for it"
    if framework == "torch":
        return _refer_torch(case, case.counterpart)
    if framework == "jax":
        return _refer_jax(case, case.counterpart)
    if isinstance(case.counterpart, Found):
        return "nothing of it is known for this graph"
    return _refer_autograd(case, case.counterpart)


def _refer_torch(case: Case, counterpart: Counterpart) -> Reference | str:
    heads = heads_of(case, counterpart)
    if isinstance(counterpart, Found):
        from lean_bridge.bench.torch_function import refer_functions

        return refer_functions(case, counterpart.known, heads)
    if counterpart.split == "bare reshape" and heads > 1:
        return "PyTorch has no attention whose heads are split by a bare reshape"
    from lean_bridge.bench.torch_reference import refer_modules

    return refer_modules(case, counterpart)


def _formula(case: Case, block: Block, xp: Any) -> Callable[[Sequence[Any]], Any]:
    """Return the whole stack as a function of its inputs, in the order of the context."""
    scalars, heads, fixed = scalars_of(case, block), heads_of(case, block), fixed_weights(case, block)

    def compute(at: Mapping[str, Any]) -> Any:
        return compute_block(xp, block, at["x"], {**fixed, **at}, scalars, heads)

    return stacked(case, compute)


def _named(case: Case) -> Callable[[Any], Named]:
    """Return what names a call's results: a value, then its tangent or the cotangents of the inputs."""
    names, last = [entry.name for entry in case.model.context], case.result.name

    def results(found: Any) -> Named:
        if case.mode == "jvp":
            return {last: np.asarray(found[1])}
        return dict(zip([last, *names], map(np.asarray, found), strict=case.mode == "vjp"))

    return results


def _formula_of_jax(case: Case, counterpart: Counterpart) -> Callable[[Sequence[Any]], Any]:
    import jax

    if isinstance(counterpart, Block):
        return _formula(case, counterpart, jax.numpy)
    from lean_bridge.crosscheck.jax_known import output

    arrays = {each.name: jax.numpy.asarray(case.arguments[each.name]) for each in case.bound.arrays}
    heads = heads_of(case, counterpart)
    return stacked(case, lambda at: output(counterpart.known, {**arrays, **at}, heads))


def _refer_jax(case: Case, counterpart: Counterpart) -> Reference:
    import jax

    def compute(inputs: Sequence[Any], moved: Sequence[Any]) -> Any:
        if case.mode == "forward":
            return formula(inputs)
        if case.mode == "jvp":
            return jax.jvp(formula, (inputs,), (moved,))
        value, pull = jax.vjp(formula, inputs)
        return value, pull(moved[0])[0]

    with jax.enable_x64(True):
        formula = _formula_of_jax(case, counterpart)
        inputs = [jax.numpy.asarray(array) for array in case.inputs.values()]
        moved = [jax.numpy.asarray(array) for array in case.moved.values()]
        compiled = jax.jit(compute).lower(inputs, moved).compile()

    def run() -> Any:
        return [leaf.block_until_ready() for leaf in jax.tree.leaves(compiled(inputs, moved))]

    return Reference(run, _named(case))


def _refer_autograd(case: Case, block: Block) -> Reference:
    import autograd

    formula = _formula(case, block, autograd.numpy)
    inputs, moved = list(case.inputs.values()), list(case.moved.values())

    def run() -> Any:
        if case.mode == "forward":
            return [formula(inputs)]
        if case.mode == "jvp":
            return autograd.make_jvp(formula)(inputs)(moved)
        pull, value = autograd.make_vjp(formula)(inputs)
        return [value, *pull(moved[0])]

    return Reference(run, _named(case))
