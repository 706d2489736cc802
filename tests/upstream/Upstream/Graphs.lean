module

public import Upstream.Nodes

/-! Three of upstream's graphs, and a few that show one thing each. -/

@[expose] public noncomputable section

local notation "ℝ" => Real
local notation:25 M " →L[" R "] " N => ContinuousLinearMap R M N

namespace Proofs.Autograd
open Spec TapeNodes TapeNodes.ShapeOps

namespace MultiHeadAttention

/-- The inputs of attention. -/
abbrev ΓMHA (n dModel numHeads headDim : Nat) : List Shape :=
  [mat n dModel, mat dModel (numHeads * headDim), mat dModel (numHeads * headDim),
    mat dModel (numHeads * headDim), mat (numHeads * headDim) dModel]

/-- Its saved tensors. -/
abbrev ssMHA (n dModel numHeads headDim : Nat) : List Shape :=
  [mat n (numHeads * headDim), cube numHeads n headDim, mat n (numHeads * headDim),
    cube numHeads n headDim, cube numHeads headDim n, mat n (numHeads * headDim),
    cube numHeads n headDim, cube numHeads n n, cube numHeads n n, cube numHeads n n,
    cube numHeads n headDim, cube n numHeads headDim, mat n (numHeads * headDim), mat n dModel]

variable {n dModel numHeads headDim : Nat}

theorem split_size :
    (mat n (numHeads * headDim)).size = (cube numHeads n headDim).size := by
  simp [Shape.size, Nat.mul_left_comm]

theorem merge_size :
    (cube n numHeads headDim).size = (mat n (numHeads * headDim)).size := by
  simp [Shape.size]

/-- Attention, with its heads split by a bare reshape. -/
def mhaDGraph (c : ℝ) :
    DGraph (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim) :=
  let dg1 := (DGraph.nil (Γ := ΓMHA n dModel numHeads headDim)).snoc
    (TapeNodes.matmul (n := dModel) (.pos 0 rfl) (.pos 1 rfl)) (Node.fderiv _)
  let dg2 := dg1.snoc (ss := (ssMHA n dModel numHeads headDim).take 1)
    (reshape (s₂ := cube numHeads n headDim) (.pos 5 rfl) split_size) (Node.fderiv _)
  let dg3 := dg2.snoc (ss := (ssMHA n dModel numHeads headDim).take 2)
    (TapeNodes.matmul (n := dModel) (.pos 0 rfl) (.pos 2 rfl)) (Node.fderiv _)
  let dg4 := dg3.snoc (ss := (ssMHA n dModel numHeads headDim).take 3)
    (reshape (s₂ := cube numHeads n headDim) (.pos 7 rfl) split_size) (Node.fderiv _)
  let dg5 := dg4.snoc (ss := (ssMHA n dModel numHeads headDim).take 4)
    (transpose3dLastTwo (a := numHeads) (b := n) (c := headDim) (.pos 8 rfl)) (Node.fderiv _)
  let dg6 := dg5.snoc (ss := (ssMHA n dModel numHeads headDim).take 5)
    (TapeNodes.matmul (n := dModel) (.pos 0 rfl) (.pos 3 rfl)) (Node.fderiv _)
  let dg7 := dg6.snoc (ss := (ssMHA n dModel numHeads headDim).take 6)
    (reshape (s₂ := cube numHeads n headDim) (.pos 10 rfl) split_size) (Node.fderiv _)
  let dg8 := dg7.snoc (ss := (ssMHA n dModel numHeads headDim).take 7)
    (Batched.matmul (n := headDim) (.pos 6 rfl) (.pos 9 rfl)) (Node.fderiv _)
  let dg9 := dg8.snoc (ss := (ssMHA n dModel numHeads headDim).take 8)
    (scale (s := cube numHeads n n) (.pos 12 rfl) c) (Node.fderiv _)
  let dg10 := dg9.snoc (ss := (ssMHA n dModel numHeads headDim).take 9)
    (Batched.softmaxLast (h := numHeads) (m := n) (n := n) (.pos 13 rfl)) (Node.fderiv _)
  let dg11 := dg10.snoc (ss := (ssMHA n dModel numHeads headDim).take 10)
    (Batched.matmul (n := n) (.pos 14 rfl) (.pos 11 rfl)) (Node.fderiv _)
  let dg12 := dg11.snoc (ss := (ssMHA n dModel numHeads headDim).take 11)
    (swapFirstTwo3d (m := numHeads) (n := n) (.pos 15 rfl)) (Node.fderiv _)
  let dg13 := dg12.snoc (ss := (ssMHA n dModel numHeads headDim).take 12)
    (reshape (s₂ := mat n (numHeads * headDim)) (.pos 16 rfl) merge_size) (Node.fderiv _)
  dg13.snoc (ss := (ssMHA n dModel numHeads headDim).take 13)
    (TapeNodes.matmul (n := numHeads * headDim) (.pos 17 rfl) (.pos 4 rfl)) (Node.fderiv _)

end MultiHeadAttention

namespace Transformer
open MultiHeadAttention

variable {n seqLen dModel numHeads headDim dFF : Nat}

/-- Attention's input. -/
def residualIdxX :
    Idx (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim) (mat n dModel)
    := .pos 0 rfl

/-- Attention's output. -/
def residualIdxAttnOut :
    Idx (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim) (mat n dModel) :=
  Idx.last (ss := (ssMHA n dModel numHeads headDim).take 13)

/-- Attention and its residual sum. -/
def mhaResidualDGraph (c : ℝ) :
    DGraph (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim ++ [mat n dModel]) :=
  DGraph.snoc (mhaDGraph c) (add residualIdxX residualIdxAttnOut) (Node.fderiv _)

/-- The parameters of two normalisations. -/
abbrev norms (dModel : Nat) : List Shape := [vec dModel, vec dModel, vec dModel, vec dModel]

/-- Attention with its residual sum, beside the parameters of normalisations. -/
def encoderMhaResidualDGraph (c : ℝ) :
    DGraph (ΓMHA seqLen dModel numHeads headDim ++ norms dModel)
      (ssMHA seqLen dModel numHeads headDim ++ [mat seqLen dModel]) :=
  (mhaResidualDGraph c).weakenContext (norms dModel)

/-- The operands of the first normalisation. -/
def encoderNorm1Inputs : LayerNorm.Inputs (ΓMHA seqLen dModel numHeads headDim ++ norms dModel ++
    (ssMHA seqLen dModel numHeads headDim ++ [mat seqLen dModel])) seqLen dModel :=
  ⟨.pos 23 rfl, .pos 5 rfl, .pos 6 rfl⟩

/-- Up to the first normalisation. -/
def encoderAfterNorm1Graph (c ε₁ : ℝ) : Graph (ΓMHA seqLen dModel numHeads headDim ++ norms dModel)
    (ssMHA seqLen dModel numHeads headDim ++ [mat seqLen dModel] ++ [mat seqLen dModel]) :=
  .snoc (encoderMhaResidualDGraph c).g (LayerNorm.wholeNode encoderNorm1Inputs ε₁)

/-- Up to the second residual sum. -/
def encoderFfnResidualGraph
    (fc1 : Vec (mat seqLen dModel).size →L[ℝ] Vec (mat seqLen dFF).size)
    (b1 : Vec (mat seqLen dFF).size)
    (fc2 : Vec (mat seqLen dFF).size →L[ℝ] Vec (mat seqLen dModel).size)
    (b2 : Vec (mat seqLen dModel).size)
    (c ε₁ : ℝ) : Graph (ΓMHA seqLen dModel numHeads headDim ++ norms dModel)
    (ssMHA seqLen dModel numHeads headDim ++ [mat seqLen dModel, mat seqLen dModel, mat seqLen dFF,
      mat seqLen dFF, mat seqLen dModel, mat seqLen dModel]) :=
  let g0 := encoderAfterNorm1Graph (numHeads := numHeads) (headDim := headDim) c ε₁
  let g1 := g0.snoc (affine (sIn := mat seqLen dModel) (sOut := mat _ dFF) (.pos 24 rfl) fc1 b1)
  let g2 := g1.snoc (gelu (s := mat seqLen dFF) (.pos 25 rfl))
  let g3 := g2.snoc (affine (sIn := mat seqLen dFF) (sOut := mat _ dModel) (.pos 26 rfl) fc2 b2)
  g3.snoc (add (s := mat seqLen dModel) (.pos 24 rfl) (.pos 27 rfl))

/-- The operands of the second normalisation. -/
def encoderNorm2Inputs : LayerNorm.Inputs (ΓMHA seqLen dModel numHeads headDim ++ norms dModel ++
    (ssMHA seqLen dModel numHeads headDim ++ [mat seqLen dModel, mat seqLen dModel, mat seqLen dFF,
      mat seqLen dFF, mat seqLen dModel, mat seqLen dModel])) seqLen dModel :=
  ⟨.pos 28 rfl, .pos 7 rfl, .pos 8 rfl⟩

/-- A post-norm encoder block. -/
def encoderBlockGraph
    (fc1 : Vec (mat seqLen dModel).size →L[ℝ] Vec (mat seqLen dFF).size)
    (b1 : Vec (mat seqLen dFF).size)
    (fc2 : Vec (mat seqLen dFF).size →L[ℝ] Vec (mat seqLen dModel).size)
    (b2 : Vec (mat seqLen dModel).size)
    (c ε₁ ε₂ : ℝ) : Graph (ΓMHA seqLen dModel numHeads headDim ++ norms dModel)
    (ssMHA seqLen dModel numHeads headDim ++ [mat seqLen dModel, mat seqLen dModel, mat seqLen dFF,
      mat seqLen dFF, mat seqLen dModel, mat seqLen dModel, mat seqLen dModel]) :=
  .snoc (encoderFfnResidualGraph fc1 b1 fc2 b2 c ε₁) (LayerNorm.wholeNode encoderNorm2Inputs ε₂)

/-- The certificates of attention are those of its graph. -/
theorem mha_certified (c : ℝ) :
    ∃ hg : GraphFDerivCorrect (mhaDGraph (n := n) (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) c).g, hg = (mhaDGraph c).hg :=
  ⟨_, rfl⟩

end Transformer

namespace Single

variable {m n : Nat}

/-- What a normalisation saves behind the centred rows. -/
abbrev ssNormed (m n : Nat) : List Shape :=
  [mat m n, vec m, vec m, vec m, vec m, mat m n, mat m n, mat m n, mat m n, mat m n, mat m n]

/-- A normalisation of rows from its parts, in two graphs, one behind the other. -/
def appendedDGraph (ε : ℝ) :
    DGraph [mat m n, vec n, vec n] ([vec m, mat m n, mat m n] ++ ssNormed m n) :=
  let a0 : DGraph [mat m n, vec n, vec n] [] := .nil
  let a1 := a0.snoc (rowMean (n := n) (.pos 0 rfl)) (Node.fderiv _)
  let a2 := a1.snoc (broadcastRow (n := n) (.pos 3 rfl)) (Node.fderiv _)
  let a3 := a2.snoc (sub (s := mat m n) (.pos 0 rfl) (.pos 4 rfl)) (Node.fderiv _)
  let b0 : DGraph ([mat m n, vec n, vec n] ++ [vec m, mat m n, mat m n]) [] := .nil
  let b1 := b0.snoc (ss := (ssNormed m n).take 0) (mul (s := mat m n) (.pos 5 rfl) (.pos 5 rfl))
    (Node.fderiv _)
  let b2 := b1.snoc (ss := (ssNormed m n).take 1) (rowMean (n := n) (.pos 6 rfl)) (Node.fderiv _)
  let b3 := b2.snoc (ss := (ssNormed m n).take 2) (LayerNorm.nodeVarEps (.pos 7 rfl) ε)
    (Node.fderiv _)
  let b4 := b3.snoc (ss := (ssNormed m n).take 3) (sqrtClamp (s := vec m) (.pos 8 rfl))
    (Node.fderiv _)
  let b5 := b4.snoc (ss := (ssNormed m n).take 4) (inv (s := vec m) (.pos 9 rfl)) (Node.fderiv _)
  let b6 := b5.snoc (ss := (ssNormed m n).take 5) (broadcastRow (n := n) (.pos 10 rfl))
    (Node.fderiv _)
  let b7 := b6.snoc (ss := (ssNormed m n).take 6) (mul (s := mat m n) (.pos 5 rfl) (.pos 11 rfl))
    (Node.fderiv _)
  let b8 := b7.snoc (ss := (ssNormed m n).take 7) (broadcastCol (m := m) (.pos 1 rfl))
    (Node.fderiv _)
  let b9 := b8.snoc (ss := (ssNormed m n).take 8) (mul (s := mat m n) (.pos 12 rfl) (.pos 13 rfl))
    (Node.fderiv _)
  let b10 := b9.snoc (ss := (ssNormed m n).take 9) (broadcastCol (m := m) (.pos 2 rfl))
    (Node.fderiv _)
  a3.append (b10.snoc (ss := (ssNormed m n).take 10) (add (s := mat m n) (.pos 14 rfl) (.pos 15 rfl))
    (Node.fderiv _))

/-- A linear map of vectors. -/
def linearDGraph (L : Vec n →L[ℝ] Vec m) : DGraph [vec n] [vec m] :=
  DGraph.nil.snoc (linear (inDim := n) (outDim := m) (.pos 0 rfl) L) (Node.fderiv _)

/-- A difference of vectors. -/
def subtractedDGraph : DGraph [vec n, vec n] [vec n] :=
  DGraph.nil.snoc (sub (s := vec n) (.pos 0 rfl) (.pos 1 rfl)) (Node.fderiv _)

/-- Inverses. -/
def invertedDGraph : DGraph [vec n] [vec n] :=
  DGraph.nil.snoc (inv (s := vec n) (.pos 0 rfl)) (Node.fderiv _)

/-- Means of rows. -/
def averagedDGraph : DGraph [mat m n] [vec m] :=
  DGraph.nil.snoc (rowMean (n := n) (.pos 0 rfl)) (Node.fderiv _)

/-- A head of another era. -/
def reindexedDGraph : DGraph [vec n] [vec n] :=
  DGraph.nil.snoc (ShapeOps.reindex (source := vec n) (.pos 0 rfl) fun i => i) (Node.fderiv _)

/-- A head that nobody knows, behind one that is known. -/
def rotatedDGraph : DGraph [mat m n] [mat m n, mat m n] :=
  (DGraph.nil.snoc (add (s := mat m n) (.pos 0 rfl) (.pos 0 rfl))
    (Node.fderiv _)).snoc (rotate (m := m) (n := n) (.pos 1 rfl)) (Node.fderiv _)

/-- Elementwise with functions that nobody knows. -/
def shiftedTwiceDGraph (ε : ℝ) : DGraph [vec n] [vec n] :=
  DGraph.nil.snoc (elemwise (s := vec n) (.pos 0 rfl) (fun z => z + ε + ε) (fun _ => 1))
    (Node.fderiv _)

/-- A sum that is none. -/
@[reducible] def firstOf : Add ℝ := ⟨fun a _ => a⟩

/-- Elementwise with another instance behind `+`. -/
def otherSumDGraph (ε : ℝ) : DGraph [vec n] [vec n] :=
  DGraph.nil.snoc (elemwise (s := vec n) (.pos 0 rfl) (fun z => @HAdd.hAdd ℝ ℝ ℝ (@instHAdd ℝ firstOf) z ε) (fun _ => 1))
    (Node.fderiv _)

/-- A numeral that is another. -/
@[reducible] def two : OfNat ℝ 1 := ⟨⟨2⟩⟩

/-- Elementwise with another instance behind `1`. -/
def otherOneDGraph (ε : ℝ) : DGraph [vec n] [vec n] :=
  DGraph.nil.snoc (elemwise (s := vec n) (.pos 0 rfl) (fun z => z + ε) (fun _ => @OfNat.ofNat ℝ 1 two))
    (Node.fderiv _)

/-- A closure, which no head makes. -/
def closureDGraph : DGraph [vec n] [vec n] := DGraph.nil.snoc .nothing (Node.fderiv _)

/-- A graph that takes a proof. -/
def assumingDGraph (_h : m = n) : DGraph [mat m n] [mat m n] :=
  DGraph.nil.snoc (add (s := mat m n) (.pos 0 rfl) (.pos 0 rfl)) (Node.fderiv _)

end Single
end Proofs.Autograd
