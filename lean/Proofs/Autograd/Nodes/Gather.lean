module

public import Proofs.Autograd.Nodes.Axes

/-!
# Ops by whole numbers

What says which coordinates are taken is an array of whole numbers, each below the length of the
axis along which it chooses: an argument of the graph, and no operand, so nothing is differentiated
along it. `embedding` takes rows of a table, and `takeAlong` one coordinate along an axis for each
place outside of it, as a loss does at its targets. Both are re-indexings (`Op.reindex`): a row that
is taken twice has both cotangents, added up.

References: PyTorch, `nn.Embedding`, `torch.gather`; Python array API, `take_along_axis`.
-/

@[expose] public section

set_option autoImplicit false

namespace Spec.Shape.Index

/-- The part of an index in the axes of `o`. -/
def outer {s : Shape} : {o : Shape} → (o.append s).Index → o.Index
  | scalar, _ => ()
  | dim _ _, i => (i.1, outer i.2)

/-- The part of an index inside the axes of `o`. -/
def inside {s : Shape} : {o : Shape} → (o.append s).Index → s.Index
  | scalar, i => i
  | dim _ _, i => inside i.2

/-- An index with a position along a new axis behind those of `o`, which depends on all others. -/
def along {n : Nat} {s : Shape} :
    {o : Shape} → ((o.append s).Index → Fin n) → (o.append s).Index → (o.append (dim n s)).Index
  | scalar, f, i => (f i, i)
  | dim _ _, f, i => (i.1, along (fun j => f (i.1, j)) i.2)

end Spec.Shape.Index

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [ScalarOps R]

noncomputable section

namespace Op

/-- Rows of a table of `v` rows, which `ids` says. -/
def embedding (v : Nat) (s t : Shape) (ids : s.Index → Fin v) :
    Op R [.dim v t] (s.append t) :=
  reindex _ _ fun i => .inl (ids (Index.outer i), Index.inside i)

/-- One coordinate along the axis behind those of `o` for each place outside of it, which `ids`
says. -/
def takeAlong (o : Shape) (n : Nat) (s : Shape) (ids : (o.append s).Index → Fin n) :
    Op R [o.append (.dim n s)] (o.append s) :=
  reindex _ _ fun i => .inl (Index.along ids i)

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The rows of the table at `a` that `ids` says. -/
def embedding {v : Nat} {s t : Shape} (a : Idx Γ (.dim v t)) (ids : s.Index → Fin v) :
    Node R Γ (s.append t) where
  args := _
  op := .embedding v s t ids
  operands := .cons a .nil

/-- One coordinate of the tensor at `a` along the axis behind those of `o` for each place outside of
it, which `ids` says. -/
def takeAlong (o : Shape) {n : Nat} {s : Shape} (a : Idx Γ (o.append (.dim n s)))
    (ids : (o.append s).Index → Fin n) : Node R Γ (o.append s) where
  args := _
  op := .takeAlong o n s ids
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
