module

public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Rotary

/-!
# The certificate of rotary position embedding

Every coordinate is a sum of two products.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [AnalyticScalar R] {N h n d : Nat} {x : Vec R N}

theorem HasTensorDerivAt.rotate {a a' : Vec R N → Tensor R (cube h n (d + d))}
    {c c' s s' : Vec R N → Tensor R (mat n d)} (ha : HasTensorDerivAt a a' x)
    (hc : HasTensorDerivAt c c' x) (hs : HasTensorDerivAt s s' x) :
    HasTensorDerivAt (fun v => (a v).rotate (c v) (s v))
      (fun v => (a' v).rotate (c x) (s x) + (a x).rotate (c' v) (s' v)) x := fun (g, t, k, _) => by
  by_cases hk : k.val < d
  · exact (((ha _).mul (hc _)).sub ((ha _).mul (hs _))).congr (fun _ => dif_pos hk) fun v => by
      simp only [Tensor.add_apply, Tensor.rotate, dif_pos hk]
      grind
  · exact (((ha _).mul (hc _)).add ((ha _).mul (hs _))).congr (fun _ => dif_neg hk) fun v => by
      simp only [Tensor.add_apply, Tensor.rotate, dif_neg hk]
      grind

theorem Op.rotary_fderivCorrect : OpFDerivCorrect (Op.rotary (R := R) h n d) :=
  fun _ _ _ _ ⟨ha, hc, hs, _⟩ _ => ha.rotate hc hs

/-- The certificate of `rotary`. -/
noncomputable def TapeNodes.rotaryFderiv {Γ : List Shape} (a : Idx Γ (cube h n (d + d)))
    (c s : Idx Γ (mat n d)) : NodeFDerivCorrect (rotary (R := R) a c s) :=
  .ofOp Op.rotary_fderivCorrect

end Proofs.Autograd
