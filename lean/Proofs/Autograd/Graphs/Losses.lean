module

public import Proofs.Autograd.Nodes.Certified.AxisSoftmax
public import Proofs.Autograd.Nodes.Certified.Gather
public import Proofs.Autograd.Nodes.Certified.Logarithms
public import Proofs.Autograd.Nodes.Certified.Rectifiers
public import Proofs.Autograd.Nodes.Certified.Total
public import Proofs.Autograd.Tape.DGraph

/-!
# Losses

Graphs that end in a scalar, so that the reverse pass with the seed 1 there is the gradient of the
loss: cross-entropy of logits, whose targets are whole numbers and an argument of the graph; the
mean squared error; binary cross-entropy of logits, whose targets are an input between 0 and 1; and
the loss of Huber, whose `δ` is an argument.

Main results, at every point and for all targets and `δ > 0`: `…_hasFDerivAt` and
`…_backpropVec_eq_adjoint_fderiv` of each; and what each loss is, `…_loss_eq_textbook`, where that
of cross-entropy is the mean of the negative logarithms of the softmax at the targets.

References: PyTorch, `nn.CrossEntropyLoss`, `nn.MSELoss`, `nn.BCEWithLogitsLoss`, `nn.HuberLoss`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Losses

open Spec Shape

attribute [local instance] Laws.natCast

noncomputable section

variable {R : Type} {n v d : Nat}

/-! ### Cross-entropy -/

/-- The input: of each of `n` samples a logit for each of `v` classes. -/
abbrev ΓCrossEntropy (n v : Nat) : List Shape := [mat n v]

/-- The saved tensors: the logarithms of the probabilities, those at the targets, their mean, and
its negative. -/
abbrev ssCrossEntropy (n v : Nat) : List Shape := [mat n v, vec n, .scalar, .scalar]

/-- The position of the loss. -/
def crossEntropyIdxLoss : Idx (ΓCrossEntropy n v ++ ssCrossEntropy n v) .scalar := .pos 4 rfl

/-- Cross-entropy of logits. -/
def crossEntropyDGraph [AnalyticScalar R] (targets : (vec n).Index → Fin v) :
    DGraph R (ΓCrossEntropy n v) (ssCrossEntropy n v) :=
  DGraph.nil
    |>.snoc (τ := mat n v) (TapeNodes.logSoftmaxAxis (vec n) (n := v) (s := .scalar) (.pos 0 rfl))
      (TapeNodes.logSoftmaxAxisFderiv ..)
    |>.snoc (τ := vec n) (TapeNodes.takeAlong (vec n) (n := v) (s := .scalar) (.pos 1 rfl) targets)
      (TapeNodes.takeAlongFderiv ..)
    |>.snoc (TapeNodes.mean (s := vec n) (.pos 2 rfl)) (TapeNodes.meanFderiv ..)
    |>.snoc (TapeNodes.neg (s := .scalar) (.pos 3 rfl)) (TapeNodes.negFderiv ..)

/-- The names of inputs and saved tensors. -/
def crossEntropyDGraph.names : List String :=
  ["logits", "log_probs", "log_likelihoods", "log_likelihood", "loss"]

/-- The softmax of every row, `p[t,k] = exp x[t,k] / Σ_j exp x[t,j]`. -/
def textbookProbabilities [ScalarOps R] (x : Tensor R (mat n v)) (t : Fin n) (k : Fin v) : R :=
  ScalarOps.exp (x (t, k, ())) / sum fun j => ScalarOps.exp (x (t, j, ()))

/-- Cross-entropy, `-(n⁻¹ · Σ_t log p[t, targets t])`. -/
def textbookCrossEntropy [ScalarOps R] (targets : (vec n).Index → Fin v)
    (x : Tensor R (mat n v)) : R :=
  -((n : R)⁻¹ * sum fun t => ScalarOps.log (textbookProbabilities x t (targets (t, ()))))

/-! ### The mean squared error -/

/-- The inputs: predictions and targets. -/
abbrev ΓMse (n d : Nat) : List Shape := [mat n d, mat n d]

/-- The saved tensors: the differences, their squares, and the mean of these. -/
abbrev ssMse (n d : Nat) : List Shape := [mat n d, mat n d, .scalar]

/-- The position of the loss. -/
def mseIdxLoss : Idx (ΓMse n d ++ ssMse n d) .scalar := .pos 4 rfl

/-- The mean squared error. -/
def mseDGraph [AnalyticScalar R] : DGraph R (ΓMse n d) (ssMse n d) :=
  DGraph.nil
    |>.snoc (TapeNodes.sub (s := mat n d) (.pos 0 rfl) (.pos 1 rfl)) (TapeNodes.subFderiv ..)
    |>.snoc (TapeNodes.square (s := mat n d) (.pos 2 rfl)) (TapeNodes.squareFderiv ..)
    |>.snoc (TapeNodes.mean (s := mat n d) (.pos 3 rfl)) (TapeNodes.meanFderiv ..)

/-- The names of inputs and saved tensors. -/
def mseDGraph.names : List String := ["y", "target", "error", "squares", "loss"]

/-- The mean squared error, `(n · d)⁻¹ · Σ_t Σ_k (y[t,k] - target[t,k])²`. -/
def textbookMse [ScalarOps R] (y target : Tensor R (mat n d)) : R :=
  ((n * d : Nat) : R)⁻¹ * sum fun t => sum fun k =>
    (y (t, k, ()) - target (t, k, ())) * (y (t, k, ()) - target (t, k, ()))

/-! ### Binary cross-entropy -/

/-- The inputs: logits and targets. -/
abbrev ΓBinaryCrossEntropy (n d : Nat) : List Shape := [mat n d, mat n d]

/-- The saved tensors: the negatives of the logits; the softplus of these and of the logits, which
are the losses where the target is 1 and 0; their products with the target and what is left of 1;
the sums, and the mean of these. -/
abbrev ssBinaryCrossEntropy (n d : Nat) : List Shape :=
  [mat n d, mat n d, mat n d, mat n d, mat n d, mat n d, mat n d, .scalar]

/-- The position of the loss. -/
def binaryCrossEntropyIdxLoss :
    Idx (ΓBinaryCrossEntropy n d ++ ssBinaryCrossEntropy n d) .scalar := .pos 9 rfl

/-- Binary cross-entropy of logits, `target · softplus (-x) + (1 - target) · softplus x` in the
mean: at a target of 0 or 1 no digit of it is lost, as it would be of `softplus x - x · target`. -/
def binaryCrossEntropyDGraph [AnalyticScalar R] :
    DGraph R (ΓBinaryCrossEntropy n d) (ssBinaryCrossEntropy n d) :=
  DGraph.nil
    |>.snoc (TapeNodes.neg (s := mat n d) (.pos 0 rfl)) (TapeNodes.negFderiv ..)
    |>.snoc (TapeNodes.softplus (s := mat n d) (.pos 2 rfl)) (TapeNodes.softplusFderiv ..)
    |>.snoc (TapeNodes.softplus (s := mat n d) (.pos 0 rfl)) (TapeNodes.softplusFderiv ..)
    |>.snoc (TapeNodes.mul (s := mat n d) (.pos 1 rfl) (.pos 3 rfl)) (TapeNodes.mulFderiv ..)
    |>.snoc (TapeNodes.mul (s := mat n d) (.pos 1 rfl) (.pos 4 rfl)) (TapeNodes.mulFderiv ..)
    |>.snoc (TapeNodes.sub (s := mat n d) (.pos 4 rfl) (.pos 6 rfl)) (TapeNodes.subFderiv ..)
    |>.snoc (TapeNodes.add (s := mat n d) (.pos 5 rfl) (.pos 7 rfl)) (TapeNodes.addFderiv ..)
    |>.snoc (TapeNodes.mean (s := mat n d) (.pos 8 rfl)) (TapeNodes.meanFderiv ..)

/-- The names of inputs and saved tensors. -/
def binaryCrossEntropyDGraph.names : List String :=
  ["logits", "target", "negative", "if_one", "if_zero", "one_part", "zero_less", "zero_part",
    "losses", "loss"]

/-- Binary cross-entropy with `p` the logistic function of a logit and `y` its target,
`(n · d)⁻¹ · Σ_t Σ_k -(y · log p + (1 - y) · log (1 - p))`. -/
def textbookBinaryCrossEntropy [ScalarOps R] (x y : Tensor R (mat n d)) : R :=
  ((n * d : Nat) : R)⁻¹ * sum fun t => sum fun k =>
    -(y (t, k, ()) * ScalarOps.log (sigmoidSpec (x (t, k, ()))) +
      (1 - y (t, k, ())) * ScalarOps.log (1 - sigmoidSpec (x (t, k, ()))))

/-! ### The loss of Huber -/

/-- The inputs: predictions and targets. -/
abbrev ΓHuber (n d : Nat) : List Shape := [mat n d, mat n d]

/-- The saved tensors: the differences, the function of Huber of each, and the mean of these. -/
abbrev ssHuber (n d : Nat) : List Shape := [mat n d, mat n d, .scalar]

/-- The position of the loss. -/
def huberIdxLoss : Idx (ΓHuber n d ++ ssHuber n d) .scalar := .pos 4 rfl

/-- The loss of Huber. -/
def huberGraph [ScalarOps R] (δ : R) : Graph R (ΓHuber n d) (ssHuber n d) :=
  Graph.nil
    |>.snoc (TapeNodes.sub (s := mat n d) (.pos 0 rfl) (.pos 1 rfl))
    |>.snoc (TapeNodes.huber (s := mat n d) (.pos 2 rfl) δ)
    |>.snoc (TapeNodes.mean (s := mat n d) (.pos 3 rfl))

/-- The names of inputs and saved tensors. -/
def huberGraph.names : List String := ["y", "target", "error", "losses", "loss"]

/-- The loss of Huber, `(n · d)⁻¹ · Σ_t Σ_k h (y[t,k] - target[t,k])`, where `h` is half the square
between `-δ` and `δ` (`huberSpec_of_le`), and linear outside (`huberSpec_of_lt`,
`huberSpec_of_gt`). -/
def textbookHuber [ScalarOps R] (δ : R) (y target : Tensor R (mat n d)) : R :=
  ((n * d : Nat) : R)⁻¹ * sum fun t => sum fun k =>
    huberSpec δ (y (t, k, ()) - target (t, k, ()))

end

variable {R : Type} [AnalyticScalar R] {n v d : Nat}

/-! ### What they are -/

/-- The logarithm of the softmax is what the graph saves for it. -/
theorem log_textbookProbabilities (x : Tensor R (mat n v)) (t : Fin n) (k : Fin v) :
    log (textbookProbabilities x t k) =
      Tensor.logSoftmaxAxis (o := vec n) (s := .scalar) x (t, k, ()) := by
  have h := Tensor.exp_logSoftmaxAxis (o := vec n) (n := v) (s := .scalar) x (t, k, ())
  rw [← log_exp (Tensor.logSoftmaxAxis (o := vec n) (s := .scalar) x (t, k, ())), h]
  rfl

/-- The graph's last entry is the mean of the negative logarithms of the softmax at the targets. -/
theorem crossEntropyDGraph_loss_eq_textbook (targets : (vec n).Index → Fin v)
    (x : Tensor R (mat n v)) :
    getIdx ((crossEntropyDGraph targets).g.eval (x, ())) crossEntropyIdxLoss () =
      textbookCrossEntropy targets x := by
  simp only [textbookCrossEntropy, log_textbookProbabilities]
  exact congrArg (fun k : Nat => -((k : R)⁻¹ * sum fun t =>
    Tensor.logSoftmaxAxis (o := vec n) (s := .scalar) x (t, targets (t, ()), ()))) (Nat.mul_one n)

/-- The graph's last entry is the mean squared error. -/
theorem mseDGraph_loss_eq_textbook (y target : Tensor R (mat n d)) :
    getIdx (mseDGraph.g.eval (y, target, ())) mseIdxLoss () = textbookMse y target := by
  rw [textbookMse, ← congrArg (n * ·) (Nat.mul_one d)]
  rfl

/-- What softplus has to do with the logarithms of the logistic function and of what it lacks
of 1. -/
theorem softplusSpec_combine (x y : R) :
    y * softplusSpec (-x) + (softplusSpec x - y * softplusSpec x) =
      -(y * log (sigmoidSpec x) + (1 - y) * log (1 - sigmoidSpec x)) := by
  have h : log (sigmoidSpec x) = x - softplusSpec x := by
    rw [← softplusDerivSpec_eq, softplusDerivSpec]
    exact log_exp _
  have h₁ := exp_mul_exp_neg (softplusSpec x)
  have h₂ := exp_softplusSpec x
  have h₃ := exp_pos x
  have h' : 1 - sigmoidSpec x = exp (-softplusSpec x) := by
    rw [← softplusDerivSpec_eq, softplusDerivSpec_eq_div]
    grind
  have h₄ : softplusSpec (-x) = softplusSpec x - x := exp_injective <| by
    have h₅ := exp_mul_exp_neg x
    rw [show softplusSpec x - x = softplusSpec x + -x by grind, exp_add]
    rw [exp_softplusSpec, exp_softplusSpec]
    grind
  rw [h, h', h₄, log_exp]
  grind

/-- The graph's last entry is binary cross-entropy of the logistic function. -/
theorem binaryCrossEntropyDGraph_loss_eq_textbook (x y : Tensor R (mat n d)) :
    getIdx (binaryCrossEntropyDGraph.g.eval (x, y, ())) binaryCrossEntropyIdxLoss () =
      textbookBinaryCrossEntropy x y := by
  simp only [textbookBinaryCrossEntropy, ← softplusSpec_combine]
  rw [← congrArg (n * ·) (Nat.mul_one d)]
  rfl

/-- The graph's last entry is the loss of Huber. -/
theorem huberGraph_loss_eq_textbook (δ : R) (y target : Tensor R (mat n d)) :
    getIdx ((huberGraph δ).eval (y, target, ())) huberIdxLoss () = textbookHuber δ y target := by
  rw [textbookHuber, ← congrArg (n * ·) (Nat.mul_one d)]
  rfl

/-! ### Derivatives -/

section

variable (targets : (vec n).Index → Fin v) (xV : CtxVec R (ΓCrossEntropy n v))

/-- Cross-entropy is differentiable, and the derivative is its JVP. -/
theorem crossEntropy_hasFDerivAt :
    HasFDerivAt (crossEntropyDGraph targets).g.evalVec ((crossEntropyDGraph targets).g.jvpCLM xV)
      xV :=
  (crossEntropyDGraph targets).hasFDerivAt_evalVec xV

/-- The reverse pass of cross-entropy is the adjoint of its derivative. -/
theorem crossEntropy_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓCrossEntropy n v ++ ssCrossEntropy n v)) :
    (crossEntropyDGraph targets).g.backpropVec xV seedV =
      (fderiv R (crossEntropyDGraph targets).g.evalVec xV).adjoint seedV :=
  (crossEntropyDGraph targets).backpropVec_eq_adjoint_fderiv xV seedV

end

section

variable (xV : CtxVec R (ΓMse n d))

/-- The mean squared error is differentiable, and the derivative is its JVP. -/
theorem mse_hasFDerivAt :
    HasFDerivAt mseDGraph.g.evalVec (mseDGraph.g.jvpCLM xV) xV :=
  mseDGraph.hasFDerivAt_evalVec xV

/-- The reverse pass of the mean squared error is the adjoint of its derivative. -/
theorem mse_backpropVec_eq_adjoint_fderiv (seedV : CtxVec R (ΓMse n d ++ ssMse n d)) :
    mseDGraph.g.backpropVec xV seedV = (fderiv R mseDGraph.g.evalVec xV).adjoint seedV :=
  mseDGraph.backpropVec_eq_adjoint_fderiv xV seedV

end

section

variable (xV : CtxVec R (ΓBinaryCrossEntropy n d))

/-- Binary cross-entropy is differentiable, and the derivative is its JVP. -/
theorem binaryCrossEntropy_hasFDerivAt :
    HasFDerivAt binaryCrossEntropyDGraph.g.evalVec (binaryCrossEntropyDGraph.g.jvpCLM xV) xV :=
  binaryCrossEntropyDGraph.hasFDerivAt_evalVec xV

/-- The reverse pass of binary cross-entropy is the adjoint of its derivative. -/
theorem binaryCrossEntropy_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓBinaryCrossEntropy n d ++ ssBinaryCrossEntropy n d)) :
    binaryCrossEntropyDGraph.g.backpropVec xV seedV =
      (fderiv R binaryCrossEntropyDGraph.g.evalVec xV).adjoint seedV :=
  binaryCrossEntropyDGraph.backpropVec_eq_adjoint_fderiv xV seedV

end

section

variable {δ : R} (xV : CtxVec R (ΓHuber n d))

/-- The certificate of the loss of Huber for `δ > 0`. -/
noncomputable def huberGraphFderivCorrect (hδ : 0 < δ) :
    GraphFDerivCorrect (huberGraph (n := n) (d := d) δ) :=
  GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.subFderiv ..)
    |>.snoc (TapeNodes.huberFderiv _ hδ)
    |>.snoc (TapeNodes.meanFderiv ..)

/-- For `δ > 0` the loss of Huber is differentiable, and the derivative is its JVP. -/
theorem huber_hasFDerivAt (hδ : 0 < δ) :
    HasFDerivAt (huberGraph δ).evalVec ((huberGraph δ).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (huberGraphFderivCorrect hδ) xV

/-- For `δ > 0` the reverse pass of the loss of Huber is the adjoint of its derivative. -/
theorem huber_backpropVec_eq_adjoint_fderiv (hδ : 0 < δ)
    (seedV : CtxVec R (ΓHuber n d ++ ssHuber n d)) :
    (huberGraph δ).backpropVec xV seedV = (fderiv R (huberGraph δ).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv (huberGraphFderivCorrect hδ) xV seedV

end

end Proofs.Autograd.Losses
