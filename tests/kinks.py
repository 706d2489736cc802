"""Functions with kinks, away from which they are certified: each with the shapes of what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from lean_bridge.capture.functions import leaky_relu, relu

X: Final = ("n", "d")
KINKS: Final[dict[str, tuple[dict[str, Any], Callable[..., Any]]]] = {
    "relu": ({"x": X}, relu),
    "relu as a maximum": ({"x": X}, lambda x: np.maximum(0, x) * np.maximum(x, 0.0)),
    "leaky_relu": ({"x": X, "slope": float}, leaky_relu),
    "abs": ({"x": X}, lambda x: abs(x)),
    "absolute": ({"x": X}, lambda x: np.absolute(x)),
    "maximum": ({"x": X, "c": float}, lambda x, c: np.maximum(x, c)),
    "minimum": ({"x": X, "c": float}, lambda x, c: np.minimum(c, x)),
    "clip": ({"x": X, "a": float, "b": float}, lambda x, a, b: np.clip(x, a, b) + x.clip(a)),
}
