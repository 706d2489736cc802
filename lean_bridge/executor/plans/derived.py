"""What rules make of arguments that are arrays: given to a plan as inputs are, so that it holds none of them.

No pass knows their numbers, and a program at other whole numbers or truth values runs the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np

from lean_bridge.executor.arrays.scalars import Array, Reals
from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.recorder import Recorder
from lean_bridge.executor.plans.tracer import TracingScalars, as_array
from lean_bridge.executor.rules.parameters import is_data
from lean_bridge.executor.rules.primitive import Setting
from lean_bridge.executor.rules.program import Program

DERIVED: Final = "derived"
"""The role of such a leaf."""


class Derived(NamedTuple):
    """An array that the rules of a node make of its arguments alone."""

    node: int
    """The node, by number."""
    make: Callable[[Setting], Array]
    below: int | None
    """What each of its whole numbers is less than; ``None`` of truth values, for which there are 1 and 0."""

    def __str__(self) -> str:
        return f"{self.make.__name__.strip('_')} of node {self.node}"


class _Exchanged:
    """What stands for an array among the arguments of a node: rules get nothing of its numbers."""

    def __getattr__(self, name: str) -> NoReturn:
        raise TypeError("an array that may be exchanged is read elsewhere than by Setting")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self.__getattr__("")


@dataclass(frozen=True)
class TracedSetting(Setting):
    """A setting whose arrays are leaves of what is recorded."""

    recorder: Recorder = field(kw_only=True)
    node: int = field(kw_only=True)
    source: Setting = field(kw_only=True)

    @classmethod
    def of(cls, source: Setting, recorder: Recorder, node: int) -> TracedSetting:
        """Return a setting for a node, by number, of what is recorded."""
        params = {name: _Exchanged() if is_data(each) else each for name, each in source.params.items()}
        fixed = {**vars(source), "params": params, "scalars": TracingScalars(source.scalars)}
        return cls(**fixed, recorder=recorder, node=node, source=source)

    def whole_numbers(self, make: Callable[[Setting], Array], below: int) -> Array:
        """Write down that whole numbers are given."""
        return self._leaf(make, below, np.dtype(np.int64))

    def indicator(self, make: Callable[[Setting], Array], like: Array) -> Array:
        """Write down that ones and zeros are given."""
        return self._leaf(make, None, like.dtype)

    def _leaf(self, make: Callable[[Setting], Array], below: int | None, dtype: np.dtype[Any]) -> Array:
        static = (DERIVED, Derived(self.node, make, below), make(self.source).shape)
        return as_array(self.recorder, self.recorder.emit("leaf", static=static), dtype)


class DerivedArrays:
    """What the rules of one program make of its arrays, each made once in every precision of NumPy's."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._made: dict[tuple[Derived, object], Array] = {}

    def of(self, each: Derived, like: Array) -> Array:
        """Return an array to compute with beside one like that. Raises: ValueError for a number too large."""
        is_whole, is_kept = each.below is not None, type(self._program.scalars) is Reals
        key = each, None if is_whole else like.dtype
        if key not in self._made:
            setting = self._program.steps[each.node].setting
            if each.below is None:
                made = setting.indicator(each.make, like)
            else:
                made = np.ascontiguousarray(setting.whole_numbers(each.make, each.below))
                if made.size and not (made.min() >= 0 and made.max() < each.below):
                    raise ValueError(f"{each}: expected whole numbers below {each.below}")
            if not (is_whole or is_kept):
                return made
            self._made[key] = made
        return self._made[key]

    def added(self, trace: Trace, leaves: Mapping[Any, Array]) -> Mapping[Any, Array]:
        """Return leaves with those that a trace reads besides."""
        if not trace.derived:
            return leaves
        like = next(iter(leaves.values()), np.zeros(()))
        return {**leaves, **{(DERIVED, each): self.of(each, like) for each in trace.derived}}


def with_derived(program: Program, trace: Trace, leaves: Mapping[Any, Array]) -> Mapping[Any, Array]:
    """Return leaves with those that a program's rules make of its arrays."""
    return DerivedArrays(program).added(trace, leaves)
