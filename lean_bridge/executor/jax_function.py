"""A program as a function in JAX, whose reverse mode is the certified VJP. Imports JAX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import jax

from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.backends import jax_reals
from lean_bridge.executor.arrays.entries import check_every, filled
from lean_bridge.executor.arrays.namespaces import precision
from lean_bridge.executor.arrays.scalars import Array, Reals
from lean_bridge.executor.there_and_back import TWICE, Staged, ThereAndBack, asked
from pybind_models import GraphStanding


class CertifiedFunction:
    """A program's values as a function of JAX's arrays, in order or by name, which ``jax.grad`` takes.

    ``jit``, ``vmap`` and ``pmap`` take it too. Forward mode (``jax.jvp``, ``jax.jacfwd``) is a TypeError of
    JAX, as of every function with a rule for reverse mode; the certified JVP is the program's own ``jvp``.
    """

    def __init__(self, program: Staged, outputs: str | Iterable[str] | None) -> None:
        self._given = program, outputs
        self._reals = jax_reals()
        here = program
        if type(program.scalars) is Reals:
            here = program.over(self._reals, jax.numpy.zeros(()))  # type: ignore[arg-type]
        self._program, self._context = here, program.context
        self._is_one = outputs is None or isinstance(outputs, str)
        self._outputs = asked(outputs, program.entries)
        self._values = jax.custom_vjp(self._there)
        self._values.defvjp(self._there_and_saved, self._back)
        self._cotangents = jax.custom_vjp(self._pulled)
        self._cotangents.defvjp(_refused, _refused)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return the value of the entry, or a tuple of values of several.

        Raises: ArrayError for an input that is missing, or does not fit its entry; NumericsError for a number
        that is none, where values are known: not under ``jit`` or ``vmap``.
        """
        given = filled(args, named, self._context)
        made = self._values(*check_every("input", given, self._context, self._reals, None))
        return made[0] if self._is_one else made

    def __repr__(self) -> str:
        taken = [each.name for each in self._context]
        made = [self._program.entries[position].name for position in self._outputs]
        return f"<CertifiedFunction ({', '.join(taken)}) -> ({', '.join(made)}): {self.standing.text}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of, in another process too."""
        return CertifiedFunction, self._given

    @property
    def standing(self) -> GraphStanding:
        """What is known of the declaration of the graph."""
        return self._program.standing

    def _both(self, like: Array, *, back: bool) -> ThereAndBack:
        wrt = tuple(range(len(self._context))) if back else ()
        return ThereAndBack(self._program, precision(like), self._outputs, wrt)

    def _there(self, *inputs: Array) -> tuple[Array, ...]:
        return tuple(self._both(inputs[0], back=False).there(inputs)[0])

    def _there_and_saved(self, *inputs: Array) -> tuple[tuple[Array, ...], Any]:
        values, saved = self._both(inputs[0], back=True).there(inputs)
        return tuple(values), (inputs, saved)

    def _back(self, kept: Any, seeds: Sequence[Array]) -> tuple[Array, ...]:
        made: tuple[Array, ...] = self._cotangents(*kept, list(seeds))
        return made

    def _pulled(
        self, inputs: Sequence[Array], saved: Sequence[Array], seeds: Sequence[Array]
    ) -> tuple[Array, ...]:
        return tuple(self._both(inputs[0], back=True).back(inputs, saved, seeds))


def _refused(*_: Any) -> NoReturn:
    raise Declined(f"{TWICE}; differentiate the model in JAX's own operations")
