"""Operators of PyTorch that choose by whole numbers: embeddings, and losses at targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lean_bridge.capture.trace import Data, Misfit, Value

_NOT_BELOW: Final = -1
"""What PyTorch takes for no index at all."""
_MEAN: Final = 1
"""PyTorch's number of that reduction."""
_SAME_ORDER: Final = ("unsqueeze", "view", "reshape", "_unsafe_view", "slice")
_AXIS: Final = {"embedding": 0, "index": 0, "cross_entropy_loss": 1, "nll_loss_nd": 1}
"""Along which axis of their first argument operators choose by their second, or along the last."""


def bounds_of(node: Any, named: Any) -> Iterator[Any]:
    """Yield what each operator that whole numbers are given to asks them to be below, as PyTorch has it."""
    for user in node.users:
        name = named(user)
        if name in _SAME_ORDER:
            yield from bounds_of(user, named)
        elif name == "gather":
            yield user.args[0].meta["val"].shape[user.args[1]]
        elif name in _AXIS:
            source, chosen, *_ = user.args
            if chosen is node or chosen in ([node], (node,)):
                shape = source.meta["val"].shape
                yield shape[min(_AXIS[name], len(shape) - 1)]


class DataOperators:
    """The operators, as methods of what writes them down."""

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Value:
        raise NotImplementedError

    def _given(self, argument: Any) -> Any:
        raise NotImplementedError

    def _ids(self, given: Any, source: Any, axis: int) -> Any:
        raise NotImplementedError

    def _write_embedding(
        self, weight: Any, ids: Any, padding: int = _NOT_BELOW, scaled: bool = False, sparse: bool = False
    ) -> Value:
        if padding != _NOT_BELOW or scaled:
            raise Misfit("no certified op with padding_idx or scale_grad_by_freq, which change its gradient")
        del sparse  # in which form PyTorch keeps the same gradient
        return self._call("take", weight, self._ids(ids, weight, 0), axis=0)

    def _write_index(self, x: Any, indices: Any) -> Value:
        if len(indices) != 1:
            raise Misfit(f"no certified op but of one index, found {len(indices)}; nearest: torch.gather")
        return self._call("take", x, self._ids(self._given(indices[0]), x, 0), axis=0)

    def _write_gather(self, x: Any, axis: int, indices: Any, sparse_grad: bool = False) -> Value:
        del sparse_grad
        return self._call("take_along_axis", x, self._ids(indices, x, axis), axis=axis)

    def _write_cross_entropy_loss(
        self,
        logits: Any,
        targets: Any,
        weight: Any = None,
        reduction: int = _MEAN,
        ignored: Any = -100,
        smoothing: float = 0.0,
    ) -> Value:
        _check_loss(logits, weight, reduction, ignored)
        if smoothing:
            raise Misfit("no certified op with label_smoothing; nearest: cross_entropy without")
        return self._call("cross_entropy", logits, targets)

    def _write_nll_loss_nd(
        self, logs: Any, targets: Any, weight: Any = None, reduction: int = _MEAN, ignored: Any = -100
    ) -> Value:
        _check_loss(logs, weight, reduction, ignored)
        at = targets[..., None] if isinstance(targets, Data) else targets
        return self._call("negative", self._call("mean", self._call("take_along_axis", logs, at, axis=-1)))


def _check_loss(x: Any, weight: Any, reduction: int, ignored: Any) -> None:
    if isinstance(x, Value) and x.known is not None and len(x.known) > 2:
        raise Misfit(f"no certified op of {len(x.known)} axes; nearest: classes on the last of two")
    if weight is not None or reduction != _MEAN or not isinstance(ignored, int) or ignored >= 0:
        raise Misfit(
            "no certified op but with reduction='mean', without weight, and with an ignore_index below 0"
        )
