"""A case by PyTorch's own modules, eagerly, and the memory that it takes. Imports PyTorch."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from lean_bridge.bench.case import Case
from lean_bridge.bench.counterpart import (
    Named,
    Reference,
    begun,
    fixed_weights,
    heads_of,
    layers,
    scalars_of,
)
from lean_bridge.crosscheck.block import Block
from lean_bridge.crosscheck.torch_block import build_module, parameters_of


def refer_modules(case: Case, block: Block) -> Reference:
    """Return the case by a stack of PyTorch's modules, with parameters in PyTorch's layout."""
    each_layer, heads, scalars = list(layers(case)), heads_of(case, block), scalars_of(case, block)
    inputs = {name: torch.from_numpy(array.copy()) for name, array in case.inputs.items()}
    fixed = {name: torch.from_numpy(array) for name, array in fixed_weights(case, block).items()}
    x = next(iter(inputs))

    def translate(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the stack's parameters that come from the graph's inputs."""
        translated: dict[str, Tensor] = {}
        for number, layer in enumerate(each_layer):
            at = {name: given[entry] for name, entry in layer.items()} | {"x": given[x]} | fixed
            translated |= {f"{number}.{name}": each for name, each in parameters_of(block, at).items()}
        return translated

    sample = {name: inputs[entry] for name, entry in each_layer[0].items()} | {"x": inputs[x]} | fixed
    with torch.random.fork_rng(devices=[]):  # a module draws initial weights
        stack = nn.Sequential(
            *(build_module(block, sample, heads=heads, epsilons=scalars) for _ in each_layer)
        )
    # evaluation takes a fused kernel, which has no forward mode; there is no dropout either way
    stack.train(case.mode == "jvp")
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in inputs.items()}
    linked = translate(leaves)
    with torch.no_grad():
        for name, parameter in stack.named_parameters():
            parameter.copy_(linked[name])
            parameter.requires_grad_(linked[name].requires_grad)
    trained = {name: each for name, each in stack.named_parameters() if each.requires_grad}
    point = inputs[x].clone()
    run: Callable[[], Any]
    if case.mode == "vjp":
        run = _vjp(stack, point.requires_grad_(), list(trained.values()), _only(case.moved))
    elif case.mode == "jvp":
        moved = {name: torch.from_numpy(array) for name, array in case.moved.items()}
        tangents = {name: tensor for name, tensor in translate(moved).items() if name in trained}
        run = _jvp(stack, point, trained, moved[x], tangents)
    else:
        run = _forward(stack, point)
    last = case.result.name

    def results(found: Any) -> Named:
        if case.mode != "vjp":
            return {last: found.detach().numpy()}
        output, of_x, *gradients = found
        pulled = torch.autograd.grad(
            [linked[name] for name in trained],
            list(leaves.values()),
            gradients,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        named = dict(zip(leaves, pulled, strict=True)) | {x: of_x, last: output}
        return {name: each.detach().numpy() for name, each in named.items()}

    return Reference(run, results)


def _only(moved: Mapping[str, np.ndarray[Any, Any]]) -> Tensor:
    (seed,) = moved.values()
    return torch.from_numpy(seed)


def _forward(stack: nn.Module, x: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.no_grad():
            output: Tensor = stack(x)
        return output

    return run


def _vjp(
    stack: nn.Module, x: Tensor, parameters: Sequence[Tensor], seed: Tensor
) -> Callable[[], tuple[Tensor, ...]]:
    def run() -> tuple[Tensor, ...]:
        output = stack(x)
        return output, *torch.autograd.grad(output, [x, *parameters], seed)

    return run


def _jvp(
    stack: nn.Module, x: Tensor, parameters: Mapping[str, Tensor], dx: Tensor, moved: Mapping[str, Tensor]
) -> Callable[[], Tensor]:
    primals = {name: parameter.detach() for name, parameter in parameters.items()}

    def output(parameters: Mapping[str, Tensor], x: Tensor) -> Tensor:
        made: Tensor = functional_call(stack, dict(parameters), (x,))
        return made

    def run() -> Tensor:
        # the fused attention of PyTorch's CPU backend has no forward mode
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            tangent: Tensor = torch.func.jvp(output, (primals, x), (dict(moved), dx))[1]
        return tangent

    return begun(run)


def peak_bytes(run: Callable[[], object]) -> int:
    """Return the peak of PyTorch's CPU allocator during a call, above where it started."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler writes to standard error
    run()
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        kept = run()
    with tempfile.TemporaryDirectory() as directory:
        trace = Path(directory) / "trace.json"
        profile.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    del kept
    live = peak = 0
    for event in sorted((each for each in events if each["name"] == "[memory]"), key=lambda each: each["ts"]):
        live += event["args"]["Bytes"]
        peak = max(peak, live)
    return peak
