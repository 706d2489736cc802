"""A program's values now and their cotangents later: how frameworks call what they train."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import numpy as np

from lean_bridge.errors import BindingError
from lean_bridge.executor.arrays.entries import BoundEntry, Given, positions
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.plans.stages import Stages
from lean_bridge.executor.plans.trace import Request, Role
from lean_bridge.executor.rules.arguments import BoundArray
from pybind_models import GraphStanding

TWICE: Final = "the certified derivative of a graph is differentiated once more, of which no theorem speaks"


def asked(outputs: str | Iterable[str] | None, entries: Sequence[BoundEntry]) -> tuple[int, ...]:
    """Return where the entries are that are asked for: the last one, where nothing is said.

    Raises: ArrayError for a name that no entry has; BindingError for none.
    """
    last = entries[-1].name
    found = positions("output", [outputs or last] if isinstance(outputs, str | None) else outputs, entries)
    if not found:
        raise BindingError(f"outputs: expected at least one entry, such as [{last!r}], found none")
    return found


class Staged(Protocol):
    """A program whose requests come in two, as :class:`.compiled.CompiledProgram`."""

    entries: tuple[BoundEntry, ...]
    context: tuple[BoundEntry, ...]
    scalars: Scalars
    arrays: tuple[BoundArray, ...]

    @property
    def standing(self) -> GraphStanding:
        """What is known of the declaration of the graph."""
        ...

    def stages(self, request: Request, role: Role) -> Stages:
        """Return a request in two."""
        ...

    def with_arrays(self, /, **arrays: object) -> Staged:
        """Return the program at other whole numbers and truth values."""
        ...

    def over(self, scalars: Any, like: Array) -> Staged:
        """Return the program in another library's arrays."""
        ...

    def jvp(self, inputs: Given, tangents: Given, outputs: Any = None) -> list[Any]:
        """Return the tangents of entries."""
        ...


class ThereAndBack:
    """Some entries of a program, and the cotangents of some inputs for seeds on all of these entries.

    Between the two it keeps nothing: what the way back needs of the way there, its caller keeps.
    """

    def __init__(
        self, program: Staged, dtype: np.dtype[Any], outputs: tuple[int, ...], wrt: tuple[int, ...]
    ) -> None:
        self.outputs, self.wrt = outputs, wrt
        request = Request(dtype, seeds=outputs if wrt else (), values=outputs, wrt=wrt)
        self._stages = program.stages(request, "seed")

    def there(self, inputs: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """Return the values of the entries, and what is saved. Raises: NumericsError, as the program."""
        made = self._stages.first(_named("input", inputs))
        return made[: len(self.outputs)], made[len(self.outputs) :]

    def back(self, inputs: Sequence[Array], saved: Sequence[Array], seeds: Sequence[Array]) -> list[Array]:
        """Return the cotangents, for what ``there`` saved of the same inputs. Raises: as ``there``."""
        leaves = _named("input", inputs) | _named("saved", saved)
        leaves.update((("seed", i), seed) for i, seed in zip(self.outputs, seeds, strict=True))
        return self._stages.second(leaves)


def _named(role: Role, arrays: Sequence[Array]) -> dict[tuple[Role, int], Array]:
    return {(role, number): array for number, array in enumerate(arrays)}
