module

public import Init

@[expose] public noncomputable section

namespace Everyday

universe u v

/-! ### Numbers -/
theorem big (n : Nat) (h : 5 ≤ n) : n ≠ 4 := by omega
theorem bigger (n : Nat) (h : 100 < n) : n ≠ 4 := by omega
theorem between (n m : Nat) (h : 0 < n ∧ n < m) : m ≠ 0 := by omega
theorem negative (x : Int) (h : x < 0) : -x > 0 := by omega
theorem nonneg (x : Int) (h : 0 ≤ x) : -x ≤ 0 := by omega
theorem minusOne (x : Int) (h : x = -1) : x < 0 := by omega
theorem small (n : Nat) (h : n = 1) : n + n = 2 := by omega
theorem square (n k : Nat) (h : n = k * k) (hk : 1 < k) : k < n := by subst h; exact Nat.lt_mul_self_iff.mpr hk
theorem pythagoras (a b c : Nat) (h : a * a + b * b = c * c) (ha : 0 < a) : b < c := by
  rcases Nat.lt_or_ge b c with k | k
  · exact k
  · have := Nat.mul_le_mul k k; have : 0 < a * a := Nat.mul_pos ha ha; omega
theorem divides (a b : Nat) (h : a ∣ b) (k : b % a = 0) (l : a < b) : a ≠ b := by omega
theorem odd (n : Nat) (h : n % 2 = 1) : n ≠ 0 := by omega
theorem oddEven (n m : Nat) (h : n % 2 = 1) (k : m % 2 = 0) (l : n < m) : n ≠ m := by omega
theorem equal (a b : Nat) (h : a = b) : b = a := h.symm
theorem different (x y : Nat) (h : x ≠ y) : y ≠ x := h.symm
theorem rational (q : Rat) (h : 0 < q) : q ≠ 0 := by intro e; subst e; exact absurd h (by decide)
theorem charA (c : Char) (h : c = 'a') : c.toNat = 97 := by subst h; rfl
theorem string (s : String) (h : s ≠ "") : "" ≠ s := h.symm
theorem window (n : Nat) (h : 7 ≤ n) (k : n < 10) : n % 10 = n := by omega

/-! ### Propositions -/
theorem notP (p : Prop) (h : ¬p) : p = False := eq_false h
theorem notNot (p : Prop) (h : ¬¬p) : p := Classical.not_not.mp h
theorem conj (p q : Prop) (h : p ∧ ¬q) : ¬(p → q) := fun k => h.2 (k h.1)
theorem either (p q : Prop) (h : p ∨ q) (k : ¬p) : q := h.resolve_left k
theorem decided (p : Prop) [Decidable p] (h : p) : decide p = true := decide_eq_true h
theorem decidedNot (p : Prop) [Decidable p] (h : decide p = false) : ¬p := of_decide_eq_false h
theorem exists' (p : Nat → Prop) (h : ∃ x, p x) : ¬∀ x, ¬p x := fun k => h.elim k
theorem imp (p q : Prop) (h : p → q) (k : ¬q) : ¬p := fun a => k (h a)
theorem same (p q : Prop) (h : p ↔ q) : q ↔ p := h.symm

/-! ### Lists, arrays and options -/
theorem index (l : List Nat) (i : Nat) (h : i < l.length) : l[i] ∈ l := List.getElem_mem h
theorem array (xs : Array Nat) (i : Nat) (h : i < xs.size) : xs[i] ∈ xs := Array.getElem_mem h
theorem nonempty (l : List Nat) (h : l ≠ []) : 0 < l.length := List.length_pos_iff.mpr h
theorem empty (l : List Nat) (h : l = []) : l.length = 0 := by subst h; rfl
theorem three (l : List Nat) (h : l.length = 3) : l ≠ [] := by intro e; subst e; simp at h
theorem some' (o : Option Nat) (h : o.isSome) : o ≠ none := by intro e; subst e; simp at h
theorem none' (o : Option Nat) (h : o.isNone) : o = none := by cases o <;> simp_all
theorem notMem (a : Nat) (l : List Nat) (h : a ∉ l) : l.erase a = l := List.erase_of_not_mem h
theorem filtered {α : Type} (p : α → Bool) (l : List α) (a : α) (h : a ∈ l.filter p) : a ∈ l := (List.mem_filter.mp h).1
theorem nodup (l : List Nat) (a : Nat) (h : (a :: l).Nodup) : a ∉ l := (List.nodup_cons.mp h).1
theorem perm (l k : List Nat) (h : l.Perm k) (j : l.Nodup) : k.Nodup := h.nodup_iff.mp j
theorem headIs (l : List Nat) (h : l.head? = some 5) : l ≠ [] := by intro e; subst e; simp at h
theorem get (l : List Nat) (i x : Nat) (h : l[i]? = some x) : i < l.length := (List.getElem?_eq_some_iff.mp h).1
theorem sorted (l : List Nat) (h : l.Pairwise (· < ·)) (k : 1 < l.length) : l ≠ [] := by intro e; subst e; simp at k
theorem boolean (b : Bool) (h : b = false) : !b := by simp [h]
theorem fins (n : Nat) (i j : Fin n) (h : i < j) : i ≠ j := by omega
theorem sub (x : {n : Nat // 3 < n}) : x.1 ≠ 0 := by have := x.2; omega
theorem subtypes (x y : {n : Nat // 3 < n}) (h : x.1 < y.1) : x ≠ y := by intro e; subst e; omega
theorem pairs (p : Nat × Nat) (h : p.1 < p.2) : p.2 ≠ 0 := by omega

/-! ### Functions and relations -/
def Injective' {α β : Type} (f : α → β) : Prop := ∀ a b, f a = f b → a = b
def StrictMono' (f : Nat → Nat) : Prop := ∀ a b, a < b → f a < f b
def Large (n : Nat) : Prop := 5 ≤ n
def VeryLarge (n : Nat) : Prop := Large n ∧ n ≠ 6
theorem injective (f : Nat → Nat) (h : Function.Injective f) : f 1 ≠ f 2 := fun e => absurd (h e) (by decide)
theorem injectiveOwn (f : Nat → Nat) (h : Injective' f) : f 1 ≠ f 2 := fun e => absurd (h _ _ e) (by decide)
theorem strictMono (f : Nat → Nat) (h : StrictMono' f) : f 1 < f 2 := h _ _ (by decide)
theorem below (f : Nat → Nat) (h : ∀ x, f x ≤ x) : f 0 = 0 := Nat.le_zero.mp (h 0)
theorem inverse {α β : Type} (f : α → β) (g : β → α) (h : ∀ x, g (f x) = x) (a b : α) (e : f a = f b) : a = b := by
  rw [← h a, ← h b, e]
theorem unit {α : Type} (f : α → α → α) (e : α) (he : ∀ x, f e x = x) (he' : ∀ x, f x e = x) : f e e = e := he e
theorem assoc {α : Type} (f : α → α → α) [Std.Associative f] (a b c : α) : f (f a b) c = f a (f b c) :=
  Std.Associative.assoc a b c
theorem assocOwn {α : Type} (f : α → α → α) (h : ∀ a b c, f (f a b) c = f a (f b c)) (a : α) : f (f a a) a = f a (f a a) :=
  h a a a
theorem irrefl {α : Type} (r : α → α → Prop) (irrefl : ∀ x, ¬r x x) (trans : ∀ x y z, r x y → r y z → r x z) (a b : α)
    (h : r a b) : ¬r b a := fun k => irrefl _ (trans _ _ _ h k)
theorem refl {α : Type} (r : α → α → Prop) (refl : ∀ x, r x x) (a : α) : ∃ b, r a b := ⟨a, refl a⟩
theorem wf {α : Type} (r : α → α → Prop) (h : WellFounded r) (a : α) : ¬r a a := fun k => by
  induction h.apply a with
  | intro x _ ih => exact ih x k k
theorem large (n : Nat) (h : Large n) : n ≠ 4 := by unfold Large at h; omega
theorem veryLarge (n : Nat) (h : VeryLarge n) : n ≠ 6 := h.2
theorem image (f : Nat → Nat) (h : ∀ y, ∃ x, f x = y) : ∃ x, f x = 7 := h 7

/-! ### Classes -/
theorem monad {m : Type → Type} [Monad m] [LawfulMonad m] {α : Type} (x : m α) : x >>= pure = x := bind_pure x
theorem functor {f : Type u → Type v} [Functor f] [LawfulFunctor f] {α : Type u} (x : f α) : id <$> x = x := id_map x
theorem beq {α : Type} [BEq α] [LawfulBEq α] (a b : α) (h : a ≠ b) : (a == b) = false := beq_false_of_ne h
theorem manyClasses {α : Type} [Inhabited α] [DecidableEq α] (a : α) (h : a ≠ default) : default ≠ a := h.symm
theorem nonemptyType {α : Type} [Nonempty α] (p : α → Prop) (h : ∀ a, p a) : ∃ a, p a :=
  ⟨Classical.ofNonempty, h _⟩
theorem hashable {α : Type} [BEq α] [Hashable α] [LawfulHashable α] (a b : α) (h : a == b) : hash a = hash b :=
  LawfulHashable.hash_eq a b h
theorem ordered {α : Type} [LE α] [Std.IsLinearOrder α] (a b : α) : a ≤ b ∨ b ≤ a := Std.Total.total a b
theorem decRel {α : Type} (r : α → α → Prop) [DecidableRel r] (a b : α) (h : r a b) : decide (r a b) = true := decide_eq_true h

/-! ### Own types and classes -/
inductive Color where
  | red
  | green
theorem color (c : Color) (h : c ≠ .red) : c = .green := by cases c <;> simp_all
theorem colorIs (c : Color) (h : c = .green) : c ≠ .red := by subst h; intro e; cases e
structure Point where
  x : Nat
  y : Nat
theorem point (p : Point) (h : p.x < p.y) : p.y ≠ 0 := by omega
theorem pointPos (p : Point) (h : 0 < p.x) : p.x ≠ 0 := by omega
structure Interval where
  lo : Nat
  hi : Nat
  le : lo ≤ hi
theorem interval (i : Interval) (n : Nat) (h : i.lo ≤ n ∧ n ≤ i.hi) : i.lo ≤ i.hi := i.le
inductive Tree (α : Type u) where
  | leaf
  | node (left : Tree α) (value : α) (right : Tree α)
def Tree.size {α : Type u} : Tree α → Nat
  | leaf => 0
  | node l _ r => l.size + r.size + 1
theorem tree {α : Type u} (t : Tree α) (h : 0 < t.size) : t ≠ .leaf := by intro e; subst e; simp [Tree.size] at h
class Monoid' (α : Type u) where
  one : α
  mul : α → α → α
  one_mul : ∀ a, mul one a = a
  mul_one : ∀ a, mul a one = a
instance : Monoid' Nat := ⟨1, (· * ·), Nat.one_mul, Nat.mul_one⟩
theorem monoid {α : Type u} [Monoid' α] (a b : α) (h : Monoid'.mul a b = a) (k : b = Monoid'.one) : a = Monoid'.mul a b := h.symm
class Paint (α : Type) where
  next : α → α
  other : ∀ a, next a ≠ a
instance : Paint Color where
  next
    | .red => .green
    | .green => .red
  other a := by cases a <;> intro e <;> cases e
theorem paint {α : Type} [Paint α] (a : α) : Paint.next a ≠ a := Paint.other a
class Act (α β : Type) where
  act : α → β → β
  id : ∃ a, ∀ b, act a b = b
instance : Act Color Point := ⟨fun _ p => p, .red, fun _ => rfl⟩
theorem act {α β : Type} [Act α β] : ∃ a : α, ∀ b : β, Act.act a b = b := Act.id
class Finite' (α : Type) where
  all : List α
  complete : ∀ a, a ∈ all
instance : Finite' Bool := ⟨[true, false], fun a => by cases a <;> simp⟩
theorem finite {α : Type} [Finite' α] (a : α) : a ∈ Finite'.all := Finite'.complete a
structure Mat (m n : Nat) where
  entry : Fin m → Fin n → Int
def Mat.one (n : Nat) : Mat n n := ⟨fun i j => if i = j then 1 else 0⟩
def Mat.IsDiagonal {n : Nat} (a : Mat n n) : Prop := ∀ i j, i ≠ j → a.entry i j = 0
theorem matrix {n : Nat} (a : Mat n n) (h : a.IsDiagonal) (i j : Fin n) (k : i ≠ j) : a.entry i j = 0 := h i j k
theorem matrixOne {n : Nat} (a : Mat n n) (h : a = Mat.one n) (i : Fin n) : a.entry i i = 1 := by
  subst h; simp [Mat.one]
theorem vector {n : Nat} (v : Fin n → Int) (h : ∀ i, 0 < v i) (i : Fin n) : v i ≠ 0 := by have := h i; omega

/-! ### Values that few others have -/
def IsPrime (n : Nat) : Prop := 1 < n ∧ ∀ d, d ∣ n → d = 1 ∨ d = n
structure Rect where
  w : Nat
  h : Nat
  sq : w = 2 * h
inductive Shape | circle (r : Nat) | rect (w h : Nat)
def Shape.area : Shape → Nat | .circle r => 3 * r * r | .rect w h => w * h
def IsPrime2 (p : Nat) : Prop := 2 ≤ p ∧ ∀ m, 2 ≤ m → m < p → ¬ m ∣ p
structure Config where
  name : String
  size : Nat
  ok : 0 < size
inductive Day | mon | tue | wed
class Group' (G : Type) where
  mul : G → G → G
  one : G
  inv : G → G
  assoc : ∀ a b c, mul (mul a b) c = mul a (mul b c)
  one_mul : ∀ a, mul one a = a
  inv_mul : ∀ a, mul (inv a) a = one
instance : Group' Int := ⟨(· + ·), 0, (- ·), Int.add_assoc, Int.zero_add, Int.add_left_neg⟩
theorem textOfLength (s : String) (h : s.length = 3) : s ≠ "" := by intro e; subst e; simp at h
theorem evenAndLarge (n : Nat) (h : n % 2 = 0) (k : n > 10) : ∃ m, n = 2 * m := ⟨n / 2, by omega⟩
theorem twoOfList (xs : List Nat) (h : xs.length = 2) : ∃ a b, xs = [a, b] := by
  match xs, h with | [a, b], _ => exact ⟨a, b, rfl⟩
theorem monoidOne {α : Type} [Monoid' α] (e : α) (h : ∀ a, Monoid'.mul e a = a) : e = Monoid'.one := by
  rw [← h Monoid'.one, Monoid'.mul_one]
theorem primeOwn (p : Nat) (h : IsPrime p) (k : p ≠ 2) : p > 2 := by have := h.1; omega
theorem byRecursion (f : Nat → Nat) (h : ∀ n, f (n + 1) = f n + 2) (k : f 0 = 0) : f 2 = 4 := by simp [h, k]
theorem twoOfArray (xs : Array Nat) (h : xs.size = 2) : xs ≠ #[] := by intro e; subst e; simp at h
theorem fraction (x : Rat) (h : 0 < x) (k : x < 1) : x ≠ 1 := by intro e; subst e; exact absurd k (by decide)
theorem third (i : Fin 5) (h : i.val = 3) : i = 3 := by apply Fin.ext; simpa using h
theorem upper (c : Char) (h : c.isUpper) : c.toNat < 128 := by simp [Char.isUpper] at h; have := h.2; exact Nat.lt_of_le_of_lt this (by decide)
theorem holdsAndNot (p : Nat → Prop) (h : p 0) (k : ¬ p 5) : ∃ n, p n ∧ n ≠ 5 := ⟨0, h, by decide⟩
theorem lastDigit (n : Nat) (h : 100 < n) (k : n % 10 = 7) : n % 5 = 2 := by omega
theorem joined (s t : String) (h : s ++ t = "ab") (k : s = "a") : s.length = 1 := by subst k; rfl
theorem squareRoot (n : Nat) (h : n * n = 49) : n ≠ 3 := by intro e; subst e; simp at h
theorem sumOfTwo (xs : List Nat) (h : xs.sum = 10) (k : xs.length = 2) : xs ≠ [] := by intro e; subst e; simp at h
theorem twoEquations (x y : Int) (h : 3 * x - 2 * y = 17) (k : x + y = -1) : x = 3 := by omega
theorem rect (r : Rect) (h : r.w = 14) : r.h = 7 := by have := r.sq; omega
theorem shape (s : Shape) (h : s.area = 35) : s.area ≠ 3 := by omega
theorem everySecond (p : Nat → Prop) (h : ∀ n, p n → p (n + 2)) (k : p 1) (l : ¬ p 2) : p 3 := h 1 k
theorem primeBelow (p : Nat) (h : IsPrime2 p) (k : 10 < p) : p ≠ 3 := by omega
theorem firstOfVector (v : Vector Nat 3) (h : v[0] = 9) : v[0] ≠ 2 := by omega
theorem bits (b : BitVec 8) (h : b.toNat = 200) : b ≠ 0 := by intro e; subst e; simp at h
theorem split (xs ys : List Nat) (h : xs ++ ys = [1, 2, 3]) (k : xs.length = 1) : ys ≠ [] := by
  intro e; subst e; simp at h; subst h; simp at k
theorem monotone (f : Nat → Nat) (h : ∀ a b, a ≤ b → f a ≤ f b) (k : f 3 = 10) : f 2 ≤ 10 := by have := h 2 3 (by decide); omega
theorem half (q : Rat) (h : q * 2 = 1) : q ≠ 0 := by intro e; subst e; simp at h
theorem byCases (f : Bool → Nat) (h : f true = 3) (k : f false = 4) : f true ≠ f false := by omega
theorem triple (a b c : Nat) (h : a * a + b * b = c * c) (k : 4 < a) (l : 0 < b) : a ≠ 3 := by omega
theorem oddFunction (f : Int → Int) (h : ∀ x, f (-x) = -f x) (k : f 1 = 3) : f (-1) = -3 := by rw [h, k]
theorem hello (s : String) (h : s = "hello" ++ " " ++ "world") : s.length = 11 := by subst h; rfl
theorem allNegative (xs : List Int) (h : ∀ x ∈ xs, x < 0) (k : 2 ≤ xs.length) : xs ≠ [] := by intro e; subst e; simp at k
theorem notHello (s : String) (h : s.length = 5) (k : s ≠ "hello") : s ≠ "" := by intro e; subst e; simp at h
theorem twoThirds (x : Rat) (h : 2 < 3 * x) (k : x < 1) : x ≠ 1 := by intro e; subst e; exact absurd k (by decide)
theorem before (c d : Char) (h : c < d) (k : d.isUpper) : c ≠ d := by
  intro e; subst e; exact absurd h (by exact Nat.lt_irrefl _)
theorem config (c : Config) (h : c.name = "x") (k : 100 ≤ c.size) : c.size ≠ 5 := by omega
theorem days (f : Day → Nat) (h : f .mon < f .tue) (k : f .tue < f .wed) : f .mon < f .wed := by omega
theorem implied (p q : Nat → Prop) (h : ∀ n, p n → q n) (k : p 3) (l : ¬ p 4) (m : q 4) : q 3 := h 3 k
theorem gcdIs (m n : Nat) (h : Nat.gcd m n = 6) (k : m < n) : m ≠ n := by omega
theorem group {G : Type} [Group' G] (a b : G) (h : Group'.mul a b = Group'.one) (k : a ≠ Group'.one) : b = b := rfl
theorem system (n m k : Nat) (h : n + m + k = 60) (h1 : n = 2 * m) (h2 : m = 3 * k) : k = 6 := by omega
theorem nested (xss : List (List Nat)) (h : xss.length = 2) (k : ∀ xs ∈ xss, xs.length = 3) : xss ≠ [] := by intro e; subst e; simp at h

end Everyday
