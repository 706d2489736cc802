module

public import Upstream.Graphs

/-! Graphs behind casts along equal contexts and equal lists of shapes, as `simpa` leaves them. -/

@[expose] public noncomputable section

local notation "ℝ" => Real

namespace Proofs.Autograd.Single
open Spec TapeNodes

variable {m n : Nat}

/-- The last node of a graph, scaled. -/
def appendScaleLast {Γ ss ts : List Shape} {s : Shape} (dg : DGraph Γ ts) (h : ts = ss ++ [s])
    (c : ℝ) : DGraph Γ (ts ++ [s]) :=
  have hctx : Γ ++ (ss ++ [s]) = Γ ++ ts := by rw [h]
  dg.snoc (scale (hctx ▸ Idx.last) c) (Node.fderiv _)

/-- Two nodes. -/
def twoDGraph : DGraph [mat m n, mat n m] ([mat m m] ++ [mat m m]) :=
  let d : DGraph [mat m n, mat n m] ([] ++ [mat m m]) :=
    DGraph.nil.snoc (matmul (n := n) (.pos 0 rfl) (.pos 1 rfl)) (Node.fderiv _)
  d.snoc (ss := [mat m m]) (add (s := mat m m) (.pos 2 rfl) (.pos 2 rfl)) (Node.fderiv _)

/-- Three, behind a cast that a tactic made. -/
def threeDGraph (c : ℝ) : DGraph [mat m n, mat n m] [mat m m, mat m m, mat m m] := by
  have dg := appendScaleLast (ss := [mat m m]) (s := mat m m) (twoDGraph (m := m) (n := n)) rfl c
  simpa using dg

/-- Four, behind casts there and back. -/
def castDGraph (c : ℝ) : DGraph [mat m n, mat n m] ([mat m m, mat m m, mat m m] ++ [mat n n]) :=
  have e : DGraph [mat m n, mat n m] ([mat m m, mat m m] ++ [mat m m]) =
      DGraph [mat m n, mat n m] [mat m m, mat m m, mat m m] := by simp
  let d := Eq.mpr e.symm (threeDGraph c)
  DGraph.snoc (ss := [mat m m, mat m m, mat m m]) (cast e d)
    (matmul (n := m) ((Idx.pos (Γ := [mat m n, mat n m]) 1 rfl).weaken _)
      (Idx.weaken (.pos (Γ := [mat m n, mat n m]) 0 rfl) _)) (Node.fderiv _)

end Proofs.Autograd.Single
