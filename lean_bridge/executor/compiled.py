"""Compiled programs: each kind of request is planned once, and run from then on without thinking."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from lean_bridge.executor.arrays.backends import ArrayAPIReals, jax_reals, torch_reals
from lean_bridge.executor.arrays.entries import (
    NOTHING,
    A,
    F,
    Given,
    GivenOf,
    check_arrays,
    check_given,
    positions,
)
from lean_bridge.executor.arrays.namespaces import concat, owned, permute, precision, zeros
from lean_bridge.executor.arrays.scalars import Array, Reals
from lean_bridge.executor.batched import BatchedProgram
from lean_bridge.executor.checks import CheckedProgram, CheckedRun
from lean_bridge.executor.enclosures import Bounded, bounded
from lean_bridge.executor.looked_at import LookedAtProgram
from lean_bridge.executor.passes import SWITCHES
from lean_bridge.executor.planned import Planned, Plans
from lean_bridge.executor.plans.derived import DerivedArrays
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.run import Run
from lean_bridge.executor.plans.stages import Evaluator, Linearized, Stages
from lean_bridge.executor.plans.trace import Leaves, Request, Role
from lean_bridge.executor.rules.program import Program, as_html, shown
from pybind_models import GraphStanding

if TYPE_CHECKING:
    from lean_bridge.executor.jax_function import CertifiedFunction
    from lean_bridge.executor.torch_module import CertifiedModule

Bounds: TypeAlias = Literal[True, "running"]
"""Which bounds are returned with results: by balls, or by radii that run along with floats."""


class CompiledProgram:
    """A program that computes what :class:`Program` does, only what is asked, and fast.

    Threads may share it: what is planned never changes, and buffers belong to one call at a time. Between
    calls a program keeps a few buffers, and the arrays of the last one. Over other fields, and in other
    libraries' arrays, it evaluates the same instructions without buffers.

    Entries are named; None stands for all. Arrays as for :class:`Program`.

    With ``bounds`` results come with radii: how far each number is at most from the exact real result, for
    exactly the floats that were given. ``True`` computes with balls of python-flint (Declined if it is not
    installed) until they are tight; ``"running"`` takes a few times the floats' cost, and is coarser. A
    radius is ∞ where nobody can tell.
    """

    def __init__(self, program: Program, passes: Iterable[str] = SWITCHES) -> None:
        self.program = program
        """The plain interpreter of the same graph."""
        self.passes = tuple(passes)
        """The names of the passes that are on."""
        self.entries, self.context = program.entries, program.context
        self.steps, self.scalars = program.steps, program.scalars
        self.arrays = program.arrays
        """The arguments that are whole numbers or truth values."""
        self._plans = Plans(program, self.passes)
        self._derived = DerivedArrays(program)

    def __repr__(self) -> str:
        return shown(self, self.standing)

    def _repr_html_(self) -> str:
        return as_html(self, self.entries, self.steps, self.standing)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy, here or in another process, is made of: it plans for itself."""
        return CompiledProgram, (self.program, self.passes)

    @property
    def standing(self) -> GraphStanding:
        """What is known of the declaration of the graph."""
        return self.program.standing

    def with_passes(self, names: Iterable[str]) -> CompiledProgram:
        """Return the program with only the passes of these names.

        Raises: ValueError for a name that is not in ``executor.passes.SWITCHES``.
        """
        if isinstance(names, str):
            raise ValueError(f"passes: expected a list of names, found {names!r}")
        wanted = frozenset(names)
        if unknown := wanted - frozenset(SWITCHES):
            raise ValueError(f"no pass {', '.join(sorted(unknown))}; expected some of {', '.join(SWITCHES)}")
        return CompiledProgram(self.program, (name for name in SWITCHES if name in wanted))

    def with_checks(self, level: str) -> CompiledProgram:
        """Return the program with other checks and the same plans. Raises: as :meth:`Program.with_checks`."""
        return self._changed(self.program.with_checks(level))

    def with_arrays(self, /, **arrays: object) -> CompiledProgram:
        """Return the program at other whole numbers and truth values, with the same plans.

        So the next batch of a training run costs a call; arrays that are not given stay as they are.
        Raises: as :meth:`Program.with_arrays`.
        """
        return self._changed(self.program.with_arrays(**arrays))

    def _changed(self, program: Program) -> CompiledProgram:
        """Return what another program is that is planned alike."""
        changed = CompiledProgram(program, self.passes)
        changed._plans = self._plans
        return changed

    @overload
    def forward(
        self,
        inputs: GivenOf[NDArray[F]],
        outputs: Iterable[str] | None = None,
        *,
        bounds: Literal[False] = False,
    ) -> list[NDArray[F]]: ...

    @overload
    def forward(
        self, inputs: GivenOf[A], outputs: Iterable[str] | None = None, *, bounds: Literal[False] = False
    ) -> list[A]: ...

    @overload
    def forward(self, inputs: Given, outputs: Iterable[str] | None = None, *, bounds: Bounds) -> Bounded: ...

    def forward(
        self, inputs: Given, outputs: Iterable[str] | None = None, *, bounds: Bounds | Literal[False] = False
    ) -> list[Any] | Bounded:
        """Return the values of entries of ``Γ ++ ss``. Raises: as :meth:`Program.forward`."""
        leaves, dtype = self._inputs(inputs)
        request = Request(dtype, values=self._entries(outputs))
        made = self._run(request, leaves)
        return made if not bounds else self._bounded(request, leaves, made, bounds)

    @overload
    def jvp(
        self,
        inputs: GivenOf[NDArray[F]],
        tangents: GivenOf[NDArray[F]],
        outputs: Iterable[str] | None = None,
        *,
        bounds: Literal[False] = False,
    ) -> list[NDArray[F]]: ...

    @overload
    def jvp(
        self,
        inputs: GivenOf[A],
        tangents: GivenOf[A],
        outputs: Iterable[str] | None = None,
        *,
        bounds: Literal[False] = False,
    ) -> list[A]: ...

    @overload
    def jvp(
        self, inputs: Given, tangents: Given, outputs: Iterable[str] | None = None, *, bounds: Bounds
    ) -> Bounded: ...

    def jvp(
        self,
        inputs: Given,
        tangents: Given,
        outputs: Iterable[str] | None = None,
        *,
        bounds: Bounds | Literal[False] = False,
    ) -> list[Any] | Bounded:
        """Return the tangents of entries of ``Γ ++ ss``; tangents that a mapping leaves out cost nothing.

        Raises: as :meth:`Program.jvp`.
        """
        leaves, dtype = self._inputs(inputs)
        given = self._given(leaves, "tangent", tangents)
        request = Request(dtype, tangents=given, moved=self._entries(outputs))
        made = self._run(request, leaves)
        return made if not bounds else self._bounded(request, leaves, made, bounds)

    @overload
    def vjp(
        self,
        inputs: GivenOf[NDArray[F]],
        seeds: GivenOf[NDArray[F]],
        wrt: Iterable[str] | None = None,
        *,
        bounds: Literal[False] = False,
    ) -> list[NDArray[F]]: ...

    @overload
    def vjp(
        self,
        inputs: GivenOf[A],
        seeds: GivenOf[A],
        wrt: Iterable[str] | None = None,
        *,
        bounds: Literal[False] = False,
    ) -> list[A]: ...

    @overload
    def vjp(
        self, inputs: Given, seeds: Given, wrt: Iterable[str] | None = None, *, bounds: Bounds
    ) -> Bounded: ...

    def vjp(
        self,
        inputs: Given,
        seeds: Given,
        wrt: Iterable[str] | None = None,
        *,
        bounds: Bounds | Literal[False] = False,
    ) -> list[Any] | Bounded:
        """Return the cotangents of inputs; seeds that a mapping leaves out cost nothing.

        Raises: as :meth:`Program.vjp`.
        """
        leaves, dtype = self._inputs(inputs)
        request = Request(dtype, seeds=self._given(leaves, "seed", seeds), wrt=self._wrt(wrt))
        made = self._run(request, leaves)
        return made if not bounds else self._bounded(request, leaves, made, bounds)

    @overload
    def value_and_vjp(
        self,
        inputs: GivenOf[NDArray[F]],
        seeds: GivenOf[NDArray[F]],
        wrt: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> tuple[list[NDArray[F]], list[NDArray[F]]]: ...

    @overload
    def value_and_vjp(
        self,
        inputs: GivenOf[A],
        seeds: GivenOf[A],
        wrt: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> tuple[list[A], list[A]]: ...

    def value_and_vjp(
        self,
        inputs: Given,
        seeds: Given,
        wrt: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> tuple[list[Any], list[Any]]:
        """Return the values of entries of ``Γ ++ ss``, and the cotangents of inputs.

        Raises: as :meth:`Program.vjp`.
        """
        leaves, dtype = self._inputs(inputs)
        given, values = self._given(leaves, "seed", seeds), self._entries(outputs)
        made = self._run(Request(dtype, seeds=given, values=values, wrt=self._wrt(wrt)), leaves)
        return made[: len(values)], made[len(values) :]

    def linearize(
        self, inputs: Given, tangents: Iterable[str] | None = None, outputs: Iterable[str] | None = None
    ) -> Linearized:
        """Return the map from tangents of inputs to those of entries; the values are computed now, once.

        Raises: as :meth:`Program.forward`.
        """
        leaves, dtype = self._inputs(inputs)
        request = Request(dtype, tangents=self._wrt(tangents), moved=self._entries(outputs))
        return self._linearized(request, leaves, "tangent")

    def pullback(
        self, inputs: Given, seeds: Iterable[str] | None = None, wrt: Iterable[str] | None = None
    ) -> Linearized:
        """Return the map from seeds of entries to cotangents of inputs; the values are computed now, once.

        Raises: as :meth:`Program.forward`.
        """
        leaves, dtype = self._inputs(inputs)
        return self._linearized(
            Request(dtype, seeds=self._entries(seeds), wrt=self._wrt(wrt)), leaves, "seed"
        )

    @overload
    def jacobian(self, inputs: GivenOf[NDArray[F]], of: str, wrt: str) -> NDArray[F]: ...

    @overload
    def jacobian(self, inputs: GivenOf[A], of: str, wrt: str) -> A: ...

    def jacobian(self, inputs: Given, of: str, wrt: str) -> Any:
        """Return the derivative of an entry by an input, of shape (axes of the entry …, axes of the input …).

        It takes as many seeds or tangents as the smaller of the two has coordinates. Raises: as
        :meth:`Program.forward`.
        """
        (entry,), (source,) = self._entries((of,)), self._wrt((wrt,))
        shapes = (self.entries[entry].shape, self.entries[source].shape)
        rows, columns = map(math.prod, shapes)
        by_rows = rows < columns
        derivative = self.pullback(inputs, [of], [wrt]) if by_rows else self.linearize(inputs, [wrt], [of])
        like = check_arrays("input", inputs, self.context, self.scalars)[0]
        count, length = min(rows, columns), max(rows, columns)
        around, one = zeros(like, (count,)), zeros(like, (1,)) + self.scalars.rational(1)
        units = concat((around, one, around), 0)
        images = [zeros(like, (0, length))]
        for index in range(count):
            unit = units[count - index : 2 * count - index]
            (image,) = derivative([unit.reshape(shapes[0 if by_rows else 1])])
            images.append(image.reshape((1, length)))
        made = concat(images, 0)
        return (made if by_rows else permute(made, (1, 0))).reshape(shapes[0] + shapes[1])

    def batched(self, over: Iterable[str]) -> BatchedProgram:
        """Return the program mapped over leading batch axes of the inputs of these names.

        Raises: as :class:`BatchedProgram`; TypeError for anything but floating point in NumPy: JAX and
        PyTorch map programs themselves, by ``jax.vmap`` and ``torch.vmap``.
        """
        self._expect_numpy()
        return BatchedProgram(self, over)

    def prepare(
        self,
        inputs: Given,
        *,
        tangents: Given = NOTHING,
        seeds: Given = NOTHING,
        values: Iterable[str] | None = (),
        moved: Iterable[str] | None = (),
        wrt: Iterable[str] | None = (),
    ) -> Run:
        """Return a run with buffers of its own: called without arguments, it allocates nothing.

        Its results are the values, then the tangents of ``moved``, then the cotangents of ``wrt``, for what
        the given arrays hold at the time of the call. It checks that its results are finite, and looks at
        what it reads only where they are not; the level ``domains`` allocates. Raises: as the other methods;
        TypeError for anything but floating point in NumPy.
        """
        self._expect_numpy()
        leaves, dtype = self._inputs(inputs)
        request = Request(
            dtype,
            tangents=self._given(leaves, "tangent", tangents),
            seeds=self._given(leaves, "seed", seeds),
            values=self._entries(values),
            moved=self._entries(moved),
            wrt=self._wrt(wrt),
        )
        plan, program = self.plan(request), self.program
        run = (
            CheckedRun(plan, program, request)
            if isinstance(program, CheckedProgram)
            else Run(plan, standing=self.standing)
        )
        run.bind(self._derived.added(plan.trace, leaves))
        return run

    def plan(self, request: Request) -> Plan:
        """Return the plan for a request; ``str`` of it shows every instruction and where its result lies.

        Raises: UnsupportedOp, as :func:`trace_program`.
        """
        return self._plans.plan(request)

    def _expect_numpy(self) -> None:
        if type(self.scalars) is not Reals:
            found = type(self.scalars).__name__
            raise TypeError(f"expected a program in NumPy's floating point, found {found}")

    def _run(self, request: Request, leaves: Leaves) -> list[Array]:
        return self._watched(request, self._plans.whole(request))(leaves)

    def _watched(self, request: Request, planned: Planned, **stage: Any) -> Evaluator:
        run = functools.partial(self._fed, planned) if planned.trace.derived else planned.run
        if not isinstance(self.program, CheckedProgram | LookedAtProgram):
            return run
        return functools.partial(self.program.watch, request, run, **stage)

    def _fed(self, planned: Planned, leaves: Leaves, **watched: Any) -> list[Array]:
        """Return what is made of leaves and of what rules make of this program's arrays."""
        return planned.run(self._derived.added(planned.trace, leaves), **watched)

    def as_torch(
        self, parameters: Mapping[str, Any] = NOTHING, outputs: str | Iterable[str] | None = None
    ) -> CertifiedModule:
        """Return the program as a module of PyTorch: its backward pass is ``vjp``, its forward mode ``jvp``.

        ``parameters`` are inputs that the module has, by name; the others it is called with. It returns the
        value of ``outputs``: an entry, by default the last, or a tuple of several. Tensors are of one
        precision and device; those in the CPU's memory are computed on by NumPy. Differentiating it twice
        raises Declined.
        Raises: Declined if PyTorch is not installed; BindingError for a name that no parameter can have;
        ArrayError; TypeError for a program in anything but floating point in NumPy or PyTorch.
        """
        reals = torch_reals()
        if getattr(self.scalars, "library", None) != reals.library:
            self._expect_numpy()
        from lean_bridge.executor.torch_module import CertifiedModule

        return CertifiedModule(self, parameters, outputs)

    def as_jax(self, outputs: str | Iterable[str] | None = None) -> CertifiedFunction:
        """Return the program as a function of JAX whose reverse mode, as ``jax.grad`` takes it, is ``vjp``.

        It returns the value of ``outputs``, as ``as_torch`` does. Forward mode is refused by JAX; a second
        derivative raises Declined.
        Raises: Declined if JAX is not installed; ArrayError; TypeError for a program in anything but floating
        point in NumPy or JAX.
        """
        if not isinstance(self.scalars, type(jax_reals())):
            self._expect_numpy()
        from lean_bridge.executor.jax_function import CertifiedFunction

        return CertifiedFunction(self, outputs)

    def over(self, scalars: ArrayAPIReals, like: Array) -> CompiledProgram:
        """Return a program in NumPy's floating point in another library's arrays, where ``like`` is.

        Raises: TypeError for a program in anything else, and for checks that only NumPy's arrays are held to.
        """
        self._expect_numpy()
        return CompiledProgram(LookedAtProgram.of(self.program, scalars, like), self.passes)

    def stages(self, request: Request, role: Role) -> Stages:
        """Return a request in two: its values and what is saved, then the rest for arrays of a role."""
        first, second = self._plans.stages(request, role)
        rest = replace(request, values=())
        return Stages(
            self._watched(request, first, is_whole=False), self._watched(rest, second, roles=(role,))
        )

    def _linearized(self, request: Request, leaves: dict[tuple[Role, int], Array], role: Role) -> Linearized:
        stages = self.stages(request, role)
        leaves = {key: owned(array) for key, array in leaves.items()}  # the point stays where it is
        saved = stages.first(leaves)
        leaves.update({("saved", number): array for number, array in enumerate(saved)})
        given = request.seeds if role == "seed" else request.tangents
        entries = {position: self.entries[position] for position in given}
        return Linearized(stages.second, leaves, role, entries, self.scalars, standing=self.standing)

    def _bounded(self, request: Request, leaves: Leaves, made: list[Array], bounds: Bounds) -> Bounded:
        """Return results with their radii. Raises: ValueError for other bounds than there are."""
        self._expect_numpy()
        if bounds not in (True, "running"):
            raise ValueError(f"bounds: expected True or 'running', found {bounds!r}")
        return bounded(self.program, request, leaves, made, "running" if bounds == "running" else "exact")

    def _inputs(self, inputs: Given) -> tuple[dict[tuple[Role, int], Array], np.dtype[Any]]:
        arrays = check_arrays("input", inputs, self.context, self.scalars)
        dtype = precision(arrays[0]) if arrays else np.dtype(float)
        return {("input", position): array for position, array in enumerate(arrays)}, dtype

    def _given(self, leaves: dict[tuple[Role, int], Array], role: Role, given: Given) -> tuple[int, ...]:
        """Add the arrays that are given to the leaves, and return the positions of their entries."""
        entries = self.context if role == "tangent" else self.entries
        found = check_given(role, given, entries, self.scalars, leaves.get(("input", 0)))
        leaves.update({(role, position): array for position, array in found.items()})
        return tuple(found)

    def _entries(self, names: Iterable[str] | None) -> tuple[int, ...]:
        return tuple(range(len(self.entries))) if names is None else positions("output", names, self.entries)

    def _wrt(self, names: Iterable[str] | None) -> tuple[int, ...]:
        return tuple(range(len(self.context))) if names is None else positions("input", names, self.context)
