module

public import Proofs.Autograd.Algebra.Scalar

/-!
# A field of integers

`GF`, the integers modulo the prime 2³¹ − 1, with fixed polynomials in the place of `exp`, `log`,
`sqrt`, `tanh` and the unit step. Nothing about them is assumed when a graph runs, so a graph over
`GF` is the same formula as over the reals, and the kernel can compute it.

Sum, product and inverse are spelled with `Nat.add`, `Nat.mul`, `Nat.mod` and `Nat.pow`, on which
the kernel computes with numerals.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

noncomputable section

/-- The integers modulo the prime 2³¹ − 1. -/
def GF : Type := Fin 2147483647

namespace GF

/-- The residue of a natural number. -/
def of (n : Nat) : GF := ⟨Nat.mod n 2147483647, Nat.mod_lt n (by decide)⟩

/-- The power of a residue. -/
def power (x k : Nat) : Nat := Nat.mod (Nat.pow x k) 2147483647

/-- The product of two residues. -/
def times (x y : Nat) : Nat := Nat.mod (Nat.mul x y) 2147483647

/-- The inverse of a residue, `x ^ (2³¹ − 3)`: `xₖ` stands for `x ^ (2ᵏ − 1)`. -/
def inverse (x : Nat) : Nat :=
  let x₂ := times (power x 2) x
  let x₃ := times (power x₂ 2) x
  let x₄ := times (power x₂ 4) x₂
  let x₇ := times (power x₄ 8) x₃
  let x₁₄ := times (power x₇ 128) x₇
  let x₂₈ := times (power (power x₁₄ 128) 128) x₁₄
  let x₂₉ := times (power x₂₈ 2) x
  times (power x₂₉ 4) x

instance : CommRing GF :=
  { (inferInstanceAs (CommRing (Fin 2147483647)) : CommRing GF) with
    add x y := of (Nat.add x.val y.val)
    mul x y := of (Nat.mul x.val y.val) }

/-- The stand-ins are neither even nor odd, and none is another's derivative, so that no sign or
factor is lost. -/
instance scalarOps : ScalarOps GF where
  inv x := of (inverse x.val)
  div x y := x * of (inverse y.val)
  exp x := x * x + 3 * x + 7
  log x := 5 * (x * x) + 17 * x + 19
  sqrt x := 2 * (x * x) + 5 * x + 11
  tanh x := 3 * (x * x) + 13 * x + 17
  step x := 7 * (x * x) + 23 * x + 29

end GF

end

end Proofs.Autograd
