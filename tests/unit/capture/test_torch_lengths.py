"""The graph of a module of PyTorch is for all lengths, or the module is told to be another at some."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lean_bridge.capture import torch_export
from lean_bridge.capture.torch_export import from_torch
from lean_bridge.errors import NotCaptured

# PyTorch's own, where it traces
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

NONE = -math.inf
X, Y, SQUARE = torch.randn(5, 3), torch.randn(4, 3), torch.randn(4, 4)
ALL = torch.ones(4, 4, dtype=torch.bool)
PAIR = {"x": {0: "n"}, "y": {0: "m"}}
BOTH = {0: "n", 1: "n"}
BEFORE = torch.ones(8, 8, dtype=torch.bool).tril()


def either(is_other: Callable[[int, int], bool]) -> Callable[[Tensor, Tensor], Tensor]:
    def function(x: Tensor, y: Tensor) -> Tensor:
        scores = x @ y.T
        return torch.tanh(scores) if is_other(x.shape[0], y.shape[0]) else scores.softmax(-1)

    return function


def attend(x: Tensor, y: Tensor) -> Tensor:
    if x.shape[-2] == y.shape[-2]:
        return functional.scaled_dot_product_attention(x, y, y, is_causal=True)
    return functional.scaled_dot_product_attention(x, y, y)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (either(lambda n, m: n == m), "n != m"),
        (either(lambda n, m: n + 2 < m), r"2 \+ n >= m"),
        (either(lambda n, m: n + 1 == m), r"\(1 \+ n\) != m"),
        (either(lambda n, m: n * m == 12), r"\(m\*n\) != 12"),
        (attend, "n != m"),
    ],
)
def test_a_branch_on_two_lengths_is_told(function: Callable[..., Tensor], said: str) -> None:
    with pytest.raises(NotCaptured, match=rf"expected one function for all lengths, .*asks for {said}; near"):
        from_torch(function, (X, Y), PAIR, name="f")


def test_where_pytorch_does_not_tell_of_branches_more_lengths_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert torch_export._related(object(), PAIR, "f") is None
    monkeypatch.setattr(torch_export, "_related", lambda *_: None)
    with pytest.raises(NotCaptured, match=r"not PyTorch's own, .*, n = 2, m = 3"):
        from_torch(either(lambda n, m: n + 1 == m), (X, Y), PAIR, name="f")
    assert from_torch(lambda x, y: x @ y.T, (X, Y), PAIR, name="f").model.dims == ("n", "m")


def test_axes_of_one_name_are_no_branch() -> None:
    captured = from_torch(lambda x, y: x * y, (X, X), {each: {0: "n"} for each in "xy"}, name="f")
    assert captured.model.dims == ("n",)


@pytest.mark.parametrize(
    ("guard", "is_so"),
    [
        ("n == n", True),
        ("n <= n", True),
        ("(n*b) == (b*n)", True),
        ("n != n", False),
        ("n != m", False),
        ("n <= m", False),
        ("((-1) + n) == ((-1) + n)", True),
        ("(n % 2) == 0", False),
        ("n", False),
    ],
)
def test_what_is_so_of_all_lengths_is_no_branch(guard: str, *, is_so: bool) -> None:
    assert torch_export._is_so(guard) is is_so


def far(x: Tensor, mask: Tensor) -> Tensor:
    fill = torch.where(torch.arange(x.shape[0]) < 1000, NONE, 0.0).to(x.dtype)
    return torch.where(mask, x, fill).softmax(-1)


def scored(x: Tensor, mask: Tensor) -> Tensor:
    block = torch.div(torch.arange(x.shape[0]), 1000, rounding_mode="floor").to(x.dtype)
    return (x + torch.where(mask, -block, NONE)).softmax(-1)


class Late(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("fill", torch.full((8,), NONE).index_fill(0, torch.tensor([6]), 0.0))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return torch.where(mask, x, self.get_buffer("fill")[: x.shape[0]]).softmax(-1)


@pytest.mark.parametrize("function", [far, scored, Late()])
def test_a_number_of_the_code_is_one_whatever_the_lengths(function: Callable[..., Tensor]) -> None:
    with pytest.raises(
        NotCaptured, match=r"where: expected one number whatever the lengths, found (-inf|-?0)"
    ):
        from_torch(function, (SQUARE, ALL), {"x": BOTH, "mask": BOTH}, name="f")


@pytest.mark.parametrize(
    "fill",
    [
        lambda x: torch.zeros_like(x) + NONE,
        lambda x: torch.full((x.shape[0], 1), NONE).expand(-1, x.shape[0]),
        lambda x: -(torch.ones(x.shape[0], dtype=x.dtype) * math.inf)[None],
        lambda x: torch.full((9, 9), NONE)[:4, :4] if x.shape == (4, 4) else None,
    ],
)
def test_a_number_that_is_filled_in_is_one(fill: Callable[[Tensor], Tensor]) -> None:
    varies: Mapping[str, Any] = {"x": BOTH, "mask": BOTH} if fill(torch.ones(3, 3)) is not None else {}
    captured = from_torch(
        lambda x, mask: torch.where(mask, x, fill(x)).softmax(-1), (SQUARE, ALL), varies, name="f"
    )
    assert [node.op for node in captured.model.nodes] == ["maskedSoftmax"]
    assert captured.made == ()


@pytest.mark.parametrize("near", [1, 4, 60])
def test_a_bias_that_is_0_nearby_alone_is_no_mask(near: int) -> None:
    def biased(x: Tensor) -> Tensor:
        at = torch.arange(x.shape[0])
        apart = (at[:, None] - at).abs()
        return (x + -torch.relu(apart - float(near))).softmax(-1)

    with pytest.raises(NotCaptured, match="found numbers that the code makes itself"):
        from_torch(biased, (SQUARE,), {"x": BOTH}, name="f")


class Full(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", BEFORE.clone())

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        if n == len(BEFORE):
            return x.softmax(-1)
        return x.masked_fill(~self.get_buffer("mask")[:n, :n], NONE).softmax(-1)


def test_it_is_compared_at_the_most_that_a_length_may_be() -> None:
    with pytest.raises(NotCaptured, match=r"not PyTorch's own, .*, n = 8"):
        from_torch(Full(), (SQUARE,), {"x": BOTH})


def test_it_is_compared_where_one_length_is_1_and_others_are_more() -> None:
    def lone(x: Tensor, y: Tensor) -> Tensor:
        if y.shape[0] < 2:
            raise ValueError("two at least")
        return (x @ y.T).softmax(-1) if x.shape[0] > 1 else torch.tanh(x @ y.T)

    with pytest.raises(NotCaptured, match=r"not PyTorch's own, .*, n = 1, m = 4"):
        from_torch(lone, (X, Y), PAIR, name="lone")


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("one", BEFORE.clone())
        self.register_buffer("two", BEFORE.clone())

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        one, two = (x.masked_fill(~self.get_buffer(each)[:n, :n], NONE) for each in ("one", "two"))
        return one.softmax(-1) + 2.0 * two.softmax(-1)


def test_buffers_that_are_one_parameter_have_to_stay_the_same() -> None:
    module = Twice()
    captured = from_torch(module, (SQUARE,), {"x": BOTH})
    assert captured.made == ("mask",)
    np.testing.assert_array_equal(captured.data(n=5)["mask"], np.tri(5, dtype=bool))
    module.get_buffer("two").fill_(value=True)
    with pytest.raises(NotCaptured, match=r"^Twice: no mask, n = 5: ValueError: buffers that were the same"):
        captured.data(n=5)
    module.two = module.one = torch.ones(8, 8, dtype=torch.bool)
    with pytest.raises(NotCaptured, match=r"^Twice: buffer one is another tensor now; capture again"):
        captured.data(n=5)


def second(x: Tensor) -> Tensor:
    mask = torch.ones(x.shape[0], x.shape[0], dtype=torch.bool).tril()
    mask[:, 1] = True
    return x.masked_fill(~mask, NONE).softmax(-1)


def fourth(x: Tensor) -> Tensor:
    keep = torch.ones(x.shape[0], x.shape[0], dtype=torch.bool).index_fill(1, torch.tensor([3]), value=False)
    return x.masked_fill(~keep, NONE).softmax(-1)


def test_lengths_at_which_the_code_makes_nothing_are_told() -> None:
    captured = from_torch(second, (SQUARE,), {"x": BOTH})
    assert captured.data(n=2)["mask"].all()
    with pytest.raises(NotCaptured, match=r"^second: no mask, n = 1: \w+Error: .*out of"):
        captured.data(n=1)
    with pytest.raises(NotCaptured, match=r"^second: no mask: KeyError: 'n'"):
        captured.data()
    with pytest.raises(
        NotCaptured, match=r"softmax: expected numbers that the code makes at every length fr.*n = 2"
    ):
        from_torch(fourth, (SQUARE,), {"x": BOTH})
    beyond = from_torch(Twice(), (SQUARE,), {"x": BOTH})
    with pytest.raises(NotCaptured, match=r"^Twice: no mask, n = 9: RuntimeError: "):
        beyond.data(n=9)
