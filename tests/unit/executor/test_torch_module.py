"""A program as a module of PyTorch: trained like any other, by the certified VJP."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import lean_bridge
from lean_bridge.errors import ArrayError, BindingError, Declined, NumericsError
from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import Dim
from tests.unit.executor.graphs import graph, node, one_token

# PyTorch's own, where it first computes in forward mode
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

SIZES = {"n": 4, "d": 3, "h": 5, "o": 2}
SHAPES = {"W1": (5, 3), "b1": (5,), "W2": (2, 5), "b2": (2,)}


@lean_bridge.graph(x=("n", "d"), W1=("h", "d"), b1=("h",), W2=("o", "h"), b2=("o",), y=("n", "o"))
def mlp(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:  # noqa: N803
    hidden = np.tanh(x @ W1.T + b1)
    out = hidden @ W2.T + b2
    return np.mean((out - y) ** 2)


class Native(nn.Module):
    """The same in PyTorch's own operations."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        super().__init__()
        for name, given in parameters.items():
            self.register_parameter(name, nn.Parameter(given.clone()))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        hidden = torch.tanh(functional.linear(x, self.W1, self.b1))  # type: ignore[arg-type]
        return functional.mse_loss(functional.linear(hidden, self.W2, self.b2), y)  # type: ignore[arg-type]


def drawn(dtype: torch.dtype = torch.float64) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    source = torch.Generator().manual_seed(0)
    parameters = {name: torch.randn(shape, generator=source, dtype=dtype) for name, shape in SHAPES.items()}
    x, y = (torch.randn(4, width, generator=source, dtype=dtype) for width in (3, 2))
    return parameters, x, y


@pytest.fixture(params=["in NumPy", "in PyTorch"])
def program(request: pytest.FixtureRequest) -> CompiledProgram:
    bound = mlp.bind(**SIZES)
    return bound.compile() if request.param == "in NumPy" else bound.compile(torch_reals())


def test_training_takes_the_same_course_as_with_pytorchs_own_gradients(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    losses: list[list[float]] = []
    for module in (Native(parameters), program.as_torch(parameters)):
        losses.append([])
        for _ in range(200):
            module.zero_grad()
            loss = module(x, y)
            loss.backward()
            losses[-1].append(loss.item())
            with torch.no_grad():  # an optimiser takes PyTorch ten seconds to import
                for each in module.parameters():
                    assert each.grad is not None
                    each.add_(each.grad, alpha=-0.05)
    assert losses[0][-1] < losses[0][0] / 10
    np.testing.assert_allclose(losses[1], losses[0], rtol=0, atol=1e-9)


def test_gradcheck_passes_in_both_directions(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    module = program.as_torch(outputs=["out", "mean"])
    inputs = [each.requires_grad_() for each in (x, *parameters.values(), y)]
    assert torch.autograd.gradcheck(module, inputs, check_forward_ad=True)


def test_parameters_have_the_names_of_the_graph_and_arguments_any_spelling(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    module = program.as_torch({name: each.numpy() for name, each in parameters.items()})
    assert list(module.state_dict()) == list(parameters)
    native = Native(parameters)
    native.load_state_dict(module.state_dict())
    expected = native(x, y).item()
    for made in (module(x, y), module(x, y=y), module(y=y, x=x)):
        assert made.item() == pytest.approx(expected, abs=1e-12)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert other(x, y) == module(x, y)
    assert "(x, y) -> (mean): not judged" in repr(module)
    shared = nn.Parameter(parameters["W1"])
    assert program.as_torch({"W1": shared}).W1 is shared


def test_dotted_names_are_submodules_and_taken_ones_are_refused() -> None:
    k = Dim.variable("k")
    model = graph({"x": (k,), "block.0.bias": (k,), "training": (k,)}, node("y", "add", (0, 1), (k,), s=(k,)))
    made = ExecutableGraph(model).bind(k=2).compile()
    module = made.as_torch({"block.0.bias": torch.ones(2, dtype=torch.float64)})
    assert list(module.state_dict()) == ["block.0.bias"]
    one = torch.ones(2, dtype=torch.float64)
    assert module(one, one).tolist() == [2.0, 2.0]
    with pytest.raises(BindingError, match=r"^parameter training: training, which a module of PyTorch has"):
        made.as_torch({"training": one})
    with pytest.raises(ArrayError, match=r"^parameter 0 \(x\): expected shape 2, found 3"):
        made.as_torch({"x": torch.ones(3)})
    with pytest.raises(BindingError, match=r"^outputs: expected at least one entry, such as \['y'\]"):
        made.as_torch(outputs=[])


def test_a_module_used_twice_accumulates(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    gradients = []
    for module in (Native(parameters), program.as_torch(parameters)):
        (module(x, y) + 3 * module(2 * x, y)).backward()
        module(x, -y).backward()
        gradients.append([each.grad for each in module.parameters()])
    for native, ours in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, native, rtol=1e-12, atol=1e-12)


def test_only_what_requires_a_gradient_is_differentiated(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    module = program.as_torch(parameters).requires_grad_(False)
    assert not module(x, y).requires_grad
    module.b2.requires_grad_()
    module(x, y).backward()
    with torch.no_grad():
        module(x.requires_grad_(), y)
    at = {entry.name: position for position, entry in enumerate(program.context)}
    assert {request.wrt for request, _ in program._plans._stages} == {(), (at["b2"],)}
    assert [name for name, each in module.named_parameters() if each.grad is not None] == ["b2"]


def test_a_second_derivative_is_an_error_and_no_wrong_number(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    module = program.as_torch(parameters)
    x.requires_grad_()

    def penalty() -> None:
        (gradient,) = torch.autograd.grad(module(x, y), x, create_graph=True)
        (module(x, y) + gradient.square().sum()).backward()

    def reverse_over_forward() -> None:
        ones = torch.ones_like(x)
        torch.func.grad(lambda at: torch.func.jvp(lambda z: module(z, y), (at,), (ones,))[1])(x.detach())

    def reverse_over_reverse() -> None:
        torch.func.grad(lambda at: torch.func.grad(lambda z: module(z, y))(at).sum())(x.detach())

    for twice in (penalty, reverse_over_forward, reverse_over_reverse):
        with pytest.raises(Declined, match=r"differentiated once more, of which no theorem speaks; take it"):
            twice()
    once = torch.func.grad(lambda z: module(z, y))(x.detach())
    (kept,) = torch.autograd.grad(module(x, y), x, create_graph=True)
    torch.testing.assert_close(once, kept)


def test_what_is_written_to_between_is_noticed_and_results_may_be(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    module = program.as_torch(parameters, ["hidden", "out"])
    loss = sum(each.sum() for each in module(x, y))
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    hidden, out = module(x, y)
    expected = torch.autograd.grad(hidden.sum() + out.sum(), module.W1, retain_graph=True)  # type: ignore[arg-type]
    with torch.no_grad():
        hidden.zero_()
    found = torch.autograd.grad(out.sum() + hidden.sum(), module.W1)  # type: ignore[arg-type]
    torch.testing.assert_close(found, expected)


def test_an_input_that_is_asked_for_has_memory_of_its_own(program: CompiledProgram) -> None:
    parameters, x, y = drawn()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again, loss = program.as_torch(parameters, ["x", "mean"])(x, y)
    again.zero_()
    assert x.any()
    assert loss.item() == program.as_torch(parameters)(x, y).item()


def test_single_precision_and_devices_are_kept() -> None:
    parameters, x, y = drawn(torch.float32)
    module = mlp.bind(**SIZES).compile().as_torch(parameters)
    loss = module(x, y)
    loss.backward()
    assert {each.dtype for each in (loss, *(each.grad for each in module.parameters()))} == {torch.float32}
    there = module.to("meta")(x.to("meta"), y.to("meta"))
    assert (there.device.type, there.shape) == ("meta", ())
    fixed = ExecutableGraph(one_token()).bind(dModel=2, dFF=3)
    matrix = np.ones((3, 2))
    maps = {"W1": matrix, "b1": matrix[:, 0], "W2": matrix.T, "b2": matrix[0]}
    made = fixed.compile(κ=0.8, **maps).as_torch()
    assert made(*(torch.ones(each.shape, device="meta") for each in fixed.entries[:1])).shape == (2,)


REFUSED: dict[str, tuple[Callable[[Any, Tensor, Tensor], object], type[Exception], str]] = {
    "too few": (lambda m, x, _: m(x), ArrayError, r"^input 5 \(y\): expected an array, found none$"),
    "too many": (lambda m, x, y: m(x, y, y), ArrayError, r"expected at most 2 inputs \(x, y\), found 3$"),
    "kept": (lambda m, x, y: m(x, y, W1=x), ArrayError, r"'W1': is a parameter of the module; give it once$"),
    "twice": (lambda m, x, y: m(x, y, x=x), ArrayError, r"^input 'x': is given twice; give it once$"),
    "unknown": (lambda m, x, y: m(x, z=y), ArrayError, r"^input 'z': no such entry; expected one of"),
    "shape": (lambda m, x, y: m(x[:3], y), ArrayError, r"^input 0 \(x\): expected shape 4×3, found 3×3$"),
    "mixed": (lambda m, x, y: m(x.float(), y), ArrayError, r"\(W1\): expected torch.float32 like input 0"),
    "half": (lambda m, x, y: m(x.half(), y), ArrayError, r"expected float64 or float32, found torch.float16"),
    "sparse": (lambda m, x, y: m(x.to_sparse(), y), ArrayError, r"^input 0 \(x\): expected a dense tensor"),
    "NumPy": (lambda m, x, y: m(x.numpy(), y), ArrayError, r"expected an array of torch, found numpy.ndarr"),
    "NaN": (lambda m, x, y: m(x * np.nan, y), NumericsError, r"^input 0 \(x\) is not a number: NaN at"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_said_in_one_line(case: str) -> None:
    parameters, x, y = drawn()
    call, kind, said = REFUSED[case]
    module = mlp.bind(**SIZES).compile().as_torch(parameters)
    with pytest.raises(kind, match=said):
        call(module, x, y)


def test_programs_of_other_libraries_are_no_modules() -> None:
    with pytest.raises(TypeError, match="expected a program in NumPy's floating point, found JaxReals"):
        mlp.bind(**SIZES).compile(jax_reals()).as_torch()
    with pytest.raises(TypeError, match="only NumPy's floating point is held to it, not torch"):
        mlp.bind(**SIZES).compile().with_checks("domains").as_torch().to("meta")(
            *(torch.ones(each.shape, device="meta") for each in mlp.bind(**SIZES).entries[:6])
        )
