"""Modules of PyTorch become graphs of certified ops, or are told, with their lines, to be none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import lean_bridge
from lean_bridge.capture import aten
from lean_bridge.capture.aten_program import decompositions
from lean_bridge.capture.torch_export import CapturedModule, from_torch
from lean_bridge.crosscheck.function import check_function
from lean_bridge.emit.module import render_library_module
from lean_bridge.errors import NotCaptured
from lean_bridge.executor.arrays.backends import torch_reals
from tests.tiers import one_in
from tests.unit.capture.wrong import WRONG, Apply, planted

# PyTorch's own, where it traces
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class MlpLoss(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2))
        self.gelu = nn.GELU(approximate="tanh")
        self.register_buffer("gain", torch.ones(2))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        h = self.net(x)
        h = functional.silu(h) + self.gelu(h) * torch.sigmoid(h) - torch.softmax(h, -1)
        h = (h @ h.transpose(0, 1) @ h.reshape(-1, 2)) * self.gain
        h = 2.5 - h.mean(dim=1, keepdim=True) * 2.0 - 1
        return functional.mse_loss(h, y.sum(1, keepdim=True)), h


VARY = {"x": {0: "n"}, "y": {0: "n"}}


@pytest.fixture(scope="module", name="mlp")
def _mlp() -> CapturedModule:
    torch.manual_seed(0)
    return from_torch(MlpLoss().eval(), (torch.randn(5, 3), torch.randn(5, 7)), VARY)


def test_a_module_is_captured_with_its_own_names_for_all_dimensions(mlp: CapturedModule) -> None:
    model = mlp.model
    names = [entry.name for entry in model.context]
    state = ["net.0.weight", "net.0.bias", "net.3.weight", "net.3.bias", "gain"]
    assert names == [*state, "x", "y"]
    assert (model.lean_name, model.dims) == ("mlpLoss", ("n",))
    assert mlp.constants == {
        "kappa": pytest.approx(0.7978845608028654),
        "c": 2.0,
        **{name: mlp.constants[name] for name in mlp.constants if name not in ("kappa", "c")},
    }
    assert [node.op for node in model.nodes][:3] == ["dense", "tanh", "dense"]
    text = render_library_module(model, "MlpLoss", "Captured from a test.")
    assert '"net.0.weight", "net.0.bias"' in text
    assert text == render_library_module(model, "MlpLoss", "Captured from a test.")


def test_it_has_pytorchs_values_and_gradients_at_every_size(mlp: CapturedModule) -> None:
    checks = check_function(mlp.function, mlp.model, mlp.outputs, mlp.constants)
    assert [each.outcome for each in checks] == ["passed"] * 2
    state = {name: each.double() for name, each in mlp.module.state_dict().items()}
    program = mlp.bind(n=9).compile(**mlp.constants)
    gain = state.pop("gain")
    certified = program.as_torch(state, mlp.outputs[0])
    native = MlpLoss().double().eval()
    native.load_state_dict(state, strict=False)
    assert list(certified.state_dict()) == list(state)
    x, y = torch.randn(9, 3, dtype=torch.float64), torch.randn(9, 7, dtype=torch.float64)
    certified(gain=gain, x=x, y=y).backward()
    native(x, y)[0].backward()
    for name, each in certified.named_parameters():
        torch.testing.assert_close(each.grad, native.get_parameter(name).grad, rtol=1e-11, atol=1e-13)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.unused = nn.Linear(3, 3, bias=False), nn.Linear(3, 3), nn.Linear(2, 2)
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.exp(self.b(self.a(x))), x


def test_tied_parameters_are_one_input_and_unused_ones_none() -> None:
    captured = from_torch(Tied(), (torch.randn(2, 4, 3),), {"x": {0: "k", 1: "n"}})
    weight, *others = [entry.name for entry in captured.model.context]
    assert others == ["b.bias", "x"]
    assert weight in ("a.weight", "b.weight")  # it is both
    assert captured.outputs == ("exp", "x")
    checks = check_function(captured.function, captured.model, captured.outputs)
    assert [each.outcome for each in checks] == ["passed"] * 2


def test_pytorchs_encoder_layer_is_another_function_where_no_gradient_is_wanted() -> None:
    """It has the GELU with erf then: why a module that was captured is asked where it keeps a gradient."""
    tanh, erf = (
        torch.nn.TransformerEncoderLayer(8, 2, 16, activation=each, batch_first=True).double().eval()
        for each in (torch.nn.GELU(approximate="tanh"), torch.nn.GELU())
    )
    erf.load_state_dict(tanh.state_dict())
    x = torch.randn(1, 4, 8, dtype=torch.double)
    with torch.no_grad():
        returned = tanh(x)
    torch.testing.assert_close(returned, erf(x).detach(), rtol=0, atol=1e-12)
    assert (returned - tanh(x)).abs().max() > 1e-6


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ARG004
        return torch.tanh(x)

    @staticmethod
    def backward(ctx: Any, seed: Tensor) -> Tensor:  # noqa: ARG004
        return seed


def several(x: Tensor) -> Tensor:
    return functional.gelu(x) + torch.sqrt(x) * torch.log(x)


def stopped(x: Tensor) -> Tensor:
    with torch.no_grad():
        y = torch.tanh(x)
    return torch.sigmoid(x.detach()) * x + y


X = torch.ones(4, 3)
PARTS: dict[str, tuple[Callable[[Tensor], Any], list[str]]] = {
    "log_softmax": (lambda x: functional.log_softmax(x, 1), ["logSoftmaxAxis"]),
    "softplus": (lambda x: functional.softplus(x), ["softplus"]),
    "logsigmoid": (lambda x: functional.logsigmoid(x), ["neg", "softplus", "neg"]),
    "logsumexp": (lambda x: torch.logsumexp(x, (0, 1)), ["logsumexpAxis", "logsumexpAxis"]),
    "relu": (lambda x: torch.relu(x) * x.clamp(min=0), ["relu", "relu", "mul"]),
    "leaky_relu": (lambda x: functional.leaky_relu(x, 0.2), ["leakyRelu"]),
    "huber": (lambda x: functional.huber_loss(x, x * 0.5, delta=0.3), ["scale", "sub", "huber", "mean"]),
    "smooth_l1": (
        lambda x: functional.smooth_l1_loss(x, x * 0.5, reduction="none", beta=0.3),
        ["scale", "sub", "huber", "scale"],
    ),
    "divided": (lambda x: x / 3.0 - 0.7, ["scale", "neg", "addConst", "neg"]),
    "var": (lambda x: x.var(1), ["rowMean", "broadcastRow", "sub", "square", "rowMean", "scale"]),
    "biased var": (
        lambda x: x.var(correction=0),
        ["mean", "expandAxis", "expandAxis", "sub", "square", "mean"],
    ),
    "abs": (lambda x: x.abs(), ["abs"]),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), ["clamp"]),
    "clamp from below": (lambda x: torch.clamp_min(x, 0.5), ["maxConst"]),
    "clamp from above": (lambda x: x.clamp(max=0.5), ["minConst"]),
    "relu6": (lambda x: functional.relu6(x), ["clamp"]),
    "slice": (lambda x: x[..., 1:3], ["take", "drop"]),
    "select": (lambda x: x[..., -1], ["drop", "reshape"]),
    "cat": (
        lambda x: torch.cat([x, x, x]),
        ["concat", "reshape", "concat", "reshape"],  # n + n, 2*n, 2*n + n, 3*n
    ),
    "stack": (lambda x: torch.stack([x, x], -1), ["reshape", "reshape", "concat"]),
    "expand": (lambda x: x.unsqueeze(0).expand(2, -1, -1), ["expandAxis"]),
    "flatten": (lambda x: x.flatten(), ["reshape"]),
    "chunk": (lambda x: torch.mul(*x.chunk(2, -1)), ["take", "drop", "mul"]),
    "split": (lambda x: torch.split(x, [1, 3], -1)[1], ["drop"]),
}


@pytest.mark.parametrize("case", one_in(3, PARTS))
def test_parts_of_arrays_and_sums_of_exponentials_are_the_ops_that_they_are(case: str) -> None:
    function, ops = PARTS[case]
    captured = from_torch(function, (torch.ones(3, 4),), {"x": {0: "n"}}, name="f")
    assert [node.op for node in captured.model.nodes] == ops


REFUSED: dict[str, tuple[Callable[[], Any], Sequence[Tensor], Sequence[str]]] = {
    "several": (
        lambda: several,
        (X,),
        (
            r"^3 places: .*test_torch_export.py:\d+: gelu: no certified op, with erf; nearest: appr",
            r"test_torch_export.py:\d+: sqrt: no op that is certified everywhere, for sqrtClamp is where",
            r"test_torch_export.py:\d+: log: no op that is certified everywhere, .*; nearest: log_softmax",
        ),
    ),
    "stopped": (
        lambda: stopped,
        (X,),
        (
            r"wrap_with_set_grad_enabled: no certified op",
            r"detach: no certified op; nearest: the deriv",
        ),
    ),
    "dropout": (
        MlpLoss,
        (torch.randn(5, 3), torch.randn(5, 7)),
        (r"test_torch_export.py:\d+: native_dropout: no certified op; nearest: call .eval\(\) first",),
    ),
    "a backward of one's own": (
        lambda: lambda x: StraightThrough.apply(x) * x,  # type: ignore[no-untyped-call]
        (X,),
        (r"^custom: the gradient of x is not PyTorch's own, by ",),
    ),
    "divided": (
        lambda: lambda x: x / 0.0,
        (X,),
        ("div: no certified op but by a number that has an inverse",),
    ),
    "a slice with gaps": (
        lambda: lambda x: x[:, ::2] * 2.0,
        (X,),
        (r"^test.*:\d+: slice: no certified op of a slice that leaves some out; nearest: slices",),
    ),
    "a part that need not be there": (
        lambda: lambda x: torch.tanh(x[0]),
        (X,),
        ("select: expected a part that an axis of length n has whatever the dimensions are",),
    ),
    "a norm without weights": (
        lambda: lambda x: functional.layer_norm(x, (3,)),
        (X,),
        ("native_layer_norm: no certified op but with weight and bias",),
    ),
    "a norm without an epsilon": (
        lambda: nn.LayerNorm(3, eps=0.0),
        (X,),
        (r"^LayerNorm: native_layer_norm: no certified op but with eps > 0, found 0.0",),
    ),
    "another softplus": (
        lambda: lambda x: functional.softplus(x, beta=2.0),
        (X,),
        ("softplus: no certified op but with beta=1 and threshold=20",),
    ),
    "a tensor in the code": (lambda: lambda x: x + torch.tensor(2.0), (X,), ("nearest: register_buffer",)),
    "integers": (
        lambda: lambda x: torch.tanh(x),
        (X.int(),),
        ("expected whole numbers that choose along axes of one length",),
    ),
    "a bound that is an array": (
        lambda: lambda x: torch.clamp(x, min=x * 2.0),
        (X,),
        ("clamp: no certified op but with numbers as bounds",),
    ),
    "a length": (
        lambda: lambda x: torch.tanh(x) * x.shape[0],
        (X,),
        ("a length as a number is no",),
    ),
}


VARYING = {"a length", "a part that need not be there"}
NAMES = {"a backward of one's own": "custom"}


@pytest.mark.parametrize("case", one_in(2, REFUSED))
def test_what_is_no_certified_op_is_told_at_once(case: str) -> None:
    made, args, said = REFUSED[case]
    with pytest.raises(NotCaptured) as refused:
        from_torch(made(), args, {"x": {0: "n"}} if case in VARYING else None, name=NAMES.get(case))
    message = str(refused.value)
    assert "\n" not in message
    for each in said:
        assert re.search(each, message), message


def test_what_cannot_be_asked_is_said() -> None:
    for dynamic, said in (
        ({"z": {0: "n"}}, "g: has no argument 'z'; it has input"),
        ({"input": {0: "n m"}}, "g: expected names of dimensions that Lean has too, found 'n m'"),
    ):
        with pytest.raises(NotCaptured, match=said):
            from_torch(nn.Tanh(), (X,), dynamic, name="g")
    with pytest.raises(NotCaptured, match="PyTorch cannot trace it: "):
        from_torch(nn.Tanh(), (X, X), name="g")


class Block(nn.Module):
    """A block of a pre-norm transformer's, without attention; the norm is of two axes."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.last = nn.LayerNorm((2, 3), eps=1e-3), nn.LayerNorm(3, eps=1e-6)
        self.layer = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        normed: Tensor = self.last(x + torch.tanh(self.layer(self.norm(x).flatten(0, 2))).reshape(x.shape))
        return normed


def test_layer_normalisation_is_an_op_with_its_epsilon_as_a_scalar() -> None:
    captured = from_torch(Block(), (torch.ones(4, 5, 2, 3),), {"x": {0: "n", 1: "m"}})
    assert captured.constants == {"eps": 1e-3, "eps2": 1e-6}
    norms = [node for node in captured.model.nodes if node.op == "layerNorm"]
    assert [tuple(map(str, node.shape)) for node in norms] == [("m*n", "6"), ("2*m*n", "3")]
    checks = check_function(captured.function, captured.model, captured.outputs, captured.constants)
    assert [each.outcome for each in checks] == ["passed"] * 2


def exchange_number(monkeypatch: pytest.MonkeyPatch, number: float, wrong: float) -> None:
    """Have another number captured for one in the code."""
    right = aten.Writer._scalar
    monkeypatch.setattr(
        aten.Writer,
        "_scalar",
        lambda self, value, *name: right(self, wrong if value == number else value, *name),
    )


@pytest.mark.parametrize("wrong", [1.1e-3, 1e-6])
def test_a_wrong_epsilon_is_no_pytorchs(wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange_number(monkeypatch, 1e-3, wrong)
    with pytest.raises(NotCaptured, match=r"^Block: the value of .* is not PyTorch's own, by"):
        from_torch(Block(), (torch.ones(4, 5, 2, 3),))


WEIGHT = torch.arange(9.0).reshape(3, 3) / 9


class Square(nn.Module):
    """What every wrong translation below has numbers of the same shapes for."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.mask = nn.Buffer((WEIGHT > 0.5).float())

    def forward(self, x: Tensor) -> Tensor:
        x = torch.softmax(self.layer(x) ** 2, 0) * self.mask
        x = x - x.mean(0) + 1e-5
        return torch.cat([torch.tanh(x)[:2], x[2:]]).sum(1)


WRONGLY: dict[str, Apply] = {
    **WRONG,
    "transposed weight": planted("linear", lambda make, x, w, b: make("linear", x, make("transpose", w), b)),
    "dropped bias": planted("linear", lambda make, x, w, _: make("matmul", x, make("transpose", w))),
    "bias on rows": planted(
        "linear",
        lambda make, x, w, b: make(
            "add", make("matmul", x, make("transpose", w)), make("expand_dims", b, axis=1)
        ),
    ),
}


@pytest.fixture(scope="module", name="square")
def _square() -> Any:
    """What PyTorch exports of it, once."""
    module = Square()
    exported = torch.export.export(module, (WEIGHT,)).run_decompositions(decompositions())
    return lambda: CapturedModule(module, exported, {"x": WEIGHT}, {}, "Square", "here").compare()


@pytest.mark.parametrize("case", WRONGLY)
def test_a_wrong_capture_is_no_pytorchs(case: str, square: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    square()
    monkeypatch.setattr(aten, "apply", WRONGLY[case])
    with pytest.raises(NotCaptured, match=r"^Square: the value of .* is not PyTorch's own, by"):
        square()


@pytest.mark.parametrize("wrong", [1.1e-5, 1e-6])
def test_a_wrong_number_is_no_pytorchs(wrong: float, square: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange_number(monkeypatch, 1e-5, wrong)
    with pytest.raises(NotCaptured, match=r"^Square: the value of .* is not PyTorch's own, by"):
        square()


def test_it_is_asked_for_by_name() -> None:
    captured = lean_bridge.from_torch(nn.Tanh(), (X,))
    assert isinstance(captured, lean_bridge.CapturedModule)
    np.testing.assert_array_equal(captured(input=np.ones((4, 3)))[0], np.tanh(np.ones((4, 3))))
    assert repr(captured) == "<CapturedModule Tanh: not judged>"


class Named(nn.Module):
    """A parameter is called as the argument is."""

    def __init__(self) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.x


def test_arguments_have_their_own_names_and_tensors() -> None:
    """PyTorch writes its names for them in small letters, and takes a tensor that is given twice for one."""
    vary = {"X": {0: "n"}, "λ": {0: "n"}}
    once = from_torch(lambda X, λ: X * 2.5 + λ.exp(), (X, X), vary, name="named")  # noqa: N803
    assert [entry.name for entry in once.model.context] == ["X", "λ"]
    assert once.model.dims == ("n",)
    with pytest.raises(NotCaptured, match="expected names that differ, found x for an argument and for"):
        from_torch(Named(), (X,))


@pytest.mark.parametrize("dynamic", [{"x": {0: None}}, {"x": {0: 5}}, {"x": ["n"]}, {"x": None}, ({0: "n"},)])
def test_axes_that_are_none_are_told(dynamic: Any) -> None:
    with pytest.raises(
        NotCaptured, match=r"^g: expected (names of dimensions|the names of axes by argument)"
    ):
        from_torch(lambda x: x * 2.0, (X,), dynamic, name="g")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            lambda x: torch.tanh(x) if x.shape[0] > 1 else torch.exp(x),
            "of tanh is not PyTorch's own, .*n = 1",
        ),
        (lambda x: x.squeeze(0) * 2, r"scale is of shape \[1, 3\], and not \[3\] as PyTorch's, n = 1"),
    ],
)
def test_what_is_another_function_at_a_length_of_1_is_not_captured(
    function: Callable[[Tensor], Tensor], said: str
) -> None:
    with pytest.raises(NotCaptured, match=said):
        from_torch(function, (X,), {"x": {0: "n"}}, name="g")


def test_parts_as_long_as_an_argument_are_told() -> None:
    def parts(x: Tensor, y: Tensor) -> Tensor:
        return torch.split(torch.cat([x, y]), [x.shape[0], y.shape[0]])[1] * 2.0

    with pytest.raises(NotCaptured, match="split_with_sizes: a length as a number is no certified op"):
        from_torch(parts, (X, torch.ones(2, 3)), {"x": {0: "n"}})


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_it_is_captured_where_nobody_keeps_a_gradient(mode: Callable[[], Any]) -> None:
    with mode():
        captured = from_torch(lambda x: x.tanh(), (torch.ones(4, 3),), name="tanh")
        (returned,) = captured(**{captured.model.context[0].name: np.ones((4, 3))})
    np.testing.assert_allclose(returned, np.tanh(1.0))
    assert captured.file == __file__


def test_what_is_1_whatever_is_given_is_an_array() -> None:
    captured = from_torch(lambda x: x**0, (X,), name="one")
    program = captured.bind().compile(torch_reals())
    value, (gradient,) = program.value_and_vjp([X.double()], {captured.outputs[0]: X.double()})
    assert value[-1].tolist() == torch.ones(4, 3).tolist()
    assert gradient.tolist() == torch.zeros(4, 3).tolist()
