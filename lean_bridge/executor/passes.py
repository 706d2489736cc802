"""The passes, in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.passes.algebra.centring import center_rows
from lean_bridge.executor.plans.passes.algebra.contractions import contract_rows
from lean_bridge.executor.plans.passes.algebra.factors import share_factors
from lean_bridge.executor.plans.passes.algebra.guards import drop_guards
from lean_bridge.executor.plans.passes.algebra.quotients import move_quotients
from lean_bridge.executor.plans.passes.algebra.scalars import move_scalars
from lean_bridge.executor.plans.passes.algebra.views import merge_views
from lean_bridge.executor.plans.passes.algebra.weights import center_by_weights
from lean_bridge.executor.plans.passes.algebra.zeros import drop_zeros
from lean_bridge.executor.plans.passes.memory.copies import remake_copies
from lean_bridge.executor.plans.passes.memory.schedule import order_instructions
from lean_bridge.executor.plans.passes.memory.tiles import tile_batches
from lean_bridge.executor.plans.passes.small.affine import stack_affine
from lean_bridge.executor.plans.passes.small.columns import stack_sums
from lean_bridge.executor.plans.passes.small.fusion import fuse_small
from lean_bridge.executor.plans.passes.small.merges import merge_products
from lean_bridge.executor.plans.passes.small.rows import spread_sums
from lean_bridge.executor.plans.rewriter import Target

Pass: TypeAlias = Callable[[Trace, Target], Trace]

PASSES: Final[Mapping[str, Pass]] = MappingProxyType(
    {
        "zeros": drop_zeros,
        "views": merge_views,
        "weights": center_by_weights,
        "factors": share_factors,
        "scalars": move_scalars,
        "contractions": contract_rows,
        "quotients": move_quotients,
        "guards": drop_guards,
        "centring": center_rows,
        "rows": spread_sums,
        "small": fuse_small,
        "affine": stack_affine,
        "columns": stack_sums,
        "merges": merge_products,
        "tiles": tile_batches,
        "schedule": order_instructions,
        "copies": remake_copies,
    }
)
"""Each by a name to switch it off by."""

OVERWRITE: Final = "overwrite"
"""The name of what is no rewrite: results may take the place of operands that are done with."""

SWITCHES: Final = (*PASSES, OVERWRITE)
"""All the names."""
