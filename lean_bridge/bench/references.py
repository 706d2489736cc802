"""A case as other frameworks compute it, where the graph is a transformer block or a part of one.

Each differentiates by its own means, from arrays in its own layout that are made beforehand; a call does what
the case asks for and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from lean_bridge.bench.case import Case
from lean_bridge.bench.counterpart import Named, Reference, fixed_weights, sizes_of
from lean_bridge.crosscheck.block import Block
from lean_bridge.crosscheck.formula import compute_block
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
        from lean_bridge.bench.as_torch import refer_module

        return refer_module(case)
    if case.block is None:
        return "the graph is no transformer block, nor a part of one"
    if framework == "torch":
        if case.block.split == "bare reshape" and _heads(case, case.block) > 1:
            return "PyTorch has no attention whose heads are split by a bare reshape"
        from lean_bridge.bench.torch_reference import refer_torch

        return refer_torch(case, case.block, list(layers(case)), scalars_of(case, case.block))
    return _refer_jax(case, case.block) if framework == "jax" else _refer_autograd(case, case.block)


def layers(case: Case) -> Iterator[dict[str, str]]:
    """Yield, for each layer from the lowest, the input of the stack for each of the block but ``x``."""
    names = [entry.name for entry in case.model.context][1:]
    count = len(names) // case.layers
    for layer in range(case.layers):
        yield dict(zip(names[:count], names[layer * count : (layer + 1) * count], strict=True))


def scalars_of(case: Case, block: Block) -> dict[str, float]:
    """Return the scalars by their roles in the block."""
    return {role: case.arguments[name] for role, name in block.scalars.items()}


def _heads(case: Case, block: Block) -> int:
    return sizes_of(case, block).get("H", 1)


def _formula(case: Case, block: Block, xp: Any) -> Callable[[Sequence[Any]], Any]:
    """Return the whole stack as a function of its inputs, in the order of the context."""
    names = [entry.name for entry in case.model.context]
    stacked, scalars, heads = list(layers(case)), scalars_of(case, block), _heads(case, block)
    fixed = fixed_weights(case, block)

    def compute(inputs: Sequence[Any]) -> Any:
        given = dict(zip(names, inputs, strict=True))
        h = given[names[0]]
        for layer in stacked:
            at = fixed | {name: given[entry] for name, entry in layer.items()}
            h = compute_block(xp, block, h, at, scalars, heads)
        return h

    return compute


def _named(case: Case) -> Callable[[Any], Named]:
    """Return what names a call's results: a value, then its tangent or the cotangents of the inputs."""
    names, last = [entry.name for entry in case.model.context], case.result.name

    def results(found: Any) -> Named:
        if case.mode == "jvp":
            return {last: np.asarray(found[1])}
        return dict(zip([last, *names], map(np.asarray, found), strict=case.mode == "vjp"))

    return results


def _refer_jax(case: Case, block: Block) -> Reference:
    import jax

    def compute(inputs: Sequence[Any], moved: Sequence[Any]) -> Any:
        if case.mode == "forward":
            return formula(inputs)
        if case.mode == "jvp":
            return jax.jvp(formula, (inputs,), (moved,))
        value, pull = jax.vjp(formula, inputs)
        return value, pull(moved[0])[0]

    with jax.enable_x64(True):
        formula = _formula(case, block, jax.numpy)
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
