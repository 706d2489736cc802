module

public import Upstream.Basics

/-! The heads of upstream's nodes, by their names, arguments and types; none computes anything. -/

@[expose] public noncomputable section

local notation "ℝ" => Real
local notation:25 M " →L[" R "] " N => ContinuousLinearMap R M N

namespace Proofs.Autograd
open Spec

variable {Γ : List Shape}

/-- The shape of vectors. -/
abbrev vec (n : Nat) : Shape := .dim n .scalar

/-- The shape of matrices. -/
abbrev mat (m n : Nat) : Shape := .dim m (vec n)

/-- The shape of tensors with three axes. -/
abbrev cube (h m n : Nat) : Shape := .dim h (mat m n)

namespace TapeNodes

def matmul {m n p : Nat} (_A : Idx Γ (mat m n)) (_B : Idx Γ (mat n p)) : Node Γ (mat m p) := .nothing

def Batched.matmul {h m n p : Nat} (_A : Idx Γ (cube h m n)) (_B : Idx Γ (cube h n p)) :
    Node Γ (cube h m p) := .nothing

def Batched.softmaxLast {h m n : Nat} (_idx : Idx Γ (cube h m n)) : Node Γ (cube h m n) := .nothing

def ShapeOps.reshape {s₁ s₂ : Shape} (_idx : Idx Γ s₁) (_h : s₁.size = s₂.size) : Node Γ s₂ := .nothing

def ShapeOps.transpose3dLastTwo {a b c : Nat} (_idx : Idx Γ (cube a b c)) : Node Γ (cube a c b) :=
  .nothing

def ShapeOps.swapFirstTwo3d {m n : Nat} {rest : Shape} (_idx : Idx Γ (.dim m (.dim n rest))) :
    Node Γ (.dim n (.dim m rest)) := .nothing

def scale {s : Shape} (_idx : Idx Γ s) (_c : ℝ) : Node Γ s := .nothing

def add {s : Shape} (_a _b : Idx Γ s) : Node Γ s := .nothing

def sub {s : Shape} (_a _b : Idx Γ s) : Node Γ s := .nothing

def mul {s : Shape} (_a _b : Idx Γ s) : Node Γ s := .nothing

def affine {sIn sOut : Shape} (_idx : Idx Γ sIn) (_A : Vec sIn.size →L[ℝ] Vec sOut.size)
    (_b : Vec sOut.size) : Node Γ sOut := .nothing

def linear {inDim outDim : Nat} (_idx : Idx Γ (vec inDim)) (_L : Vec inDim →L[ℝ] Vec outDim) :
    Node Γ (vec outDim) := .nothing

def gelu {s : Shape} (_idx : Idx Γ s) : Node Γ s := .nothing

def elemwise {s : Shape} (_idx : Idx Γ s) (_f _f' : ℝ → ℝ) : Node Γ s := .nothing

def sqrtClamp {s : Shape} (_idx : Idx Γ s) : Node Γ s := .nothing

def inv {s : Shape} (_idx : Idx Γ s) : Node Γ s := .nothing

def rowMean {m n : Nat} (_idx : Idx Γ (mat m n)) : Node Γ (vec m) := .nothing

def broadcastRow {m n : Nat} (_idx : Idx Γ (vec m)) : Node Γ (mat m n) := .nothing

def broadcastCol {m n : Nat} (_idx : Idx Γ (vec n)) : Node Γ (mat m n) := .nothing

/-- No head of upstream's. -/
def rotate {m n : Nat} (_idx : Idx Γ (mat m n)) : Node Γ (mat m n) := .nothing

/-- Another era's transposes: by a bijection of coordinates. -/
def ShapeOps.reindex {source target : Shape} (_idx : Proofs.Idx Γ source)
    (_e : Fin target.size → Fin source.size) : Node Γ target :=
  .ofFn (fun _ _ => 0) (fun _ _ _ => 0) (fun _ _ _ => 0) fun _ _ _ => by
    simp [inner, show (0 : Real).val = 0 from rfl, sum_zero]

end TapeNodes

namespace LayerNorm

/-- The operands of a whole normalisation. -/
structure Inputs (Γ : List Shape) (m n : Nat) where
  /-- What is normalised. -/
  x : Idx Γ (mat m n)
  /-- What it is scaled by. -/
  gamma : Idx Γ (vec n)
  /-- What is added. -/
  beta : Idx Γ (vec n)

def wholeNode {m n : Nat} (_inputs : Inputs Γ m n) (_ε : ℝ) : Node Γ (mat m n) := .nothing

/-- A name of a module's own for a node that a head makes. -/
def nodeVarEps {m : Nat} (idx : Idx Γ (vec m)) (ε : ℝ) : Node Γ (vec m) :=
  TapeNodes.elemwise idx (fun z => z + ε) (fun _ => 1)

end LayerNorm
end Proofs.Autograd
