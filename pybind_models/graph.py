"""Certified computation graphs: a typed SSA list over a context, with symbolic shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Annotated, Final, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from pybind_models.base import Model, printable
from pybind_models.dim import Dim, Shape, shape_text
from pybind_models.standing import GraphStanding


class DimParam(Model):
    """A natural-number argument of an op, such as the inner length of a matrix product."""

    kind: Literal["dim"] = "dim"
    value: Dim


class ShapeParam(Model):
    """A shape argument of an op, such as the target of a reshape."""

    kind: Literal["shape"] = "shape"
    value: Shape


class ScalarParam(Model):
    """A scalar argument of an op: one of the declaration's own scalar arguments, by name."""

    kind: Literal["scalar"] = "scalar"
    name: str


class MapParam(Model):
    """A function-valued argument of an op, such as a fixed linear map: a declaration's argument, by name."""

    kind: Literal["map"] = "map"
    name: str


class ArrayParam(Model):
    """An array of whole numbers or of truth values that an op takes: a declaration's argument, by name."""

    kind: Literal["array"] = "array"
    name: str


class ConstantParam(Model):
    """An argument of an op that no declaration takes: its head fixes it, as upstream's GELU does √(2/π)."""

    kind: Literal["constant"] = "constant"
    name: str
    """What it is, as the executor's table of constants has it."""


Param = Annotated[
    DimParam | ShapeParam | ScalarParam | MapParam | ArrayParam | ConstantParam, Field(discriminator="kind")
]

NAMED: Final = (ScalarParam, MapParam, ArrayParam, ConstantParam)
"""The arguments of an op that are no sizes: each has a name."""


class ArrayArgument(Model):
    """A declaration's argument that is an array of whole numbers or of truth values.

    Bound to a function on ``Spec.Shape.Index`` of its shape to ``Fin`` of ``below``, or to ``Bool``.
    """

    name: str
    shape: Shape
    below: Dim | None = None
    """What each of its numbers is less than; ``None`` of truth values."""

    @property
    def text(self) -> str:
        """What it is, as people say it: ``ids: n whole numbers below v``."""
        kind = "truth values" if self.below is None else f"whole numbers below {self.below}"
        return f"{self.name}: {shape_text(self.shape)} {kind}"


class Entry(Model):
    """One entry of a context Γ: its name and certified shape."""

    name: str
    shape: Shape


class Node(Model):
    """One saved tensor of a graph; bound to ``Proofs.Autograd.Node``."""

    name: str
    """The value's name, unique in ``Γ ++ ss``."""
    op: str
    """The primitive, by the last component of its Lean name."""
    lean_op: str
    """The Lean declaration of the primitive, of type ``Proofs.Autograd.Op``."""
    recognised: str | None = None
    """The declaration that was taken for the primitive by its name and type; nobody looked at what it means.

    ``None`` where the graph has the primitive itself; then files leave it out.
    """
    operands: tuple[int, ...]
    """Absolute positions in ``Γ ++ ss``; all smaller than the node's own."""
    params: dict[str, Param]
    """The op's arguments by the names of its Lean binders, in order."""
    shape: Shape
    """The certified shape of the saved tensor."""

    @model_serializer(mode="wrap")
    def _without_what_is_usual(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = serialize(self)
        if self.recognised is None:
            fields.pop("recognised", None)
        return fields


class DGraph(Model):
    """A graph extracted from a compiled declaration; bound to ``Proofs.Autograd.DGraph`` and ``….Graph``.

    Positions are absolute in ``Γ ++ ss``: the context entries first, then the nodes in order. A file may say
    what standing its graph had when it was written; whoever reads it gets the graph alone.
    """

    lean_name: str
    dims: tuple[str, ...]
    """The declaration's natural-number arguments, in order."""
    scalars: tuple[str, ...]
    """Its scalar arguments, in order."""
    maps: tuple[str, ...] = ()
    """Its function-valued arguments, in order."""
    arrays: tuple[ArrayArgument, ...] = ()
    """Its arguments that are arrays of whole numbers or of truth values, in order; files leave out none."""
    context: tuple[Entry, ...]
    nodes: tuple[Node, ...]
    standing: GraphStanding | None = Field(default=None, exclude=True, repr=False)
    """Always ``None``: what a file says of its own standing is a claim, which is read and dropped."""

    @model_serializer(mode="wrap")
    def _without_what_is_usual(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = serialize(self)
        if not self.arrays:
            fields.pop("arrays", None)
        return fields

    def __repr__(self) -> str:
        return f"<DGraph {printable(self.lean_name)}: {len(self.context)} inputs, {len(self.nodes)} nodes>"

    def _repr_svg_(self) -> str | None:
        return self._view()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of all that the declaration takes: dimensions, scalars, maps and arrays."""
        return (*self.dims, *self.scalars, *self.maps, *(array.name for array in self.arrays))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of ``Γ ++ ss``: inputs, then saved tensors."""
        return self.context + tuple(Entry(name=node.name, shape=node.shape) for node in self.nodes)

    @property
    def recognised(self) -> tuple[str, ...]:
        """The declarations that were taken for primitives by their names, each once; see :class:`Node`."""
        return tuple(dict.fromkeys(node.recognised for node in self.nodes if node.recognised is not None))

    @property
    def digest(self) -> str:
        """The hash of the graph's JSON with sorted keys."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return blake2b(text.encode(), digest_size=20).hexdigest()

    def with_standing(self, standing: GraphStanding, *, indent: int | None = None) -> str:
        """Return the graph's JSON, and first in it what is known of its declaration."""
        told = {"standing": standing.model_dump(mode="json")} | self.model_dump(mode="json")
        return json.dumps(told, indent=indent, ensure_ascii=False)

    def at(self, sizes: Mapping[str, int]) -> DGraph:
        """Return the same graph with the lengths that its axes have at dimensions; it takes none itself.

        Raises: KeyError with the name of a dimension that ``sizes`` lacks.
        """

        def sized(shape: Shape) -> Shape:
            return tuple(Dim.constant(dim.evaluate(sizes)) for dim in shape)

        def fixed(param: Param) -> Param:
            if isinstance(param, ShapeParam):
                return ShapeParam(value=sized(param.value))
            return DimParam(value=sized((param.value,))[0]) if isinstance(param, DimParam) else param

        return self.replaced(
            dims=(),
            arrays=tuple(
                each.replaced(
                    shape=sized(each.shape), below=None if each.below is None else sized((each.below,))[0]
                )
                for each in self.arrays
            ),
            context=tuple(each.replaced(shape=sized(each.shape)) for each in self.context),
            nodes=tuple(
                node.replaced(
                    shape=sized(node.shape),
                    params={binder: fixed(param) for binder, param in node.params.items()},
                )
                for node in self.nodes
            ),
        )

    @field_validator("standing")
    @classmethod
    def _is_only_claimed(cls, claim: GraphStanding | None) -> None:
        del claim

    @model_validator(mode="after")
    def _is_well_formed(self) -> DGraph:
        names = [entry.name for entry in self.entries]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{self.lean_name}: entry names must be unique, found twice: {', '.join(twice)}")
        known = set(self.dims)
        for position, entry in enumerate(self.entries):
            unknown = sorted(set().union(*(dim.names for dim in entry.shape)) - known) if entry.shape else []
            if unknown:
                raise ValueError(
                    f"{self.lean_name}: entry {position} ({entry.name}): unknown dimension {unknown[0]}"
                )
        for each in self.arrays:
            dims = (*each.shape, *(() if each.below is None else (each.below,)))
            if unknown := sorted(set().union(*(dim.names for dim in dims)) - known):
                raise ValueError(f"{self.lean_name}: array {each.name}: unknown dimension {unknown[0]}")
        for offset, node in enumerate(self.nodes):
            position = len(self.context) + offset
            if any(not 0 <= operand < position for operand in node.operands):
                raise ValueError(
                    f"{self.lean_name}: node {position} ({node.name}): expected operands below {position}, "
                    f"found {node.operands}"
                )
        return self
