module

public import Proofs.Autograd.Nodes.Certified.Activations
public import Proofs.Autograd.Nodes.Certified.Affine
public import Proofs.Autograd.Nodes.Certified.Total
public import Proofs.Autograd.Tape.DGraph

/-!
# A multilayer perceptron and its mean squared error

Two dense layers with a hyperbolic tangent between them, applied to each of `n` samples, and the
mean of the squared differences from a target: a graph that ends in a scalar, so that its reverse
pass with the seed 1 there is the gradient of the loss. All weights, biases, the samples and the
target are inputs.

Main results: `mlpMse_hasFDerivAt`, `mlpMse_backpropVec_eq_adjoint_fderiv`, and what the loss is,
`mlpMseGraph_loss_eq_textbook`.

References: PyTorch, `nn.Linear`, `nn.Tanh`, `nn.MSELoss`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Mlp

open Spec Shape

noncomputable section

variable {R : Type} [ScalarOps R] {n dIn dHidden dOut : Nat}

/-- The inputs: samples, weights and biases of two layers, and the target. -/
abbrev ΓMlpMse (n dIn dHidden dOut : Nat) : List Shape :=
  [mat n dIn, mat dHidden dIn, vec dHidden, mat dOut dHidden, vec dOut, mat n dOut]

/-- The saved tensors: the hidden layer before and after the hyperbolic tangent, the output, its
difference from the target, the squares of that, and their mean. -/
abbrev ssMlpMse (n dHidden dOut : Nat) : List Shape :=
  [mat n dHidden, mat n dHidden, mat n dOut, mat n dOut, mat n dOut, .scalar]

/-- The position of the loss. -/
def mlpMseIdxLoss : Idx (ΓMlpMse n dIn dHidden dOut ++ ssMlpMse n dHidden dOut) .scalar :=
  .pos 11 rfl

/-- A multilayer perceptron and its mean squared error. -/
def mlpMseGraph : Graph R (ΓMlpMse n dIn dHidden dOut) (ssMlpMse n dHidden dOut) :=
  Graph.nil
    |>.snoc (TapeNodes.dense (n := n) (i := dIn) (o := dHidden) (.pos 0 rfl) (.pos 1 rfl)
      (.pos 2 rfl))
    |>.snoc (TapeNodes.tanh (s := mat n dHidden) (.pos 6 rfl))
    |>.snoc (TapeNodes.dense (n := n) (i := dHidden) (o := dOut) (.pos 7 rfl) (.pos 3 rfl)
      (.pos 4 rfl))
    |>.snoc (TapeNodes.sub (s := mat n dOut) (.pos 8 rfl) (.pos 5 rfl))
    |>.snoc (TapeNodes.square (s := mat n dOut) (.pos 9 rfl))
    |>.snoc (TapeNodes.mean (s := mat n dOut) (.pos 10 rfl))

/-- The names of inputs and saved tensors. -/
def mlpMseDGraph.names : List String :=
  ["x", "W1", "b1", "W2", "b2", "target", "pre", "act", "out", "error", "squares", "loss"]

/-! ### The textbook -/

attribute [local instance] Laws.natCast

/-- A dense layer, `y[t,k] = Σ_j x[t,j] · W[k,j] + b[k]`. -/
def textbookDense {i o : Nat} (W : Tensor R (mat o i)) (b : Tensor R (vec o))
    (x : Tensor R (mat n i)) : Tensor R (mat n o) :=
  fun (t, k, _) => sum (fun j => x (t, j, ()) * W (k, j, ())) + b (k, ())

/-- The perceptron `x ↦ W2 · tanh (W1 · x + b1) + b2` at each sample. -/
def textbookMlp (W1 : Tensor R (mat dHidden dIn)) (b1 : Tensor R (vec dHidden))
    (W2 : Tensor R (mat dOut dHidden)) (b2 : Tensor R (vec dOut)) (x : Tensor R (mat n dIn)) :
    Tensor R (mat n dOut) :=
  textbookDense W2 b2 ((textbookDense W1 b1 x).map ScalarOps.tanh)

/-- The mean squared error, `(n · d)⁻¹ · Σ_t Σ_k (y[t,k] − target[t,k])²`. -/
def textbookMse {d : Nat} (y target : Tensor R (mat n d)) : R :=
  ((n * (d * 1) : Nat) : R)⁻¹ * sum fun t => sum fun k =>
    (y (t, k, ()) - target (t, k, ())) * (y (t, k, ()) - target (t, k, ()))

end

/-- The graph's last entry is the mean squared error of the perceptron. -/
theorem mlpMseGraph_loss_eq_textbook {R : Type} [ScalarOps R] {n dIn dHidden dOut : Nat}
    (x : Tensor R (mat n dIn)) (W1 : Tensor R (mat dHidden dIn)) (b1 : Tensor R (vec dHidden))
    (W2 : Tensor R (mat dOut dHidden)) (b2 : Tensor R (vec dOut)) (target : Tensor R (mat n dOut)) :
    getIdx (mlpMseGraph.eval (x, W1, b1, W2, b2, target, ())) mlpMseIdxLoss () =
      textbookMse (textbookMlp W1 b1 W2 b2 x) target :=
  (rfl)

/-! ### Certificates -/

section

variable {R : Type} [AnalyticScalar R] {n dIn dHidden dOut : Nat}

/-- `mlpMseGraph` and its certificate. -/
noncomputable def mlpMseDGraph :
    DGraph R (ΓMlpMse n dIn dHidden dOut) (ssMlpMse n dHidden dOut) where
  g := mlpMseGraph
  hg := GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.tanhFderiv ..)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.subFderiv ..)
    |>.snoc (TapeNodes.squareFderiv ..)
    |>.snoc (TapeNodes.meanFderiv ..)

variable (xV : CtxVec R (ΓMlpMse n dIn dHidden dOut))

/-- The perceptron and its loss are differentiable, and the derivative is the graph's JVP. -/
theorem mlpMse_hasFDerivAt :
    HasFDerivAt mlpMseDGraph.g.evalVec (mlpMseDGraph.g.jvpCLM xV) xV :=
  mlpMseDGraph.hasFDerivAt_evalVec xV

/-- The reverse pass of the perceptron and its loss is the adjoint of their derivative. -/
theorem mlpMse_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓMlpMse n dIn dHidden dOut ++ ssMlpMse n dHidden dOut)) :
    mlpMseDGraph.g.backpropVec xV seedV =
      (fderiv R mlpMseDGraph.g.evalVec xV).adjoint seedV :=
  mlpMseDGraph.backpropVec_eq_adjoint_fderiv xV seedV

end

end Proofs.Autograd.Mlp
