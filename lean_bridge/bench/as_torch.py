"""A case by the graph's own module of PyTorch, as people train it. Imports PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor

from lean_bridge.bench.case import Case
from lean_bridge.bench.counterpart import Named, Reference, begun


def refer_module(case: Case) -> Reference:
    """Return the case by ``CompiledProgram.as_torch``, with PyTorch's engine around the certified VJP."""
    module = case.bound.compile(**case.arguments).as_torch()
    inputs = {name: torch.from_numpy(array.copy()) for name, array in case.inputs.items()}
    moved = tuple(torch.from_numpy(array.copy()) for array in case.moved.values())

    def forward() -> list[Tensor]:
        with torch.no_grad():
            return [module(**inputs)]

    def vjp() -> list[Tensor]:
        value = module(**inputs)
        return [value, *torch.autograd.grad(value, list(inputs.values()), moved)]

    def jvp() -> list[Tensor]:
        with torch.no_grad():
            return [torch.func.jvp(module, tuple(inputs.values()), moved)[1]]

    if case.mode == "vjp":
        for each in inputs.values():
            each.requires_grad_()
    names = [case.result.name, *inputs]

    def results(found: list[Tensor]) -> Named:
        return {name: each.detach().numpy() for name, each in zip(names, found, strict=False)}

    run = {"forward": forward, "vjp": vjp, "jvp": jvp}[case.mode]
    return Reference(begun(run) if run is jvp else run, results)
