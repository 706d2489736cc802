"""The heads of upstream's nodes: which arguments each takes, and which primitive stands for it.

Upstream's nodes are closures, so that nothing can be read off them but the definition that makes them. A head
is known by its name and by its type: how many arguments, which of them are operands, of which shapes, and
what shape it makes. What it means is not looked at.

Another recogniser is one row: the name behind ``Proofs.Autograd.``, the primitive of the executor (none where
the head only passes on a node that it is given), its arguments in the order of its type, and the shape that
it makes. An argument is written

- ``m`` for a length, ``s:shape`` for a shape, ``rest:axes`` for either,
- ``x@m,n`` for an operand of that shape, in lengths and shapes that stand before it,
- ``c:scalar``, ``A:m,n→p`` for a linear map of such tensors, ``b:→p`` for such a tensor: parameters, under
  the names that the primitive has for them,
- ``ε:shift`` for the function ``fun z => z + ε``, which gives ε, and ``f':one`` for ``fun _ => 1``,
- ``Γ:context``, ``node:Γ,ss⊢τ`` for a node in these contexts, ``inputs:record``, ``h:proof`` for the rest.

What is made is a node in Γ, as the operands are, unless contexts stand before its shape. What the primitive
takes and the head fixes stands last: ``κ=√(2/π)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from lean_bridge.olean.expr import Name

NAMESPACE: Final = "Proofs.Autograd"

Kind: TypeAlias = Literal[
    "dim",
    "shape",
    "axes",
    "operand",
    "scalar",
    "map",
    "vector",
    "shift",
    "one",
    "context",
    "node",
    "record",
    "proof",
]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a head."""

    name: str
    kind: Kind
    axes: tuple[str, ...] = ()
    """The shape of an operand, a node, or what a map makes: names of lengths and shapes that the head takes
    before it."""
    source: tuple[str, ...] = ()
    """The shape that a map takes, or the contexts of a node."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a declaration that makes a node, or that packs operands for one."""

    name: Name
    op: str | None
    """The primitive by whose rules its nodes run; ``None`` where it passes on what it is given."""
    arguments: tuple[Argument, ...]
    axes: tuple[str, ...] | None
    """The shape that it makes, as of an operand; ``None`` for what makes no node of a shape of its own."""
    contexts: tuple[str, ...]
    """Those that the node is in, one behind the other."""
    fixed: Mapping[str, str]
    """What the primitive takes and the head does not, by the names of constants."""


def _argument(text: str) -> Argument:
    name, at, axes = text.partition("@")
    if at:
        return Argument(name, "operand", _axes(axes))
    name, _, kind = text.partition(":")
    source, turnstile, axes = kind.partition("⊢")
    if turnstile:
        return Argument(name, "node", _axes(axes), _axes(source))
    source, arrow, axes = kind.partition("→")
    if arrow:
        return Argument(name, "map" if source else "vector", _axes(axes), _axes(source))
    return Argument(name, next(each for each in get_args(Kind) if each == (kind or "dim")))


def _axes(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def _row(name: str, op: str | None, arguments: str, axes: str | None, **fixed: str) -> Head:
    contexts, _, shape = (axes or "").rpartition("⊢")
    return Head(
        name=f"{NAMESPACE}.{name}",
        op=op,
        arguments=tuple(map(_argument, arguments.split())),
        axes=None if axes is None else _axes(shape),
        contexts=_axes(contexts or "Γ"),
        fixed=MappingProxyType(fixed),
    )


INPUTS: Final = _row("LayerNorm.Inputs.mk", None, "Γ:context m n x@m,n gamma@n beta@n", None)
"""What packs the operands of a whole normalisation."""

_TABLE: Final[Iterable[Head]] = (
    _row("TapeNodes.matmul", "matmul", "Γ:context m n p A@m,n B@n,p", "m,p"),
    _row("TapeNodes.Batched.matmul", "bmatmul", "Γ:context h m n p A@h,m,n B@h,n,p", "h,m,p"),
    _row("TapeNodes.Batched.softmaxLast", "softmaxLast", "Γ:context h m n idx@h,m,n", "h,m,n"),
    _row("TapeNodes.ShapeOps.reshape", "reshape", "Γ:context s₁:shape s₂:shape idx@s₁ h:proof", "s₂"),
    _row("TapeNodes.ShapeOps.transpose3dLastTwo", "transposeLast2", "Γ:context a b c idx@a,b,c", "a,c,b"),
    _row("TapeNodes.ShapeOps.swapFirstTwo3d", "swap01", "Γ:context m n rest:axes idx@m,n,rest", "n,m,rest"),
    _row("TapeNodes.scale", "scale", "Γ:context s:shape idx@s c:scalar", "s"),
    _row("TapeNodes.add", "add", "Γ:context s:shape a@s b@s", "s"),
    _row("TapeNodes.sub", "sub", "Γ:context s:shape a@s b@s", "s"),
    _row("TapeNodes.mul", "mul", "Γ:context s:shape a@s b@s", "s"),
    _row("TapeNodes.affine", "affine", "Γ:context i:shape o:shape idx@i A:i→o b:→o", "o"),
    _row("TapeNodes.linear", "linear", "Γ:context i o idx@i W:i→o", "o", b="0"),
    _row("TapeNodes.gelu", "gelu", "Γ:context s:shape idx@s", "s", κ="√(2/π)"),
    _row("TapeNodes.elemwise", "addConst", "Γ:context s:shape idx@s ε:shift f':one", "s"),
    _row("TapeNodes.sqrtClamp", "sqrtClamp", "Γ:context s:shape idx@s", "s"),
    _row("TapeNodes.inv", "inv", "Γ:context s:shape idx@s", "s"),
    _row("TapeNodes.rowMean", "rowMean", "Γ:context m n idx@m,n", "m"),
    _row("TapeNodes.broadcastRow", "broadcastRow", "Γ:context m n idx@m", "m,n"),
    _row("TapeNodes.broadcastCol", "broadcastCol", "Γ:context m n idx@n", "m,n"),
    _row("LayerNorm.wholeNode", "layerNorm", "Γ:context m n inputs:record ε:scalar", "m,n"),
    _row(
        "DGraph.weakenNodeMiddle",
        None,
        "Γ:context extra:context ss:context τ:shape node:Γ,ss⊢τ",
        "Γ,extra,ss⊢τ",
    ),
    _row("DGraph.castNodeContext", None, "Γ₁:context Γ₂:context τ:shape h:proof node:Γ₂⊢τ", "Γ₂⊢τ"),
)

HEADS: Final[Mapping[Name, Head]] = MappingProxyType({head.name: head for head in _TABLE})
"""Every head that is known, by its name."""

_OTHERS: Final = frozenset(
    {"Proofs.Idx", f"{NAMESPACE}.Node.ofFn", f"{NAMESPACE}.TapeNodes.ShapeOps.reindex"}
)
"""What only the upstream has whose attention is in ``DirectReshapeAttention``."""


def other_era(names: Iterable[Name]) -> str:
    """Return, for behind what is refused, that it is of another upstream than this table is, if a name is."""
    if _OTHERS.isdisjoint(names):
        return ""
    return " (of the upstream with DirectReshapeAttention, of which the table has no heads)"


def heads_of(op: str) -> tuple[Name, ...]:
    """Return upstream's declarations whose nodes run by the rules of a primitive."""
    return tuple(head.name for head in _TABLE if head.op == op)
