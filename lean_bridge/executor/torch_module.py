"""A program as a module of PyTorch, whose backward pass is the certified VJP. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NoReturn

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function

from lean_bridge.errors import BindingError, Declined
from lean_bridge.executor.arrays.backends import torch_reals
from lean_bridge.executor.arrays.entries import check_every, filled, positions
from lean_bridge.executor.arrays.namespaces import precision
from lean_bridge.executor.arrays.scalars import Reals
from lean_bridge.executor.there_and_back import TWICE, Staged, ThereAndBack, asked
from lean_bridge.spelling import meant_by
from pybind_models import GraphStanding

ONCE: Final = f"{TWICE}; take it without create_graph, or differentiate the model in PyTorch's own operations"


class CertifiedModule(nn.Module):
    """A program as a layer: its values forwards, its VJP backwards, its JVP in forward mode.

    Inputs that were given as parameters are parameters of the module, under their names in the graph; a dot
    in one is a submodule, as ``state_dict`` has it. The other inputs are arguments, in order or by name.
    Whole numbers and truth values that the graph takes may be given by name, in place of the program's.
    """

    def __init__(
        self, program: Staged, parameters: Mapping[str, Any], outputs: str | Iterable[str] | None
    ) -> None:
        super().__init__()
        self._program = program
        self._elsewhere: dict[torch.device, Staged] = {}
        self._reals = torch_reals()
        self._is_one = outputs is None or isinstance(outputs, str)
        self._outputs = asked(outputs, program.entries)
        self._kept = {
            program.context[position].name: position
            for position in positions("parameter", parameters, program.context)
        }
        if len(self._kept) < len(parameters):
            raise BindingError("parameters: one is given twice, in two spellings; give one of them")
        for name, given in zip(self._kept, parameters.values(), strict=True):
            _register(self, name, given)
        entries = [program.context[position] for position in self._kept.values()]
        check_every("parameter", [attrgetter(name)(self) for name in self._kept], entries, self._reals, None)

    @property
    def standing(self) -> GraphStanding:
        """What is known of the declaration of the graph."""
        return self._program.standing

    def extra_repr(self) -> str:
        """Return what a module is shown with: its arguments, its results, and its standing."""
        taken = [each.name for each in self._program.context if each.name not in self._kept]
        taken += [f"{each.name}=…" for each in self._program.arrays]
        made = [self._program.entries[position].name for position in self._outputs]
        return f"({', '.join(taken)}) -> ({', '.join(made)}): {self.standing.text}"

    def forward(self, *args: Tensor, **named: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the value of the entry, or a tuple of values of several.

        Raises: ArrayError for an input that is missing, or does not fit its entry; NumericsError for a number
        that is none; BindingError for whole numbers or truth values as :meth:`.Program.with_arrays`.
        """
        arrays = {name: each for name, each in named.items() if self._is_array(name)}
        inputs = self._inputs(args, {name: named[name] for name in named if name not in arrays})
        wrt = tuple(i for i, each in enumerate(inputs) if each.requires_grad and torch.is_grad_enabled())
        program = self._at(inputs[0])
        program = program.with_arrays(**arrays) if arrays else program
        call = _Call(program, precision(inputs[0]), self._outputs, wrt)  # type: ignore[arg-type]
        made: tuple[Tensor, ...] = _apply(_Values, call, *inputs)[: len(self._outputs)]
        return made[0] if self._is_one else made

    def _is_array(self, name: str) -> bool:
        """Return whether an argument of a call is whole numbers or truth values, and no input."""
        inputs = [entry.name for entry in self._program.context]
        return bool(meant_by(name, [each.name for each in self._program.arrays])) and not meant_by(
            name, inputs
        )

    def _inputs(self, args: Sequence[Tensor], named: Mapping[str, Tensor]) -> list[Tensor]:
        context = self._program.context
        kept = {name: attrgetter(name)(self) for name in self._kept}
        given = filled(args, named, context, kept)
        made: list[Any] = check_every("input", given, context, self._reals, None)
        return made

    def _at(self, tensor: Tensor) -> Staged:
        """Return the program where a tensor is: NumPy's for the CPU's memory, which it shares."""
        program = self._program
        if type(program.scalars) is not Reals or tensor.device.type == "cpu":
            return program
        if tensor.device not in self._elsewhere:
            self._elsewhere[tensor.device] = program.over(self._reals, tensor)  # type: ignore[arg-type]
        return self._elsewhere[tensor.device]


def _register(module: nn.Module, name: str, given: Any) -> None:
    """Make a parameter of a module's, or of a submodule's, of the name."""
    *path, last = name.split(".")
    for part in path:
        if not isinstance(getattr(module, part, None), nn.Module):
            _expect_free(module, part, name)
            module.add_module(part, nn.Module())
        module = getattr(module, part)
    _expect_free(module, last, name)
    if not isinstance(given, nn.Parameter):
        given = nn.Parameter(torch.as_tensor(given).detach().clone())
    module.register_parameter(last, given)


def _expect_free(module: nn.Module, part: str, name: str) -> None:
    if not part or hasattr(module, part):
        what = "an empty name" if not part else f"{part}, which a module of PyTorch has already"
        raise BindingError(f"parameter {name}: {what}; give this input at every call")


class _Call:
    """A request in PyTorch's tensors, which may be NumPy's arrays in the same memory."""

    def __init__(
        self, program: Staged, dtype: np.dtype[Any], outputs: tuple[int, ...], wrt: tuple[int, ...]
    ) -> None:
        self._program, self._outputs, self.wrt = program, outputs, wrt
        self._is_shared = type(program.scalars) is Reals
        self._both = ThereAndBack(program, dtype, outputs, wrt)

    def __len__(self) -> int:
        return len(self._outputs)

    def values(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the values, then what is saved, none of them in anybody else's memory."""
        values, saved = self._both.there(self._taken(inputs))
        kept = self._given(saved)
        return (*self._apart(self._given(values), [*inputs, *kept]), *kept)

    def cotangents(
        self, inputs: Sequence[Tensor], saved: Sequence[Tensor], seeds: Sequence[Tensor]
    ) -> tuple[Tensor, ...]:
        """Return the cotangents of the inputs in ``wrt``."""
        made = self._given(self._both.back(*map(self._taken, (inputs, saved, seeds))))
        return self._apart(made, [*inputs, *saved, *seeds])

    def tangents(self, inputs: Sequence[Tensor], moved: Mapping[int, Tensor]) -> tuple[Tensor, ...]:
        """Return the tangents of the values along tangents of some inputs."""
        context, entries = self._program.context, self._program.entries
        given = zip(moved, self._taken(list(moved.values())), strict=True)
        along = {context[position].name: each for position, each in given}
        outputs = [entries[position].name for position in self._outputs]
        made = self._given(self._program.jvp(self._taken(inputs), along, outputs))
        return self._apart(made, [*inputs, *moved.values()])

    def _taken(self, tensors: Sequence[Tensor]) -> list[Any]:
        return [each.numpy(force=True) if self._is_shared else each for each in tensors]

    def _given(self, arrays: Sequence[Any]) -> list[Tensor]:
        if not self._is_shared:
            return list(arrays)
        return [torch.from_numpy(each if each.flags.writeable else each.copy()) for each in arrays]

    @staticmethod
    def _apart(tensors: Sequence[Tensor], others: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return tensors of which each has memory of its own: what is written to one is read in no other."""
        taken = {each.untyped_storage().data_ptr() for each in others}
        made = []
        for each in tensors:
            made.append(each.clone() if each.untyped_storage().data_ptr() in taken else each)
            taken.add(made[-1].untyped_storage().data_ptr())
        return tuple(made)


def _apply(function: type[Function], *given: Any) -> tuple[Tensor, ...]:
    made: tuple[Tensor, ...] = function.apply(*given)  # type: ignore[no-untyped-call]
    return made


class _Values(Function):
    """The values of a program, followed by what the way back needs."""

    @staticmethod
    def forward(call: _Call, *inputs: Tensor) -> tuple[Tensor, ...]:
        return call.values(inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        call, *arrays = inputs
        saved = output[len(call) :]
        ctx.call, ctx.saved = call, len(saved)
        ctx.shapes = [(each.shape, each.dtype, each.device) for each in output[: len(call)]]
        ctx.mark_non_differentiable(*saved)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*arrays, *saved)
        ctx.save_for_forward(*arrays)

    @staticmethod
    def backward(ctx: Any, *given: Tensor | None) -> tuple[Tensor | None, ...]:
        call: _Call = ctx.call
        needed: Sequence[bool] = ctx.needs_input_grad[1:]
        wanted = [position for position, is_needed in enumerate(needed) if is_needed]
        seeds = [
            torch.zeros(shape, dtype=dtype, device=device) if each is None else each
            for each, (shape, dtype, device) in zip(given, ctx.shapes, strict=False)
        ]
        tensors = ctx.saved_tensors
        made = dict(zip(call.wrt, _apply(_Pulled, call, len(needed), *tensors, *seeds), strict=True))
        return None, *(made[i] if i in wanted else None for i in range(len(needed)))

    @staticmethod
    def jvp(ctx: Any, _call: None, *given: Tensor | None) -> tuple[Tensor | None, ...]:
        moved = {i: each for i, each in enumerate(given) if each is not None}
        made = _apply(_Moved, ctx.call, tuple(moved), *ctx.saved_tensors, *moved.values())
        return (*made, *[None] * ctx.saved)


class _Once(Function):
    """A certified derivative, which has no certified derivative."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        pass

    @staticmethod
    def backward(_ctx: Any, *_: Any) -> NoReturn:
        raise Declined(ONCE)

    @staticmethod
    def jvp(_ctx: Any, *_: Any) -> NoReturn:
        raise Declined(ONCE)


class _Pulled(_Once):
    @staticmethod
    def forward(call: _Call, count: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        inputs, saved = tensors[:count], tensors[count : -len(call)]
        return call.cotangents(inputs, saved, tensors[-len(call) :])


class _Moved(_Once):
    @staticmethod
    def forward(call: _Call, along: tuple[int, ...], *tensors: Tensor) -> tuple[Tensor, ...]:
        inputs = tensors[: len(tensors) - len(along)]
        return call.tangents(inputs, dict(zip(along, tensors[len(inputs) :], strict=True)))
