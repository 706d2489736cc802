"""What some heads fix and primitives take: numbers and arrays that no caller gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA

CONSTANTS: Final[Mapping[str, Callable[[Shape], Any]]] = MappingProxyType(
    {"√(2/π)": lambda _out: GELU_KAPPA, "0": np.zeros}
)
"""Each by its name in graphs, from the shape of the node; it is checked as what a caller gives is."""
