module

public import Proofs.Autograd.Nodes.Pointwise
public import Proofs.Autograd.Nodes.MatMul

/-!
# Rotary position embedding

Feature `j` of the first half of a head and feature `j` of the second are the coordinates of a point
in a plane, which at position `t` is turned by an angle that belongs to `t` and `j`. The cosines and
sines of these angles are operands, two tables of a row for each position, and nothing is asked of
them: so the op is linear in what is turned, and in the tables together.

That features are paired across the halves, and not each with its neighbour, is how Llama's weights
are laid out in Hugging Face's `rotate_half`; there the tables have each of their columns twice.

`Tensor.rotate_dot_rotate`: a score of two turned rows depends on the tables by the cosines and
sines of the differences of their angles.

References: Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {h n d : Nat}

noncomputable section

namespace Tensor

/-- Every row of every head turned, by the cosines `c` and the sines `s` of its position. -/
def rotate (x : Tensor R (cube h n (d + d))) (c s : Tensor R (mat n d)) :
    Tensor R (cube h n (d + d)) := fun (g, t, k, _) =>
  if hk : k.val < d then
    x (g, t, k, ()) * c (t, ⟨k, hk⟩, ()) - x (g, t, ⟨d + k, by omega⟩, ()) * s (t, ⟨k, hk⟩, ())
  else
    x (g, t, k, ()) * c (t, ⟨k - d, by omega⟩, ()) +
      x (g, t, ⟨k - d, by omega⟩, ()) * s (t, ⟨k - d, by omega⟩, ())

/-- How much of `w` is along `x`, both as points in planes, summed over heads. -/
def alongTurn (x w : Tensor R (cube h n (d + d))) : Tensor R (mat n d) := fun (t, j, _) =>
  sum fun g => x (g, t, j.castAdd d, ()) * w (g, t, j.castAdd d, ()) +
    x (g, t, j.natAdd d, ()) * w (g, t, j.natAdd d, ())

/-- How much of `w` is along `x` turned by a right angle, summed over heads. -/
def acrossTurn (x w : Tensor R (cube h n (d + d))) : Tensor R (mat n d) := fun (t, j, _) =>
  sum fun g => x (g, t, j.castAdd d, ()) * w (g, t, j.natAdd d, ()) -
    x (g, t, j.natAdd d, ()) * w (g, t, j.castAdd d, ())

end Tensor

end

namespace Tensor

variable (c s : Tensor R (mat n d)) (x w : Tensor R (cube h n (d + d))) (g : Fin h) (t : Fin n)
  (j : Fin d)

theorem rotate_castAdd : rotate x c s (g, t, j.castAdd d, ()) =
    x (g, t, j.castAdd d, ()) * c (t, j, ()) - x (g, t, j.natAdd d, ()) * s (t, j, ()) :=
  dif_pos j.isLt

theorem rotate_natAdd : rotate x c s (g, t, j.natAdd d, ()) =
    x (g, t, j.natAdd d, ()) * c (t, j, ()) + x (g, t, j.castAdd d, ()) * s (t, j, ()) := by
  have hj : (⟨d + j.val - d, by omega⟩ : Fin d) = j := Fin.ext (by simp)
  have hi : (⟨d + j.val - d, by omega⟩ : Fin (d + d)) = j.castAdd d := Fin.ext (by simp)
  refine (dif_neg (by simp)).trans ?_
  simp only [Fin.val_natAdd, hj, hi]

private theorem sum_halves (f : Fin (d + d) → R) :
    sum f = sum fun j : Fin d => f (j.castAdd d) + f (j.natAdd d) :=
  (sum_append rfl f).trans (sum_add _ _).symm

private theorem dot_halves : x.dot w = sum fun g => sum fun t => sum fun j =>
    x (g, t, j.castAdd d, ()) * w (g, t, j.castAdd d, ()) +
      x (g, t, j.natAdd d, ()) * w (g, t, j.natAdd d, ()) :=
  sum_congr fun _ => sum_congr fun _ => sum_halves _

/-- Turning back is adjoint to turning. -/
theorem rotate_dot : (rotate x c s).dot w = x.dot (rotate w c s.neg) := by
  rw [dot_halves, dot_halves]
  refine sum_congr fun g => sum_congr fun t => sum_congr fun j => ?_
  simp only [rotate_castAdd, rotate_natAdd, neg_apply]
  grind

/-- Turning is linear in the tables too. -/
theorem rotate_dot_tables :
    (rotate x c s).dot w = c.dot (alongTurn x w) + s.dot (acrossTurn x w) := by
  rw [dot_halves, sum_comm, dot_mat, dot_mat, ← sum_add]
  refine sum_congr fun t => ?_
  rw [sum_comm, ← sum_add]
  refine sum_congr fun j => ?_
  simp only [alongTurn, acrossTurn, mul_sum, ← sum_add]
  refine sum_congr fun g => ?_
  simp only [rotate_castAdd, rotate_natAdd]
  grind

/-- The product of a row turned at `t` and one turned at `u` has of the tables the cosine and the
sine of the difference of the two angles, by their sums of products. -/
theorem rotate_dot_rotate {h' : Nat} (y : Tensor R (cube h' n (d + d))) (g' : Fin h') (u : Fin n) :
    (sum fun k => rotate x c s (g, t, k, ()) * rotate y c s (g', u, k, ())) = sum fun j =>
      (c (t, j, ()) * c (u, j, ()) + s (t, j, ()) * s (u, j, ())) *
        (x (g, t, j.castAdd d, ()) * y (g', u, j.castAdd d, ()) +
          x (g, t, j.natAdd d, ()) * y (g', u, j.natAdd d, ())) +
      (s (t, j, ()) * c (u, j, ()) - c (t, j, ()) * s (u, j, ())) *
        (x (g, t, j.castAdd d, ()) * y (g', u, j.natAdd d, ()) -
          x (g, t, j.natAdd d, ()) * y (g', u, j.castAdd d, ())) := by
  rw [sum_halves]
  refine sum_congr fun j => ?_
  simp only [rotate_castAdd, rotate_natAdd]
  grind

end Tensor

noncomputable section

/-- Rotary position embedding, on operands `x` and the tables of cosines and sines. -/
def Op.rotary (h n d : Nat) : Op R [cube h n (d + d), mat n d, mat n d] (cube h n (d + d)) where
  forward x := x.1.rotate x.2.1 x.2.2.1
  jvp x dx := dx.1.rotate x.2.1 x.2.2.1 + x.1.rotate dx.2.1 dx.2.2.1
  vjp x δ := (δ.rotate x.2.1 x.2.2.1.neg, x.1.alongTurn δ, x.1.acrossTurn δ, ())
  correct x dx δ := by
    rw [Tensor.add_dot, Tensor.rotate_dot, Tensor.rotate_dot_tables]
    simp [dotList, add_zero]

/-- The heads at `x`, every row turned by the cosines at `c` and the sines at `s`. -/
def TapeNodes.rotary {Γ : List Shape} (x : Idx Γ (cube h n (d + d))) (c s : Idx Γ (mat n d)) :
    Node R Γ (cube h n (d + d)) where
  args := _
  op := .rotary h n d
  operands := .cons x (.cons c (.cons s .nil))

end

end Proofs.Autograd
