module

public import Proofs.Autograd.Nodes.Certified.Elementwise

/-!
# A certificate says something

A wrong rule for a derivative passes the law of adjointness, as long as JVP and VJP are wrong in the
same way; no certificate of it exists. So certificates, and with them the theorems about
derivatives, are not for free.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Sanity

open Spec

variable {R : Type} [AnalyticScalar R]

noncomputable section

/-- The square of a scalar, with a rule that forgets the factor 2. -/
def wrongSquare : Node R [.scalar] .scalar :=
  TapeNodes.elemwise (.pos 0 rfl) (fun z => z * z) fun z => z

/-- The square of a scalar. -/
def square : Node R [.scalar] .scalar :=
  TapeNodes.elemwise (.pos 0 rfl) (fun z => z * z) fun z => 2 * z

/-- The certificate of the square. -/
def squareFderiv : NodeFDerivCorrect (square (R := R)) :=
  TapeNodes.elemwiseFderiv _ _ _ hasDerivAt_mul_self

end

/-- The wrong rule is adjoint to itself. -/
theorem wrongSquare_correct (x dx : TList R [.scalar]) (δ : Tensor R .scalar) :
    (wrongSquare.jvp x dx).dot δ = dotList dx (wrongSquare.vjp x δ) :=
  wrongSquare.correct x dx δ

/-- The wrong rule has no certificate. -/
theorem not_nodeFDerivCorrect_wrongSquare :
    ¬Nonempty (NodeFDerivCorrect (wrongSquare (R := R))) := by
  intro ⟨hn⟩
  let one : CtxVec R [.scalar] := fun _ => 1
  have h : hn.deriv one = squareFderiv.deriv one :=
    (hn.hasFDerivAt one).unique (squareFderiv.hasFDerivAt one)
  have h₁ : wrongSquare.jvpVec one one = square.jvpVec one one := by
    rw [hn.jvp_eq, squareFderiv.jvp_eq, h]
  have h₂ : (1 : R) * 1 = 2 * 1 * 1 := congrFun h₁ ⟨0, Nat.one_pos⟩
  grind

end Proofs.Autograd.Sanity
