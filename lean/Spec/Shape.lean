module

public import Init

/-!
# Shapes

A shape is a list of axis lengths, outermost first, written as an inductive type so that a tensor
over it is a function on typed multi-indices: re-indexing ops need no index arithmetic. Row-major
flattening, the one place where arithmetic is meant, is `Shape.flat`.

Main definitions: `Spec.Shape`, `Spec.Shape.size`, `Spec.Shape.Index`.
-/

@[expose] public section

set_option autoImplicit false

namespace Spec

/-- The shape of a tensor: a scalar, or `n` copies of an inner shape along a new outermost axis.
Axes of length 0 are allowed. -/
inductive Shape where
  /-- A single number. -/
  | scalar : Shape
  /-- An outer axis of length `n` over the inner shape. -/
  | dim (n : Nat) (inner : Shape) : Shape

namespace Shape

/-- The shape `n`. -/
abbrev vec (n : Nat) : Shape := dim n scalar

/-- The shape `m × n`. -/
abbrev mat (m n : Nat) : Shape := dim m (vec n)

/-- The shape `k × m × n`. -/
abbrev cube (k m n : Nat) : Shape := dim k (mat m n)

/-- The number of coordinates of a tensor of this shape. -/
def size : Shape → Nat
  | scalar => 1
  | dim n inner => n * size inner

/-- A multi-index: one number below its axis length for each axis. -/
def Index : Shape → Type
  | scalar => Unit
  | dim n inner => Fin n × Index inner

end Shape

end Spec
