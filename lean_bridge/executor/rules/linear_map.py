"""Fixed linear maps between flat vectors."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass

from lean_bridge.errors import ArrayError, BindingError
from lean_bridge.executor.arrays.namespaces import cast
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import is_size, text_of


@dataclass(frozen=True, eq=False)
class LinearMap:
    """The map ``I_n ⊗ W``: one matrix, applied to each of n blocks of a vector, in their precision.

    Lean: ``Proofs.Autograd.CLM``, between the row-major coordinates of two tensors.
    Raises: BindingError if the weights are no matrix, or ``positions`` no natural number.
    """

    weights: Array
    """W, one row per output coordinate of a block."""
    positions: int = 1
    """n, the number of blocks."""

    def __post_init__(self) -> None:
        found = getattr(self.weights, "shape", None)
        if found is None or len(found) != 2:
            text = type(self.weights).__name__ if found is None else f"shape {text_of(found)}"
            raise BindingError(f"linear map: expected a matrix with one row per output, found {text}")
        if not is_size(self.positions):
            found = reprlib.repr(self.positions)
            raise BindingError(f"linear map: expected a number of positions ≥ 0, found {found}")

    def __repr__(self) -> str:
        blocks = f", at each of {self.positions} positions" if self.positions != 1 else ""
        return f"<LinearMap by a matrix {text_of(self.weights.shape)} of {self.weights.dtype}{blocks}>"

    @classmethod
    def from_matrix(cls, matrix: Array) -> LinearMap:
        """Return the map that multiplies a whole vector by a matrix of shape (outputs, inputs)."""
        return cls(matrix)

    @classmethod
    def positionwise(cls, weights: Array, n: int) -> LinearMap:
        """Return the map that multiplies each of n positions by a matrix, as ``torch.nn.Linear`` does.

        ``weights`` are of shape (features out, features in); vectors hold one position after the other.
        """
        return cls(weights, n)

    @property
    def inputs(self) -> int:
        """How many coordinates it maps."""
        return self.positions * int(self.weights.shape[1])

    @property
    def outputs(self) -> int:
        """How many coordinates it makes."""
        return self.positions * int(self.weights.shape[0])

    def apply(self, x: Array) -> Array:
        """Return the image of a vector of shape (inputs,). Raises: ArrayError for any other shape."""
        blocks = self._blocks(x, self.weights.shape[1])
        return (blocks @ cast(self.weights, x).swapaxes(0, 1)).reshape((self.outputs,))

    def transpose(self, w: Array) -> Array:
        """Return the image of a vector of shape (outputs,) under the transposed map. Raises: as ``apply``."""
        blocks = self._blocks(w, self.weights.shape[0])
        return (blocks @ cast(self.weights, w)).reshape((self.inputs,))

    def _blocks(self, vector: Array, width: int) -> Array:
        if vector.shape != (self.positions * width,):
            expected, found = self.positions * width, text_of(vector.shape)
            raise ArrayError("vector", f"linear map: expected a vector of shape {expected}, found {found}")
        return vector.reshape((self.positions, width))
