module

public import Proofs.Autograd.Tape.Context

/-!
# The entries of a context that grows

What is appended to a context stands at its end, `getIdx_snoc_last`, and all else where it stood,
`getIdx_snoc_of_lt`: so the value of a node of a graph is read from those of the nodes before it by
rewriting, and no list is walked through.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} {ss : List Shape} {s τ : Shape}

private theorem getIdx_push : {Γ : List Shape} → (x : TList R Γ) → (t : Tensor R τ) → (i : Nat) →
    (h : (Γ ++ [τ])[i]? = some s) → (h' : Γ[i]? = some s) →
    getIdx (x.push t) (.pos i h) = getIdx x (.pos i h')
  | _ :: _, _, _, 0, _, _ => rfl
  | _ :: _, x, t, i + 1, h, h' => getIdx_push x.2 t i h h'

private theorem getIdx_push_last : {Γ : List Shape} → (x : TList R Γ) → (t : Tensor R τ) →
    (h : (Γ ++ [τ])[Γ.length]? = some τ) → getIdx (x.push t) (.pos Γ.length h) = t
  | [], _, _, _ => rfl
  | _ :: _, x, t, h => getIdx_push_last x.2 t h

/-- What stands in a context stands there in the longer one. -/
theorem getIdx_snoc : {Γ : List Shape} → (x : TList R (Γ ++ ss)) → (t : Tensor R τ) → (i : Nat) →
    (h : (Γ ++ (ss ++ [τ]))[i]? = some s) → (h' : (Γ ++ ss)[i]? = some s) →
    getIdx (x.snoc t) (.pos i h) = getIdx x (.pos i h')
  | [], x, t, i, h, h' => getIdx_push x t i h h'
  | _ :: _, _, _, 0, _, _ => rfl
  | _ :: _, x, t, i + 1, h, h' => getIdx_snoc x.2 t i h h'

private theorem getIdx_snoc_length : {Γ : List Shape} → (x : TList R (Γ ++ ss)) →
    (t : Tensor R τ) → (h : (Γ ++ (ss ++ [τ]))[(Γ ++ ss).length]? = some τ) →
    getIdx (x.snoc t) (.pos (Γ ++ ss).length h) = t
  | [], x, t, h => getIdx_push_last x t h
  | _ :: _, x, t, h => getIdx_snoc_length x.2 t h

/-- The context that nothing was saved to yet. -/
theorem getIdx_appendNil : {Γ : List Shape} → (x : TList R Γ) → (i : Nat) →
    (h : (Γ ++ [])[i]? = some s) → (h' : Γ[i]? = some s) →
    getIdx x.appendNil (.pos i h) = getIdx x (.pos i h')
  | _ :: _, _, 0, _, _ => rfl
  | _ :: _, x, i + 1, h, h' => getIdx_appendNil x.2 i h h'

variable {Γ : List Shape} {i : Nat}

/-- `getIdx_snoc`, by the length alone. -/
theorem getIdx_snoc_of_lt (x : TList R (Γ ++ ss)) (t : Tensor R τ) (hi : i < (Γ ++ ss).length)
    (h : (Γ ++ (ss ++ [τ]))[i]? = some s) :
    getIdx (x.snoc t) (.pos i h) = getIdx x (.pos i (by
      rwa [← List.append_assoc, List.getElem?_append_left hi] at h)) :=
  getIdx_snoc x t i h _

/-- What was appended last stands last. -/
theorem getIdx_snoc_last (x : TList R (Γ ++ ss)) (t : Tensor R τ) (hi : i = (Γ ++ ss).length)
    (h : (Γ ++ (ss ++ [τ]))[i]? = some τ) : getIdx (x.snoc t) (.pos i h) = t := by
  subst hi; exact getIdx_snoc_length x t h

end Proofs.Autograd
