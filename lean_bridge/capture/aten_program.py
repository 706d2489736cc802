"""How PyTorch decomposes what it exports; what nodes are called, and where they come from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch

from lean_bridge.capture.source import near

_HOME: Final = str(Path(torch.__file__).parent) + os.sep
_LINE: Final = re.compile(r'^ *File "(.+)", line (\d+), in ', re.MULTILINE)
_WHOLE: Final = "the derivative past it as well: one that is left out is no derivative of the function"
_HIDDEN: Final = {"detach": _WHOLE, "detach_": _WHOLE, "wrap_with_set_grad_enabled": _WHOLE}
"""What PyTorch's own gradient passes over."""
_WHOLE_OPS: Final = frozenset(
    (
        "huber_loss",
        "smooth_l1_loss",
        "softplus",
        "logsumexp",
        "log_sigmoid",
        "_safe_softmax",
        "cross_entropy_loss",
        "nll_loss_nd",
        "scaled_dot_product_attention",
        "rms_norm",
        "silu",
    )
)
"""What is one op, or few, where PyTorch would decompose it otherwise."""


def decompositions() -> dict[Any, Any]:
    """Return how PyTorch decomposes what is no operator of its core set, without what is captured whole."""
    table: Any = torch.export.default_decompositions()
    return {each: table[each] for each in list(table) if each._opname not in _WHOLE_OPS}


def hidden_in(graph: Any, where: str) -> Iterator[str]:
    """Yield what is decomposed to nothing, and changes the gradient that PyTorch gives."""
    for node in graph.nodes:
        if node.op == "call_function" and (name := named(node)) in _HIDDEN and not _is_of_constant(node):
            yield f"{place_of(node, where)}: {name}: no certified op; nearest: {_HIDDEN[name]}"


def _is_of_constant(node: Any) -> bool:
    """Whether a node is of a number of the code, as PyTorch writes ``torch.tensor(2.0)``."""
    source = node.args[0] if node.args else None
    return isinstance(source, torch.fx.Node) and named(source) == "lift_fresh_copy"


def dense_of(node: Any) -> tuple[Any, Any, Any] | None:
    """Return input, weight and bias of a node that is a linear layer with one."""
    if node.op != "call_function" or named(node) != "addmm" or node.kwargs:
        return None
    bias, x, weight = node.args
    is_turned = weight.op == "call_function" and named(weight) == "permute" and weight.args[1] == [1, 0]
    is_whole = bias.meta["val"].shape == weight.meta["val"].shape[1:]
    return (x, weight.args[0], bias) if is_turned and is_whole else None


def named(node: Any) -> str:
    """Return an operator's name without its library and its overload: ``mul`` of ``aten.mul.Tensor``."""
    return str(getattr(node.target, "_opname", getattr(node.target, "__name__", node.target)))


def place_of(node: Any, where: str) -> str:
    """Return the last line of a node's trace that is no line of PyTorch's."""
    lines = _LINE.findall(node.meta.get("stack_trace") or "")
    found = [each for each in lines if not each[0].startswith(_HOME)]
    if not found:
        return where
    file, line = found[-1]
    return f"{near(file)}:{line}"
