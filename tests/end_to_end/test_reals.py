"""The real numbers have Mathlib's names, and each says what it says there, arguments in the same order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

CHECKOUT = Path(__file__).parents[2]

SOURCE = """\
module
public import Proofs.Autograd.Real.Log
public import Proofs.Autograd.Real.PiBounds
public import Proofs.Autograd.Real.Tanh
open Proofs.Autograd Real
def Monotone (f : Real → Real) : Prop := ∀ ⦃x y⦄, x ≤ y → f x ≤ f y
def StrictMono (f : Real → Real) : Prop := ∀ ⦃x y⦄, x < y → f x < f y
def InjOn (f : Real → Real) (s : Real → Prop) : Prop := ∀ ⦃x⦄, s x → ∀ ⦃y⦄, s y → f x = f y → x = y
def StrictMonoOn (f : Real → Real) (s : Real → Prop) : Prop := ∀ ⦃x⦄, s x → ∀ ⦃y⦄, s y → x < y → f x < f y
variable (x y : Real)
example : 3 < pi := pi_gt_three
example : 0 < pi ∧ pi ≠ 0 ∧ 0 < pi / 2 ∧ 0 < 2 * pi := ⟨pi_pos, pi_ne_zero, pi_div_two_pos, two_pi_pos⟩
example : 2 ≤ pi ∧ pi ≤ 4 ∧ 0 ≤ pi ∧ 1 ≤ pi / 2 := ⟨two_le_pi, pi_le_four, pi_nonneg, one_le_pi_div_two⟩
example (hx : 0 ≤ x) (h : x < y) : sqrt x < sqrt y := sqrt_lt_sqrt hx h
example (h : x ≤ y) : sqrt x ≤ sqrt y := sqrt_le_sqrt h
example (hx : 0 ≤ x) : sqrt x < sqrt y ↔ x < y := sqrt_lt_sqrt_iff hx
example (hy : 0 ≤ y) : sqrt x ≤ sqrt y ↔ x ≤ y := sqrt_le_sqrt_iff hy
example (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x = sqrt y ↔ x = y := sqrt_inj hx hy
example (h : 0 ≤ x) : (sqrt x = 0 ↔ x = 0) ∧ (sqrt x ≠ 0 ↔ x ≠ 0) := ⟨sqrt_eq_zero h, sqrt_ne_zero h⟩
example : (sqrt x = 0 ↔ x ≤ 0) ∧ (sqrt x ≠ 0 ↔ 0 < x) := ⟨sqrt_eq_zero', sqrt_ne_zero'⟩
example (h : 0 < x) : 0 < sqrt x := sqrt_pos_of_pos h
example (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x = y ↔ x = y * y := sqrt_eq_iff_mul_self_eq hx hy
example (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x = y ↔ x = y ^ 2 := sqrt_eq_iff_eq_sq hx hy
example : (sqrt x = 1 ↔ x = 1) ∧ (sqrt x ≤ 1 ↔ x ≤ 1) ∧ (1 ≤ sqrt x ↔ 1 ≤ x) :=
  ⟨sqrt_eq_one, sqrt_le_one, one_le_sqrt⟩
example (hy : 0 ≤ y) : sqrt x ≤ y ↔ x ≤ y ^ 2 := sqrt_le_left hy
example : sqrt x ≤ y ↔ 0 ≤ y ∧ x ≤ y ^ 2 := sqrt_le_iff
example (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x < y ↔ x < y ^ 2 := sqrt_lt hx hy
example (hy : 0 < y) : sqrt x < y ↔ x < y ^ 2 := sqrt_lt' hy
example (hx : 0 ≤ x) : x < sqrt y ↔ x ^ 2 < y := lt_sqrt hx
example (hx : 0 ≤ x) (hy : 0 ≤ y) : x ≤ sqrt y ↔ x ^ 2 ≤ y := le_sqrt hx hy
example (h : x ^ 2 ≤ y) : x ≤ sqrt y := le_sqrt_of_sq_le h
example (hx : 0 ≤ x) : sqrt (x * y) = sqrt x * sqrt y := sqrt_mul hx y
example (hy : 0 ≤ y) : sqrt (x * y) = sqrt x * sqrt y := sqrt_mul' x hy
example (hx : 0 ≤ x) : sqrt (x / y) = sqrt x / sqrt y := sqrt_div hx y
example : sqrt x⁻¹ = (sqrt x)⁻¹ := sqrt_inv x
example : StrictMono exp ∧ Monotone exp := ⟨exp_strictMono, exp_monotone⟩
example : Function.Injective exp ∧ exp x ≠ 0 ∧ 0 < exp x := ⟨exp_injective, exp_ne_zero x, exp_pos x⟩
example : (exp x < exp y ↔ x < y) ∧ (exp x ≤ exp y ↔ x ≤ y) ∧ (exp x = exp y ↔ x = y) :=
  ⟨exp_lt_exp, exp_le_exp, exp_eq_exp⟩
example (h : x < y) : exp x < exp y := exp_lt_exp_of_lt h
example (h : x ≤ y) : exp x ≤ exp y := exp_le_exp_of_le h
example : (1 < exp x ↔ 0 < x) ∧ (1 ≤ exp x ↔ 0 ≤ x) ∧ (exp x ≤ 1 ↔ x ≤ 0) :=
  ⟨one_lt_exp_iff, one_le_exp_iff, exp_le_one_iff⟩
example (hx : 0 ≤ x) : 1 ≤ exp x := one_le_exp hx
example (hx : x < 0) : exp x < 1 := exp_lt_one hx
example (hx : x ≠ 0) : x + 1 < exp x := add_one_lt_exp hx
example (hx : x ≠ 0) (hy : y ≠ 0) : log (x / y) = log x - log y := log_div hx hy
example : log x⁻¹ = -log x := log_inv x
example (n : Nat) : log (x ^ n) = n * log x := log_pow x n
example (hx : 0 ≤ x) : log (sqrt x) = log x / 2 := log_sqrt hx
example (h : 0 < x) (h₁ : 0 < y) : log x ≤ log y ↔ x ≤ y := log_le_log_iff h h₁
example (hx : 0 < x) (hy : 0 < y) : log x < log y ↔ x < y := log_lt_log_iff hx hy
example (hx : 0 < x) (h : x ≤ y) : log x ≤ log y := log_le_log hx h
example (hx : 0 < x) (h : x < y) : log x < log y := log_lt_log hx h
example : InjOn log (0 < ·) ∧ StrictMonoOn log (0 < ·) := ⟨log_injOn_pos, strictMonoOn_log⟩
example : Function.Surjective log := log_surjective
example (hx : 0 < x) : log x = y ↔ x = exp y := log_eq_iff_eq_exp hx
example (hx : 0 < x) : (log x ≤ y ↔ x ≤ exp y) ∧ (log x < y ↔ x < exp y) :=
  ⟨log_le_iff_le_exp hx, log_lt_iff_lt_exp hx⟩
example (hy : 0 < y) : (x ≤ log y ↔ exp x ≤ y) ∧ (x < log y ↔ exp x < y) :=
  ⟨le_log_iff_exp_le hy, lt_log_iff_exp_lt hy⟩
example (hx : 0 ≤ x) : (0 < log x ↔ 1 < x) ∧ (log x ≤ 0 ↔ x ≤ 1) := ⟨log_pos_iff hx, log_nonpos_iff hx⟩
example (hx : 0 < x) : (log x < 0 ↔ x < 1) ∧ (0 ≤ log x ↔ 1 ≤ x) := ⟨log_neg_iff hx, log_nonneg_iff hx⟩
example (hx : 1 < x) : 0 < log x := log_pos hx
example (hx : 1 ≤ x) : 0 ≤ log x := log_nonneg hx
example (h0 : 0 < x) (h1 : x < 1) : log x < 0 := log_neg h0 h1
example (hx : 0 ≤ x) (h : x ≤ 1) : log x ≤ 0 := log_nonpos hx h
example (h₁ : 0 < x) (h₂ : log x = 0) : x = 1 := eq_one_of_pos_of_log_eq_zero h₁ h₂
example : log x = 0 ↔ x = 0 ∨ x = 1 ∨ x = -1 := log_eq_zero
example : sinh x = (exp x - exp (-x)) / 2 ∧ cosh x = (exp x + exp (-x)) / 2 := ⟨sinh_eq x, cosh_eq x⟩
example : tanh x = (exp x - exp (-x)) / (exp x + exp (-x)) := tanh_eq x
example : sinh 0 = 0 ∧ cosh 0 = 1 ∧ tanh 0 = 0 := ⟨sinh_zero, cosh_zero, tanh_zero⟩
example : sinh (-x) = -sinh x ∧ cosh (-x) = cosh x ∧ tanh (-x) = -tanh x :=
  ⟨sinh_neg x, cosh_neg x, tanh_neg x⟩
example : cosh x + sinh x = exp x ∧ sinh x + cosh x = exp x ∧ cosh x - sinh x = exp (-x) :=
  ⟨cosh_add_sinh x, sinh_add_cosh x, cosh_sub_sinh x⟩
example : cosh x ^ 2 = sinh x ^ 2 + 1 ∧ sinh x ^ 2 = cosh x ^ 2 - 1 := ⟨cosh_sq x, sinh_sq x⟩
example : sinh (x + y) = sinh x * cosh y + cosh x * sinh y := sinh_add x y
example : cosh (x + y) = cosh x * cosh y + sinh x * sinh y := cosh_add x y
example : sinh (2 * x) = 2 * sinh x * cosh x ∧ cosh (2 * x) = cosh x ^ 2 + sinh x ^ 2 :=
  ⟨sinh_two_mul x, cosh_two_mul x⟩
example : 1 ≤ cosh x ∧ 0 < cosh x := ⟨one_le_cosh x, cosh_pos x⟩
example : StrictMono sinh ∧ Function.Injective sinh := ⟨sinh_strictMono, sinh_injective⟩
example : (sinh x < sinh y ↔ x < y) ∧ (sinh x = sinh y ↔ x = y) ∧ (0 < sinh x ↔ 0 < x) :=
  ⟨sinh_lt_sinh, sinh_inj, sinh_pos_iff⟩
"""


def test_a_reader_who_knows_mathlib_finds_it_there(tmp_path: Path) -> None:
    file = tmp_path / "Scratch.lean"
    file.write_text(SOURCE, encoding="utf-8")
    command = [sys.executable, "-m", "lean_bridge", "lean", "-p", str(CHECKOUT), str(file)]
    env = {**os.environ, "LEAN_BRIDGE_TOOLCHAIN": "embedded"}
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
