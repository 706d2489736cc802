"""A module or function of PyTorch as the graph that it computes, through ``torch.export``. Imports PyTorch.

PyTorch traces it, and writes what it does in the operators of its core ATen set; each of these becomes the
certified ops that it is, for all dimensions that were said to vary, or is told, with its place, as none.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch._dynamo.exc import UserError
from torch.export import Dim as ExportDim
from torch.func import functional_call
from torch.utils import _pytree as pytree

from lean_bridge.capture.aten import Writer, lengths_of
from lean_bridge.capture.aten_program import decompositions, hidden_in
from lean_bridge.capture.source import (
    Captured,
    checked_axes,
    lean_name_of,
    near,
    said_by,
    told_lengths,
)
from lean_bridge.capture.trace import caller
from lean_bridge.errors import LeanBridgeError, NotCaptured
from lean_bridge.executor.arrays.backends import torch_reals
from lean_bridge.names import listed
from pybind_models import DGraph, Dim

CLOSE: Final = 1e-9
"""How far values and gradients may be from PyTorch's, of the largest or of 1."""
_ALONE: Final = 1
"""The length that PyTorch's tracer never takes an axis to have that varies."""
_FEW: Final = (2, 3, 5)
"""Lengths of which each is compared with each, where nobody says which are told apart."""
_GUARD: Final = re.compile(r"Not all values of (\w+) .*? satisfy the generated guard (.*)")
_LENGTH: Final = re.compile(r"(?:2 <= \S+ and )?\S+ (?P<sign><=|!=) (?P<length>\d+)\.?")
"""What PyTorch asks of lengths that are at most that of something."""
_RELATION: Final = re.compile(r"(.+) [<=>]= (.+)")
"""What is so where both sides are one."""


def from_torch(
    module: nn.Module | Callable[..., Any],
    example_args: Sequence[Tensor],
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    name: str | None = None,
) -> CapturedModule:
    """Return the graph of a module or a function at arguments, of which only shapes and dtypes are looked at.

    ``dynamic`` names the axes whose lengths vary, by argument and axis, ``{"x": {0: "n"}}``; axes of one name
    have one length, and the graph is for all of them. Parameters and buffers are inputs under their qualified
    names; numbers in the code are scalar parameters, whose values ``constants`` has. Token ids and targets,
    of a dtype of whole numbers, are arguments of the graph, below what they choose from. ``name`` is what the
    graph is called.
    Raises: NotCaptured for all that is no certified op, each with its place and the nearest certified form,
    where PyTorch cannot trace it, or where its own values or gradients are others.
    """
    with torch.inference_mode(mode=False), torch.enable_grad():
        return _captured(module, example_args, dynamic, name)


def _captured(
    module: nn.Module | Callable[..., Any],
    example_args: Sequence[Tensor],
    dynamic: Mapping[str, Mapping[int, str]] | None,
    name: str | None,
) -> CapturedModule:
    called: Any = module
    if not isinstance(module, nn.Module):
        called = type("Called", (nn.Module,), {"forward": staticmethod(module)})()
    title = name or (type(module) if isinstance(module, nn.Module) else module).__name__
    code = getattr(module, "__code__", None)
    where = title if code is None else f"{near(code.co_filename)}:{code.co_firstlineno}"
    dynamic = checked_axes(dynamic, title)
    try:
        taken = inspect.signature(called.forward).parameters.values()
        if any(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in taken):
            raise NotCaptured(f"{title}: expected arguments with a name, found *args or **kwargs")
        arguments = [each.name for each in taken][: len(example_args)]
        if others := [type(each).__name__ for each in example_args if not isinstance(each, Tensor)]:
            raise NotCaptured(f"{title}: expected tensors as arguments, found {others[0]}")
        if strange := [each for each in dynamic if each not in arguments]:
            raise NotCaptured(f"{title}: has no argument {strange[0]!r}; it has {listed(arguments, 8)}")
        examples = dict(zip(arguments, map(_like, example_args), strict=True))
        with warnings.catch_warnings():  # PyTorch's, of itself
            warnings.simplefilter("ignore")
            exported, most = _exported(called, examples, dynamic)
            guards = _related(exported, dynamic, where)
            hidden = list(hidden_in(exported.graph, where))
            exported = exported.run_decompositions(decompositions())
    except LeanBridgeError:
        raise
    except Exception as error:  # noqa: BLE001 - the user's own, or PyTorch's
        raise NotCaptured(f"{title}: PyTorch cannot trace it: {said_by(error)}") from None
    captured = CapturedModule(called, exported, examples, dynamic, title, where, hidden)
    captured.compare(most, is_known=guards is not None)
    captured.look_beyond(most)
    return captured


def _exported(
    called: nn.Module, examples: Mapping[str, Tensor], dynamic: Mapping[str, Mapping[int, str]]
) -> tuple[Any, Mapping[str, int]]:
    """Return what PyTorch exports, and up to which lengths of some axes, as those of a buffer, it traces it.

    Raises: PyTorch's own errors.
    """
    most: dict[str, int] = {}
    axes = [each for varying in dynamic.values() for each in varying.values()]
    limits: dict[str, int] = {}
    while True:
        names = {each: ExportDim(each, min=2, max=limits.get(each)) for each in axes}
        shapes = {arg: {at: names[each] for at, each in dynamic.get(arg, {}).items()} for arg in examples}
        try:
            varying = shapes if axes else None
            return torch.export.export(called, tuple(examples.values()), dynamic_shapes=varying), most
        except UserError as error:
            found = _most_lengths(str(error))
            if not found or found.keys() & most.keys():
                raise
            most |= {name: length for name, (length, _) in found.items()}
            limits |= {name: limit for name, (_, limit) in found.items()}


def _most_lengths(said: str) -> dict[str, tuple[int, int]]:
    """Return the most that lengths may be, where that is all that PyTorch says against others.

    With it, the most that its tracer takes: of an array, all and a part are not alike to it.
    """
    most, unlike = dict[str, int](), set[tuple[str, int]]()
    for name, guard in _GUARD.findall(said):
        match = _LENGTH.fullmatch(guard.strip())
        if match is None:
            return {}
        if match["sign"] == "!=":
            unlike.add((name, int(match["length"])))
        else:
            most[name] = int(match["length"])
    if not unlike <= {*most.items()}:
        return {}
    return {name: (length, length - ((name, length) in unlike)) for name, length in most.items()}


def _related(exported: Any, dynamic: Mapping[str, Mapping[int, str]], where: str) -> Sequence[str] | None:
    """Return what PyTorch's tracer asked of lengths; ``None`` where a PyTorch does not say.

    Raises: NotCaptured where that is more than that axes of one name have one length.
    """
    guards: Sequence[str] | None = getattr(exported, "_guards_code", None)
    for guard in guards or ():
        told = guard
        for arg, axes in dynamic.items():
            for axis, name in axes.items():
                told = told.replace(f"L['{arg}'].size()[{axis}]", name)
        if not _is_so(told):
            raise NotCaptured(
                f"{where}: expected one function for all lengths, found that the code asks for {told}; "
                "nearest: no branch on lengths, or each side of it captured alone"
            )
    return guards


def _is_so(told: str) -> bool:
    """Whether what is asked of lengths is so whatever they are, as one polynomial is itself."""
    if (sides := _RELATION.fullmatch(told)) is None:
        return False
    try:
        return sides[1] == sides[2] or Dim.parse(sides[1]) == Dim.parse(sides[2])
    except ValueError:
        return False


def _is_held(module: nn.Module, name: str, held: Tensor) -> bool:
    """Whether a module has the tensor that it had, by its name."""
    found = dict(module.named_buffers(remove_duplicate=False)).get(name)
    return found is None or found.data_ptr() == held.data_ptr()


def _like(example: Tensor) -> Tensor:
    """Return a tensor of its own, as PyTorch takes one that is given twice for one argument."""
    return example.detach().clone()


class CapturedModule(Captured):
    """A module of PyTorch, and the graph of certified ops that it computes.

    Nobody has judged that graph: its standing says so until ``lean-bridge certify`` has.
    """

    def __init__(
        self,
        module: Any,
        exported: Any,
        examples: Mapping[str, Tensor],
        dynamic: Mapping[str, Mapping[int, str]],
        title: str,
        where: str,
        hidden: Sequence[str] = (),
    ) -> None:
        self.module = module
        """What it was captured from."""
        self._examples = examples
        self.function = self
        self.__name__ = self.__qualname__ = title
        self.file = caller().f_code.co_filename
        self._dynamic = dynamic
        writer = Writer(exported, examples, dynamic, where, hidden)
        self.constants = writer.constants
        self.made = tuple(writer.data)
        self._data = writer.data
        self._buffers = writer.buffers
        self._outputs = writer.outputs
        self._model = DGraph(
            lean_name=lean_name_of(title),
            dims=writer.dims,
            scalars=tuple(writer.constants),
            arrays=tuple(writer.arrays),
            context=tuple(writer.trace.context),
            nodes=writer.nodes,
        )

    @property
    def model(self) -> DGraph:
        """The graph, which ``from_torch`` captured."""
        return self._model

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the entries that the module returns, in order."""
        return self._outputs

    def data(self, /, **sizes: int) -> dict[str, Any]:
        """Return the masks and positions that the code makes itself, at sizes, as NumPy's arrays.

        Raises: NotCaptured where it makes none there, or others than those that were captured.
        """
        at = told_lengths(sizes)
        for name, held in self._buffers.items():
            if not _is_held(self.module, name, held):
                raise NotCaptured(f"{self.__name__}: buffer {name} is another tensor now; capture again")
        found = {}
        for name, made in self._data.items():
            try:
                found[name] = made.at(sizes).numpy()
            except Exception as error:  # noqa: BLE001 - PyTorch's, or the user's own
                raise NotCaptured(f"{self.__name__}: no {name}{at}: {said_by(error)}") from None
        return found

    @torch.inference_mode(mode=False)
    @torch.enable_grad()
    def __call__(self, **arrays: Any) -> tuple[Any, ...]:
        """Return what the module itself returns, for NumPy's arrays by the names of the graph's inputs.

        It is asked where it keeps a gradient: where none is wanted PyTorch's layers compute another way, and
        have the GELU with ``erf`` for the one in its tanh form.
        """
        given = {name: torch.as_tensor(array) for name, array in arrays.items()}
        for each in given.values():
            each.requires_grad_(each.is_floating_point())
        args = [given.pop(name, example) for name, example in self._examples.items()]
        returned = functional_call(self.module, given, tuple(args))
        return tuple(each.detach().numpy() for each in pytree.tree_leaves(returned))

    def compare(self, most: Mapping[str, int] = MappingProxyType({}), *, is_known: bool = True) -> None:
        """Hold the graph to the module at random numbers: values and all gradients.

        Lengths are those of the examples; the most that there are, where the tracer takes one less; and 1,
        which it takes for none of those that vary, of each and of all. Where PyTorch does not say which
        lengths its tracer told apart, they are also each of a few with each. Where the module takes no such
        lengths, there is nothing to hold.
        Raises: NotCaptured where PyTorch's own differ, as they do past a backward pass of somebody's own.
        """
        lengths = self._lengths()
        taken = [lengths, {**lengths, **most}, *({**lengths, name: each} for name, each in most.items())]
        others = [{**lengths, name: _ALONE} for name in lengths] + [dict.fromkeys(lengths, _ALONE)]
        if not is_known:
            few = product(_FEW, repeat=len(lengths))
            others += [dict(zip(lengths, each, strict=True)) for each in few]
        held: list[Mapping[str, int]] = []
        for at in (*taken, *others):
            if at not in held and (at in taken or self._runs(at)):
                self._compare(at, is_taken=at in taken)
            held.append(at)

    def look_beyond(self, most: Mapping[str, int]) -> None:
        """Hold the module to raise where a length is more than the graph was traced for, that of a buffer.

        Raises: NotCaptured where it does not: it may be another function there.
        """
        lengths = self._lengths()
        for name, length in most.items():
            if not self._runs(lengths) or self._runs({**lengths, name: length + 1}):
                raise NotCaptured(
                    f"{self.__name__}: PyTorch traces it for {name} up to {length} alone, and it takes more: "
                    "it may be another function there"
                )

    def _runs(self, lengths: Mapping[str, int]) -> bool:
        """Whether the module takes arguments of some lengths."""
        bound = self.bind(**{name: length for name, length in lengths.items() if name in self.model.dims})
        data, args = bound.draw_arrays(0), list[Tensor]()
        for arg, example in self._examples.items():
            varying = self._dynamic.get(arg, {})
            shape = [lengths[varying[at]] if at in varying else each for at, each in enumerate(example.shape)]
            args.append(torch.as_tensor(data[arg]) if arg in data else torch.zeros(shape).to(example))
        try:
            self.module(*args)
        except Exception:  # noqa: BLE001 - the module's own, or PyTorch's
            return False
        return True

    def _lengths(self) -> dict[str, int]:
        """Return the lengths of the examples."""
        return lengths_of(self._examples, self._dynamic)

    def _compare(self, lengths: Mapping[str, int], *, is_taken: bool) -> None:
        bound = self.bind(**{name: length for name, length in lengths.items() if name in self.model.dims})
        data = bound.draw_arrays(0) | self.data(**lengths)
        program = bound.compile(torch_reals(), **self.constants, **data)
        source = torch.Generator().manual_seed(0)

        def drawn(shape: Sequence[int]) -> Tensor:
            return torch.randn(tuple(shape), generator=source, dtype=torch.float64)

        inputs = {each.name: drawn(each.shape).requires_grad_() for each in program.context}
        known = inputs | {name: torch.as_tensor(each) for name, each in data.items()}
        args = tuple(known.get(name, example) for name, example in self._examples.items())
        parameters = {name: each for name, each in inputs.items() if name not in self._examples}
        try:
            returned = pytree.tree_leaves(functional_call(self.module, parameters, args))
            seeds = [drawn(each.shape) for each in returned]
            theirs = [
                each.to_dense()
                for each in torch.autograd.grad(
                    returned, list(inputs.values()), seeds, allow_unused=True, materialize_grads=True
                )
            ]
        except Exception as error:  # noqa: BLE001 - the user's own, or PyTorch's
            if not is_taken:
                return
            raise NotCaptured(
                f"{self.__name__}: PyTorch has no gradient of its own: {said_by(error)}"
            ) from None
        at = told_lengths(lengths)
        shapes = {entry.name: entry.shape for entry in program.entries}
        for name, each in zip(self.outputs, returned, strict=True):
            if tuple(each.shape) != shapes[name]:
                found = f"{list(shapes[name])}, and not {list(each.shape)} as PyTorch's"
                raise NotCaptured(f"{self.__name__}: {name} is of shape {found}{at}")
        held = {name: each.detach() for name, each in inputs.items()}
        seeded: dict[str, Tensor] = {}
        for name, seed in zip(self.outputs, seeds, strict=True):
            seeded[name] = seeded[name] + seed if name in seeded else seed
        values, ours = program.value_and_vjp(held, seeded, outputs=self.outputs)
        for what, pairs in (
            ("value", zip(self.outputs, values, returned, strict=True)),
            ("gradient", zip(inputs, ours, theirs, strict=True)),
        ):
            for name, mine, other in pairs:
                size = max(1.0, float(other.detach().abs().max()) if other.numel() else 0.0)
                gap = float((mine - other.detach()).abs().max()) / size if other.numel() else 0.0
                if not gap <= CLOSE:
                    raise NotCaptured(
                        f"{self.__name__}: the {what} of {name} is not PyTorch's own, by {gap:.1g} of it{at}"
                    )

    def __repr__(self) -> str:
        return f"<CapturedModule {self.__name__}: not judged>"
