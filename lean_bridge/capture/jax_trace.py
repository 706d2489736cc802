"""A function of JAX as the graph that it computes, through its jaxpr. Imports JAX.

JAX traces it at symbolic lengths, and writes what it does as primitives; each of these, or several as a
whole, becomes the certified ops that it is, for all dimensions that were said to vary, or is told, with its
place, as none.
"""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import jax
from jax import export, tree_util

from lean_bridge.capture.jax_lengths import asked
from lean_bridge.capture.jaxpr import Writer
from lean_bridge.capture.jaxpr_data import Made
from lean_bridge.capture.jaxpr_terms import Terms, is_users
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
from lean_bridge.names import listed
from pybind_models import DGraph

CLOSE: Final = 1e-9
"""How far values and gradients may be from JAX's, of the largest of them."""
_LEAST: Final = 1e-4
"""What stands for the largest where it is less, of the largest of all that are compared, or of 1: for what is
0, and rounded.
"""
_PRECISIONS: Final = ("float32", "float64")
_NEAR: Final = 1e-6
"""How far a number of the code may be from itself in another precision, of it."""
_SAME_LENGTH: Final = 3
"""A length that all dimensions have at once, at which it is compared."""
_AT_ONCE: Final = 1 << 12
"""How many random numbers are drawn at once, as JAX compiles that for each number of them."""
_IN_HASTE: Final = {"xla_backend_optimization_level": 0}
"""How JAX compiles what is run once."""


def from_jax(
    function: Callable[..., Any],
    *example_args: Any,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    name: str | None = None,
) -> CapturedFunction:
    """Return the graph of a function at arguments, of which only shapes and dtypes are looked at.

    Arguments are arrays, or trees of them, such as dictionaries of parameters; each array is an input, by the
    name of its argument and its keys, ``params.layers.0.W``. ``dynamic`` names the axes whose lengths vary,
    by array and axis, ``{"x": {0: "n"}}``; axes of one name have one length, and the graph is for all of
    them. Numbers in the code are scalar parameters, whose values ``constants`` has. Token ids and targets, of
    a dtype of whole numbers, are arguments of the graph, below what they choose from, and masks, of truth
    values, are too. ``name`` is what the graph is called.
    Raises: NotCaptured for all that is no certified op, each with its place and the nearest certified form,
    where JAX cannot trace it, or where its own values or gradients are others.
    """
    called: Any = function
    title = name or str(getattr(called, "__name__", type(called).__name__))
    code = getattr(inspect.unwrap(called), "__code__", None)
    where = title if code is None else f"{near(code.co_filename)}:{code.co_firstlineno}"
    arrays, tree = _arrays(called, example_args, title)
    dynamic = checked_axes(dynamic, title)
    if isinstance(jax.numpy.zeros(()), jax.core.Tracer):
        raise NotCaptured(f"{title}: expected to be captured outside of what JAX traces; nearest: before it")
    if strange := [each for each in dynamic if each not in arrays]:
        raise NotCaptured(f"{title}: has no array {strange[0]!r}; it has {listed(arrays, 8)}")
    captured = CapturedFunction(called, arrays, tree, dynamic, title, where)
    captured.compare()
    return captured


def _arrays(function: Callable[..., Any], args: Sequence[Any], title: str) -> tuple[dict[str, Any], Any]:
    """Return the arrays that arguments are made of, by name, and the tree that they are in."""
    try:
        taken = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise NotCaptured(
            f"{title}: expected a function with arguments that it names: {said_by(error)}"
        ) from None
    if any(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in taken):
        raise NotCaptured(f"{title}: expected arguments with a name, found *args or **kwargs")
    if len(args) > len(taken):
        raise NotCaptured(f"{title}: expected {len(taken)} arguments, found {len(args)}")
    found: dict[str, Any] = {}
    leaves, tree = tree_util.tree_flatten_with_path(tuple(args))
    for (place, *path), leaf in leaves:
        keys = (taken[place.idx].name, *map(_key, path))
        array = ".".join(keys)
        dtype = str(getattr(leaf, "dtype", ""))
        if not hasattr(leaf, "shape") or not dtype:
            raise NotCaptured(
                f"{title}: {array}: expected an array, found {type(leaf).__name__}; nearest: a number "
                "in the code, as functools.partial gives one"
            )
        if dtype not in _PRECISIONS and not dtype.startswith(("int", "uint", "bool")):
            raise NotCaptured(
                f"{title}: {array}: expected float32, float64, whole numbers or truth values, found {dtype}"
            )
        if array in found:
            raise NotCaptured(f"{title}: expected names that differ, found {array} twice; rename one key")
        found[array] = leaf
    return found, tree


def _key(key: Any) -> str:
    """Return the name of a step down a tree."""
    return str(next(getattr(key, each) for each in ("key", "idx", "name") if hasattr(key, each)))


def _raised_at(error: BaseException) -> str | None:
    """Return the line of the user's code at which JAX came to an error."""
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    found = [each for each in lines if is_users(each[0])]
    return f"{near(found[-1][0])}:{found[-1][1]}" if found else None


def _first(error: BaseException) -> str:
    """Return what an error says first: JAX goes on to explain what there is in general."""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"[:400]


class CapturedFunction(Captured):
    """A function of JAX, and the graph of certified ops that it computes.

    Nobody has judged that graph: its standing says so until ``lean-bridge certify`` has.
    """

    def __init__(
        self,
        called: Callable[..., Any],
        arrays: Mapping[str, Any],
        tree: Any,
        dynamic: Mapping[str, Mapping[int, str]],
        title: str,
        where: str,
    ) -> None:
        self.called = called
        """What it was captured from."""
        self._arrays = {name: (tuple(each.shape), str(each.dtype)) for name, each in arrays.items()}
        self._tree = tree
        self._dynamic = dynamic
        self.function = self
        self.__name__ = self.__qualname__ = title
        self.file = caller().f_code.co_filename
        self._where = where
        self._lengths = self._lengths_of_examples()
        writer = self._written("float64")
        single = self._held_in_float32(writer)
        self.constants = writer.constants
        self.made = tuple(writer.data)
        self._data = writer.data
        self._data_in_float32 = {} if single is None else single.data
        self._outputs = writer.outputs
        self._model = DGraph(
            lean_name=lean_name_of(title),
            dims=self._dims_of(writer),
            scalars=tuple(writer.constants),
            arrays=tuple(writer.arrays),
            context=tuple(writer.trace.context),
            nodes=writer.nodes,
        )
        self._run = jax.jit(self._returned)
        self._pulled = jax.jit(self._values_and_gradients, compiler_options=_IN_HASTE)

    @property
    def model(self) -> DGraph:
        """The graph, which ``from_jax`` captured."""
        return self._model

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the entries that the function returns, in order."""
        return self._outputs

    def data(self, /, **sizes: int) -> dict[str, Any]:
        """Return the masks and positions that the code makes itself, at sizes, as NumPy's arrays.

        Raises: NotCaptured where it makes none there, or another one in float32, where it is one of that.
        """
        found = self._data_of(self._data, sizes, "float64")
        for name, other in self._data_of(self._data_in_float32, sizes, "float32").items():
            if (found[name] != other).any():
                raise NotCaptured(
                    f"{self.__name__}: expected one {name} in float32 and float64, found another"
                    f"{told_lengths(sizes)}; nearest: an argument"
                )
        return found

    def _data_of(self, data: Mapping[str, Made], sizes: Mapping[str, int], precision: str) -> dict[str, Any]:
        found = {}
        for name, made in data.items():
            try:
                with jax.enable_x64(precision == "float64"):
                    found[name] = jax.device_get(made.at(sizes))
            except Exception as error:  # noqa: BLE001 - JAX's, or the user's own
                at = told_lengths(sizes)
                raise NotCaptured(f"{self.__name__}: no {name}{at}: {said_by(error)}") from None
        return found

    def __call__(self, **arrays: Any) -> tuple[Any, ...]:
        """Return what the function itself returns, for NumPy's arrays by the names of the graph's inputs."""
        with jax.enable_x64(True):
            return tuple(jax.device_get(self._run(self._given(arrays, self._lengths_of(arrays)))))

    def _lengths_of(self, arrays: Mapping[str, Any]) -> dict[str, int]:
        """Return the lengths that arrays have, and else those of the examples."""
        lengths = dict(self._lengths)
        for name, axes in self._dynamic.items():
            if name in arrays:
                lengths |= {each: arrays[name].shape[axis] for axis, each in axes.items()}
        return lengths

    def _lengths_of_examples(self) -> dict[str, int]:
        lengths: dict[str, int] = {}
        for array, axes in self._dynamic.items():
            shape, _ = self._arrays[array]
            for axis, each in axes.items():
                if not -len(shape) <= axis < len(shape):
                    found = f"axis {axis} of {array}, which has {len(shape)}"
                    raise NotCaptured(f"{self.__name__}: expected an axis that there is, found {found}")
                if axis < 0 and axis + len(shape) in axes:
                    found = f"axis {axis} of {array}, and {axis + len(shape)}, which is the same"
                    raise NotCaptured(f"{self.__name__}: expected each axis once, found {found}")
                if lengths.setdefault(each, shape[axis]) != shape[axis]:
                    found = f"{lengths[each]} and {shape[axis]}"
                    raise NotCaptured(f"{self.__name__}: expected one length of {each}, found {found}")
        return lengths

    def _dims_of(self, writer: Writer) -> tuple[str, ...]:
        """Return the dimensions that are lengths of what the function reads.

        Raises: NotCaptured where another one is in the graph: whoever calls the function would not say it.
        """
        shapes = [*(each.shape for each in writer.trace.context), *(each.shape for each in writer.arrays)]
        read = {name for shape in shapes for dim in shape for name in dim.names}
        made = {name for node in writer.nodes for dim in node.shape for name in dim.names}
        if stray := sorted(made - read):
            found = f"{listed(stray)} of one of which it reads the shape alone"
            raise NotCaptured(
                f"{self._where}: expected lengths of arrays that it reads, found {found}; "
                "nearest: a number in the code"
            )
        return tuple(name for name in self._lengths if name in read)

    def _shapes(self, lengths: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Return the shapes of the arguments at lengths."""
        made = {}
        for name, (shape, _) in self._arrays.items():
            axes = {axis % len(shape): each for axis, each in self._dynamic.get(name, {}).items()}
            made[name] = tuple(lengths[axes[at]] if at in axes else each for at, each in enumerate(shape))
        return made

    def _written(self, precision: str) -> Writer:
        """Return the graph of the function in one precision. Raises: NotCaptured where it has none."""
        problems: list[str] = []
        with jax.enable_x64(precision == "float64"):
            traced = self._traced(precision, problems)
            terms = Terms(self._where, tuple(self._lengths))
            arguments = {
                name: terms.argument(name, aval)
                for name, aval in zip(self._arrays, traced.in_avals, strict=True)
            }
            returned = terms.of_call(traced, list(arguments.values()))
            return Writer(terms, arguments, returned, self._lengths, problems)

    def _traced(self, precision: str, problems: list[str]) -> Any:
        """Return the jaxpr of the function, and write down what it asks of lengths.

        So does a rule for derivatives of somebody's own, which is traced where they are asked for.
        Raises: NotCaptured where JAX cannot trace it.
        """
        try:
            dims = self._symbols()
            shapes = self._shapes(dict(zip(self._lengths, dims, strict=True)))
            struct: Any = jax.ShapeDtypeStruct
            structs = [
                struct(shapes[name], precision if dtype in _PRECISIONS else dtype)
                for name, (_, dtype) in self._arrays.items()
            ]
            with asked(dims, problems):
                traced: Any = jax.make_jaxpr(self._leaves)(*structs)
                if dims and "custom_" in str(traced) and all(map(_is_real, traced.out_avals)):
                    seeds = [struct(each.shape, each.dtype) for each in traced.out_avals]
                    jax.make_jaxpr(self._values_and_gradients)(structs, seeds)
        except LeanBridgeError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own, or JAX's
            at = _raised_at(error) or self._where
            raise NotCaptured(f"{at}: JAX cannot trace it: {_first(error)}") from None
        return traced

    def _symbols(self) -> Sequence[Any]:
        """Return the lengths that vary, of JAX's. Raises: NotCaptured for a name that is another to it."""
        for name in self._lengths:
            with suppress(Exception):  # JAX's, for a word of its own
                if [str(each) for each in export.symbolic_shape(name)] == [name]:
                    continue
            raise NotCaptured(f"{self.__name__}: expected names that JAX has for dimensions, found {name!r}")
        return export.symbolic_shape(", ".join(self._lengths)) if self._lengths else ()

    def _leaves(self, *leaves: Any) -> list[Any]:
        return tree_util.tree_leaves(self.called(*tree_util.tree_unflatten(self._tree, leaves)))

    def _held_in_float32(self, writer: Writer) -> Writer | None:
        """Return the same as it is written in float32, where its arguments are, or become, of that.

        Raises: NotCaptured where it is another, or where numbers of the code are others.
        """
        config: Any = jax.config
        if config.jax_enable_x64 and all(dtype != "float32" for _, dtype in self._arrays.values()):
            return None
        other = self._written("float32")
        told = f"{self.__name__}: expected one function in float32 and float64"
        numbers = list(zip(writer.constants.items(), other.constants.items(), strict=False))
        for (name, one), (_, single) in numbers:
            if not math.isclose(one, single, rel_tol=_NEAR):
                raise NotCaptured(f"{told}, found {single:.9g} in place of {one:.9g} as {name}")
        if (writer.nodes, writer.outputs, writer.arrays) != (other.nodes, other.outputs, other.arrays):
            raise NotCaptured(f"{told}, found other ops")
        return other

    def _given(self, arrays: Mapping[str, Any], lengths: Mapping[str, int]) -> list[Any]:
        """Return the leaves of the arguments: what is given, and 0 for what the function does not read."""
        left = dict(arrays)
        found = []
        shapes = self._shapes(lengths)
        for name, (_, dtype) in self._arrays.items():
            if name in left:
                given = left.pop(name)
                kind = None if dtype in _PRECISIONS else dtype
                found.append(jax.numpy.asarray(given, dtype=kind))
            else:
                found.append(jax.numpy.zeros(shapes[name], "float64" if dtype in _PRECISIONS else dtype))
        if left:
            raise TypeError(f"expected arrays by the names of the inputs, found {listed(left)}")
        return found

    def _returned(self, leaves: Sequence[Any]) -> list[Any]:
        return self._leaves(*leaves)

    def _values_and_gradients(self, leaves: Sequence[Any], seeds: Sequence[Any]) -> tuple[Any, Any]:
        """Return the values of the function, and its gradients along all arrays of real numbers."""
        reals = [each for each in leaves if _is_real(each)]

        def returned(given: Sequence[Any]) -> list[Any]:
            left = iter(given)
            return self._leaves(*(next(left) if _is_real(each) else each for each in leaves))

        values, pull = jax.vjp(returned, reals)
        return values, pull(list(seeds))[0]

    def compare(self) -> None:
        """Hold the graph to the function at random numbers: values and all gradients.

        Lengths are those of the examples; 1, of each that varies and of all; and one that all have. Where the
        function takes no such lengths, there is nothing to hold.
        Raises: NotCaptured where JAX's own differ, as they do past a rule for derivatives of somebody's own.
        """
        lengths = self._lengths
        others = [{**lengths, name: 1} for name in lengths]
        others += [dict.fromkeys(lengths, each) for each in (1, _SAME_LENGTH)]
        held: list[Mapping[str, int]] = []
        for at in (lengths, *others):
            if at not in held:
                self._compare(at, is_taken=at == lengths)
            held.append(at)

    def _compare(self, lengths: Mapping[str, int], *, is_taken: bool) -> None:
        at = told_lengths(lengths)
        with jax.enable_x64(True):
            bound = self.bind(**{name: each for name, each in lengths.items() if name in self.model.dims})
            data = bound.draw_arrays(0) | self.data(**lengths)
            try:
                program = bound.compile(**self.constants, **data)
            except LeanBridgeError as error:
                if is_taken:
                    raise NotCaptured(f"{self._where}: {error}") from None
                return  # what the code makes there is outside of what the theorem is for
            names = [each.name for each in program.context]
            shapes = {each.name: each.shape for each in program.entries}
            drawn = _drawn(*(shapes[name] for name in (*names, *self.outputs)))
            inputs, seeds = dict(zip(names, drawn, strict=False)), drawn[len(names) :]
            asked = {name: each for name, each in data.items() if name not in self.made}
            try:
                leaves = self._given({**inputs, **asked}, lengths)
                found = jax.eval_shape(self._returned, leaves)
                for name, each in zip(self.outputs, found, strict=True):
                    if tuple(each.shape) != shapes[name]:
                        told = f"{list(shapes[name])}, and not {list(each.shape)} as JAX's"
                        raise NotCaptured(f"{self.__name__}: {name} is of shape {told}{at}")
                values, gradients = jax.device_get(self._pulled(leaves, seeds))
            except LeanBridgeError:
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own, or JAX's
                if not is_taken:
                    return
                raise NotCaptured(
                    f"{self.__name__}: JAX has no gradient of its own: {said_by(error)}"
                ) from None
        real = [name for name, (_, dtype) in self._arrays.items() if dtype in _PRECISIONS]
        theirs = dict(zip(real, gradients, strict=True))
        seeded: dict[str, Any] = {}
        for name, seed in zip(self.outputs, seeds, strict=True):
            seeded[name] = seeded[name] + seed if name in seeded else seed
        mine, ours = program.value_and_vjp(inputs, seeded, outputs=self.outputs)
        compared = [("value", *each) for each in zip(self.outputs, mine, values, strict=True)]
        compared += [("gradient", name, each, theirs[name]) for name, each in zip(inputs, ours, strict=True)]
        least = _LEAST * max(1.0, *(_largest(other) for *_, other in compared))
        for what, name, one, other in compared:
            gap = _largest(one - other) / max(least, _largest(one), _largest(other))
            if not gap <= CLOSE:
                raise NotCaptured(
                    f"{self.__name__}: the {what} of {name} is not JAX's own, by {gap:.1g} of it{at}"
                )
        unread = {name: _largest(each) for name, each in theirs.items() if name not in inputs}
        if any(unread.values()):
            raise NotCaptured(
                f"{self.__name__}: JAX has a gradient along {listed(unread)}, the graph none{at}"
            )

    def __repr__(self) -> str:
        return f"<CapturedFunction {self.__name__}: not judged>"


def _is_real(leaf: Any) -> bool:
    return str(leaf.dtype) in _PRECISIONS


def _largest(array: Any) -> float:
    return float(abs(array).max()) if array.size else 0.0


def _drawn(*shapes: Sequence[int]) -> list[Any]:
    """Return random arrays of NumPy's."""
    total = sum(map(math.prod, shapes))
    some = max(_AT_ONCE, 1 << total.bit_length())
    numbers = jax.device_get(jax.random.normal(jax.random.key(0), (some,), "float64"))
    found, at = [], 0
    for shape in shapes:
        found.append(numbers[at : at + math.prod(shape)].reshape(shape))
        at += math.prod(shape)
    return found
