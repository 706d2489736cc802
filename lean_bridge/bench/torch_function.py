"""A case by a function of PyTorch's tensors, and PyTorch's own differentiation. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from lean_bridge.bench.case import Case
from lean_bridge.bench.counterpart import Named, Reference, begun, stacked
from lean_bridge.crosscheck.known import Known
from lean_bridge.crosscheck.torch_known import theirs


def refer_program(case: Case) -> Reference:
    """Return the case by ``CompiledProgram.as_torch``, with PyTorch's engine around the certified VJP."""
    return _refer(case, case.bound.compile(**case.arguments).as_torch())


def refer_functions(case: Case, known: Known, heads: int) -> Reference:
    """Return the case by what PyTorch has for a graph that is known, from arrays as the graph has them.

    Its attention is told that it is causal, as every mask of a case is.
    """
    arrays: dict[str, Tensor | None] = {
        each.name: None if each.below is None else torch.from_numpy(case.arguments[each.name])
        for each in case.bound.arrays
    }
    compute = theirs(known).output
    output = stacked(case, lambda at: compute({**arrays, **at}, heads))
    return _refer(case, lambda *inputs: output(inputs))


def _refer(case: Case, output: Callable[..., Tensor]) -> Reference:
    """Return the case by a function of the inputs, in the order of the context."""
    inputs = tuple(torch.from_numpy(array.copy()) for array in case.inputs.values())
    moved = tuple(torch.from_numpy(array.copy()) for array in case.moved.values())

    def forward() -> list[Tensor]:
        with torch.no_grad():
            return [output(*inputs)]

    def vjp() -> list[Tensor]:
        value = output(*inputs)
        return [value, *torch.autograd.grad(value, inputs, moved)]

    def jvp() -> list[Tensor]:
        # the fused attention of PyTorch's CPU backend has no forward mode
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            return [torch.func.jvp(output, inputs, moved)[1]]

    if case.mode == "vjp":
        for each in inputs:
            each.requires_grad_()
    names = [case.result.name, *case.inputs]

    def results(found: list[Tensor]) -> Named:
        return {name: each.detach().numpy() for name, each in zip(names, found, strict=False)}

    run = {"forward": forward, "vjp": vjp, "jvp": jvp}[case.mode]
    return Reference(begun(run) if run is jvp else run, results)
