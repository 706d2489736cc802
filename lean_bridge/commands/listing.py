"""Everything that there is to name: the declarations of a library, and the ops of the executor."""

from __future__ import annotations

from lean_bridge.executor.rules.primitive import EVERYWHERE, Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.extract.heads import heads_of
from pybind_models.catalogue import Catalogue
from pybind_models.listing import ListedDeclaration, ListedOp, Listing


def listing(catalogue: Catalogue) -> Listing:
    """Return what a library has declared, and every op with what it is called elsewhere."""
    declarations = tuple(
        ListedDeclaration(
            name=entry.name, kind=entry.kind, group=entry.group, graph=entry.graph, upstream=entry.upstream
        )
        for entry in catalogue.declarations
    )
    return Listing(declarations=declarations, ops=ops())


def ops() -> tuple[ListedOp, ...]:
    """Return every op of the executor's table, in its order."""
    return tuple(map(_op, PRIMITIVES.values()))


def _op(primitive: Primitive) -> ListedOp:
    called = primitive.called
    return ListedOp(
        name=primitive.name,
        lean=primitive.lean_name,
        operands=primitive.arity,
        parameters=tuple(primitive.params),
        linearity=primitive.linearity.value,
        domain=None if primitive.domain is EVERYWHERE else primitive.domain.text,
        torch=_several(called.torch),
        jax=_several(called.jax),
        upstream=heads_of(primitive.name),
    )


def _several(names: str) -> tuple[str, ...]:
    return tuple(names.split(", ")) if names else ()
