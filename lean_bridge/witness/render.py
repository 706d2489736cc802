"""A theorem applied to something for each of its binders, as Lean is to find it: the text of a module."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from lean_bridge.olean.expr import Name
from lean_bridge.witness.search import Choice, Plan, Step
from lean_bridge.witness.telescope import Telescope
from lean_bridge.witness.terms import REALS, quoted, root

PACKAGE: Final = "LeanBridgeWitness"
"""Where all that is generated about witnesses has its names, those of each module in one of its own."""

REALS_MODULE: Final = "Proofs.Autograd.Real.Unique"
"""A module of the tool's own library that has the real numbers with all that is known of them."""

HONEST: Final = "Proofs.Autograd.instAnalyticScalarReal"
"""That the real numbers are analytic scalars."""

_TYPES: Final = ("Nat", "Int", "Bool", "Rat", "Unit")
_Numbering: TypeAlias = Literal["same", "rising", "falling", "one"]
_NUMBERINGS: Final[Sequence[_Numbering]] = ("same", "rising", "falling", "one")

_Searches: TypeAlias = Literal["shallow", "deep", "zero"]
_SHALLOW: Final = "shallow"
_DEEP: Final = "deep"
_ZERO: Final = "zero"

MOST_ROUNDS: Final = 5
"""How often anything is tried; in the last round but one it is tried in all ways that are left."""

_MOST_DEPTH: Final = 3

_COUNTED: Final = 24
"""Up to which number a claim about all is shown one by one."""

_MOST_AT_ONCE: Final = 40
"""Theorems in a generated module: Lean takes some seconds for that many, and several modules at a time."""

_MOST_HEARTBEATS: Final = 40_000
"""What Lean may spend on one theorem, a fifth of its own limit: some seconds of a module that has others."""

_GRIND: Final = "grind -funext (instances := 50)"
"""``grind`` that comes to an end: without, two lemmas about ``Option.bind`` make ever larger functions of one
another, equal or not, and no heartbeat is counted while these are compared."""

_LADDER: Final = f"""\
theorem said {{p : Prop}} (_ : p) : True := trivial
syntax "meet " num : tactic
macro_rules
  | `(tactic| meet $n) => `(tactic| first
    | exact inferInstance
    | exact $n
    | exact True
    | exact Nat
    | exact [by meet $n]
    | (intro _; meet $n; done)
    | assumption
    | exact True.intro
    | with_reducible rfl
    | decide
    | omega
    | (simp; done)
    | {_GRIND}
    | (refine ⟨by meet $n, ?_⟩; meet $n; done)
    | ((constructor <;> meet $n); done)
    | exact 0
    | ((constructor <;> meet 0); done)
    | exact Quot.mk _ (by meet $n)
    | exact default)
"""
"""How anything is met: ``meet n`` tries, in this order, what Lean infers, the number ``n`` where there are
numerals, ``True`` and ``Nat`` for a proposition and a type, a list of one, a few proofs, a constant function,
more proofs, a structure part by part, the number 0, and whatever the type has for its default. It finds; it
proves nothing that the kernel does not check."""

_CHOOSING: Final = """\
syntax "chosen " ident " from " term " then " "(" tacticSeq ")" : tactic
macro_rules
  | `(tactic| chosen $b from $c :: $cs then ($k)) =>
    `(tactic| first | ((case $b:ident => exact $c); ($k)) | chosen $b from $cs then ($k))
  | `(tactic| chosen $_ from () then ($_)) => `(tactic| fail)
"""
"""How a binder is given one value after another, until the rest can be met."""

_FAILS: Final = "theorem fails {p : Prop} (_ : ¬p) (_ : p) : p := by assumption"

_SEEN: Final = (
    "theorem seen{} : True ∧ True := by first | simp only [{}, and_self] | exact ⟨trivial, trivial⟩"
)
"""How the equations of a definition are made, once: a search that fails makes them again, in a new thread."""


@dataclass(frozen=True, slots=True)
class Way:
    """What is tried for the types and the numbers among the binders."""

    type_: Name
    numbering: _Numbering = "same"
    searches: _Searches | None = None
    """Whether values are chosen by the hypotheses about them, and how hard; also 0, to be able to say so."""
    choice: Choice = field(default_factory=lambda: Choice({}))
    """Other types, and values, by their binders."""


@dataclass(frozen=True, slots=True)
class Model:
    """A declaration that the catalogue names, to be tried where it fits."""

    name: Name
    word: Name | None
    """What it is of: the constant at the head of its type, under all binders."""
    parameters: tuple[tuple[bool, Name | None], ...]
    """Of each of its binders whether one writes it, and the constant at the head of its type."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A theorem with what it takes, and what the catalogue says of that."""

    name: Name
    telescope: Telescope
    first: int
    """How many of its binders can be seen before any is met."""
    models: tuple[Model, ...] = ()
    """What is to be tried first."""
    open: Mapping[int, str] = field(default_factory=dict)
    """The binders, by their numbers, that nobody needs to meet, each with why."""
    plan: Plan = field(default_factory=lambda: Plan(()))
    """What is to be tried where numbers alone do not meet it."""


def ways(claim: Claim, round_: int, *, has_reals: bool) -> tuple[Way, ...]:
    """Return what there is to try for a claim in a round, the most likely first.

    Most is met by the first way; what is not, by choosing values, then by looking harder at what is asked of
    them, which is at once where they are real numbers, as scalars are; and what even then is not is tried
    with other types, and with numbers that rise or fall; with no other, where the only type is that of
    scalars. The last round is for what was found in the one before to take more.
    """
    types: tuple[Name, ...] = (REALS, *_TYPES) if has_reals else _TYPES
    is_of_scalars = has_reals and claim.plan.types == 1  # of the one that is to be chosen there is no other
    if is_of_scalars or not any(binder.is_family for binder in claim.telescope.binders):
        types = types[:1]
    searches: tuple[_Searches, _Searches] = (_SHALLOW, _DEEP)
    first, then = reversed(searches) if has_reals or claim.plan.is_of_reals else searches
    match round_:
        case 1:
            return (Way(types[0]),)
        case 2:
            return tuple(Way(types[0], searches=first, choice=each) for each in claim.plan.choices)
        case 3:
            return (Way(types[0], searches=then),)
    is_changed = len(claim.telescope.binders) > claim.first
    has_numbers = any(binder.is_nat for binder in claim.telescope.binders)
    # the first of them was tried in the first round, of the same binders
    numberings: Sequence[_Numbering] = _NUMBERINGS if is_changed else _NUMBERINGS[1:]
    return (
        *([Way(types[0], searches=_DEEP)] if round_ == MOST_ROUNDS else []),
        *([Way(types[0], searches=_ZERO)] if has_numbers else []),
        *(Way(types[0], each) for each in numberings),
        *(Way(each) for each in types[1:]),
        *(Way(each, searches=_SHALLOW) for each in types[1:]),
    )


def modules_for(counts: Sequence[int], round_: int) -> tuple[Name, ...]:
    """Return the module in which each claim of a round is tried, by how many theorems each of them takes.

    They are shared out in turn, so that modules are of about one length, and the same for any number of
    workers, by whom what was compiled before is found again.
    """
    parts = -(-sum(counts) // _MOST_AT_ONCE)
    return tuple(f"{PACKAGE}.Round{round_}.Part{at % parts + 1}" for at in range(len(counts)))


def said_name(module: Name) -> Name:
    """Return what takes, in a module, all that a theorem says, and says no more than ``True``."""
    return f"{module}.said"


def witness_name(module: Name, claim: Claim, label: str) -> Name:
    """Return the name of the theorem that applies a theorem to what was found in the way of that label."""
    return f"{module}.{claim.name}.way{label}"


def render_claims(
    tried: Sequence[tuple[Claim, str, Way]],
    module: Name,
    imports: Collection[Name],
    *,
    is_module: bool,
    has_reals: bool,
) -> tuple[str, tuple[range, ...]]:
    """Return a module that applies theorems to something, each in the way of a label, and the lines of each.

    Where Lean finds nothing for a binder it is told to leave the gap; so the module compiles, and its terms
    tell what was met and what was not.
    """
    lines = ["module"] if is_module else []
    lines += [f"import all {name}" if is_module else f"import {name}" for name in sorted(imports)]
    lines += ["public section"] if is_module else []
    lines += ["set_option Elab.async false", f"set_option maxHeartbeats {_MOST_HEARTBEATS}"]
    theorems = [[*_theorem(claim, label, way, has_reals=has_reals)] for claim, label, way in tried]
    lines += [f"namespace {module}", *_LADDER.splitlines(), *_tactics_in(theorems)]
    unfolded = {name: None for claim, _, _ in tried for step in claim.plan.steps for name in step.unfolded}
    lines += [_SEEN.format(number, root(name)) for number, name in enumerate(unfolded)]
    ranges = []
    for theorem in theorems:
        first = len(lines) + 1
        lines += theorem
        ranges.append(range(first, len(lines) + 1))
    lines += [f"end {module}"]
    return "\n".join(lines) + "\n", tuple(ranges)


def _theorem(claim: Claim, label: str, way: Way, *, has_reals: bool) -> Iterator[str]:
    yield f"theorem {quoted(claim.name)}.way{label} : True := by"
    yield from (f"  {tactic}" for tactic in _tactics(claim, way, has_reals=has_reals))


def _tactics(claim: Claim, way: Way, *, has_reals: bool) -> Iterator[str]:
    """Yield the tactics of one way: classes, types, what the catalogue names, then everything in order."""
    if way.searches is not None:
        yield from _searching(claim, way, has_reals=has_reals)
        return
    binders = claim.telescope.binders
    classes = [at for at, binder in enumerate(binders) if binder.info == "instImplicit"]
    families = [at for at, binder in enumerate(binders) if binder.is_family]
    arguments = " ".join(f"?b{at}" for at in range(len(binders)))
    yield f"refine said (@{root(claim.name)} {arguments})"
    for at in classes:
        if models := _fitting(claim, binders[at].word):
            yield f"try (case b{at} => first | {models})"
    for at in families:
        predicate = "exact (· = 1) | " if way.numbering == "falling" else ""
        type_ = f"exact {way.type_} | (intros; exact {way.type_})"
        yield f"try (case b{at} => first | {type_} | {predicate}meet 1)"
    for at in classes:
        real = f"exact {HONEST} | exact {HONEST}.toScalarOps | " if has_reals else ""
        yield f"try (case b{at} => first | {real}exact inferInstance | sorry)"
    # a function of what types were chosen first; then the last, as a dependent type tells what it is of
    functions = [at for at, binder in enumerate(binders) if binder.word is None and binder.depth]
    for at in (*functions, *reversed(range(len(binders)))):
        word = way.type_ if at in functions else binders[at].word
        if at not in classes and at not in families and (models := _fitting(claim, word)):
            yield f"try (case' b{at} => first | {models})"
    for at, number in enumerate(_numbers(len(binders), way.numbering)):
        if at not in claim.open and at not in classes and at not in families:
            plainly = f"exact {'fun _ => ' * binders[at].depth}{number} | " if binders[at].is_evident else ""
            yield f"try (case b{at} => first | {plainly}meet {number})"
    yield f"all_goals (try (meet {1 if way.numbering == 'one' else 2}; done))"
    yield "all_goals sorry"


def _searching(claim: Claim, way: Way, *, has_reals: bool) -> Iterator[str]:
    """Yield the tactics that choose types, then values, each hypothesis met as soon as it can be."""
    planned = {step.at for step in claim.plan.steps}
    arguments = [f"?b{at}" for at in range(len(claim.telescope.binders))]
    plainly = f"refine said (@{root(claim.name)} {' '.join(arguments)})"
    for at, (said, proof) in way.choice.defined.items():
        arguments[at], arguments[said] = "_", proof
    defined = f"first | refine said (@{root(claim.name)} {' '.join(arguments)}) | "
    yield f"{defined if way.choice.defined else ''}{plainly}"
    for at, binder in enumerate(claim.telescope.binders):
        if at in planned or at in claim.open:
            continue
        if binder.is_family:
            type_ = root(way.choice.types[at]) if at in way.choice.types else way.type_
            yield f"try (case b{at} => first | exact {type_} | exact Id | (intros; exact {type_}))"
        else:
            real = f"exact {HONEST} | exact {HONEST}.toScalarOps | " if has_reals else ""
            models = f"{found} | " if (found := _fitting(claim, binder.word)) else ""
            yield f"try (case b{at} => first | {models}{real}exact inferInstance)"
    known = {*way.choice.defined, *(at for at, _ in way.choice.defined.values())}
    steps = tuple(step for step in claim.plan.steps if step.at not in known)
    tried = [_chosen(claim, _pinned(steps, values), way, "shown") for values in way.choice.values]
    yield f"try (first | {' | '.join((*tried, _chosen(claim, steps, way)))})"
    for step in steps:
        if step.at in way.choice.nearest:
            yield f"try (case b{step.at} => exact {way.choice.nearest[step.at]})"
        elif way.choice.nearest and step.at not in claim.open:
            yield f"try (case b{step.at} => {'meet 2' if step.terms else 'shown'})"
    yield "all_goals sorry"


def _pinned(steps: Sequence[Step], values: Mapping[int, str]) -> tuple[Step, ...]:
    """Return steps with one value for each binder that has one."""
    return tuple(replace(step, terms=(values[step.at],)) if step.at in values else step for step in steps)


def _chosen(claim: Claim, steps: Sequence[Step], way: Way, met_by: str | None = None) -> str:
    """Return the tactic that takes steps one after another, and goes back where one of them fails."""
    if not steps:
        return "skip"
    step, rest = steps[0], _chosen(claim, steps[1:], way, met_by)
    if step.at in claim.open:
        return rest
    models = _fitting(claim, claim.telescope.binders[step.at].word)
    if step.terms:
        terms = [f"by first | {models}"] if models else []
        nought = ["0"] if way.searches == _ZERO and claim.telescope.binders[step.at].is_nat else []
        listed = "".join(f"({term}) :: " for term in (*terms, *step.terms, *nought))
        return f"chosen b{step.at} from {listed}() then ({rest})"
    binder = claim.telescope.binders[step.at]
    settle = met_by or ("deeply2" if way.searches == _DEEP else "settle2")
    instances = (each for at, each in way.choice.types.items() if not claim.telescope.binders[at].is_family)
    names = ", ".join(map(root, (*step.unfolded, *(instances if met_by else ()))))
    unfolded = f" | (simp only [{names}]; {settle}) | (simp [{names}]; done)" if names else ""
    first = f"{models} | " if models else ""
    met = "exact inferInstance" if binder.info == "instImplicit" else f"{settle}{unfolded}"
    return f"((case b{step.at} => first | {first}{met}); {rest})"


def _tactics_in(theorems: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield those of our tactics that theorems are written with: each takes Lean a second."""
    written = "\n".join(line for theorem in theorems for line in theorem)
    is_shown = "shown" in written
    if "chosen" in written:
        yield from _CHOOSING.splitlines()
    if is_shown or "settle" in written or "deeply" in written:
        yield _FAILS
    if is_shown or "settle" in written:
        yield from _settling("settle")
    if "deeply" in written:
        yield from _settling("deeply", f" | {_GRIND}")
    if is_shown:
        yield from _SHOWING.splitlines()


def _settling(word: str, more: str = "") -> Iterator[str]:
    """Yield the tactics by which hypotheses are met, by how far they look into what they see."""
    for depth in range(3):
        inner = f"{word}{depth - 1}"
        within = (
            f" | contradiction | (intro _; {inner}; done) | (intros; simp_all; done)"
            f" | ((constructor <;> {inner}); done) | (right; {inner}; done)"
            f" | exact ⟨2, by {inner}⟩ | exact ⟨0, by {inner}⟩"
        )
        yield (
            f'macro "{word}{depth}" : tactic => `(tactic| first | exact True.intro | with_reducible rfl'
            " | decide | exact inferInstance | ((fail_if_success (refine fails (by decide) ?_)); first"
            " | assumption | omega | (intros; omega) | exact Nat.lt_wfRel.wf | (simp; done)"
            f"{within if depth else ''}{more}))"
        )


_SHOWING: Final = """\
theorem upTo (n : Nat) {{p : Nat → Prop}} (small : ∀ m, @LT.lt Nat instLTNat m n → p m)
    (large : ∀ m, p (@HAdd.hAdd Nat Nat Nat (@instHAdd Nat instAddNat) m n)) (m : Nat) : p m :=
  match Nat.decLt m n with
  | isTrue h => small m h
  | isFalse h => Nat.sub_add_cancel (Nat.le_of_not_lt h) ▸ large (Nat.sub m n)
theorem counted {{m : Nat}} (h : @LT.lt Nat instLTNat m {most}) : {some} := by omega
theorem divisor {{m n : Nat}} (h : @Dvd.dvd Nat Nat.instDvd m n) (pos : @LT.lt Nat instLTNat 0 n) :
    @LE.le Nat instLENat m n :=
  Nat.le_of_dvd pos h
theorem factor {{k m n : Nat}} (h : n = @HMul.hMul Nat Nat Nat (@instHMul Nat instMulNat) m k)
    (pos : @LT.lt Nat instLTNat 0 n) : @LE.le Nat instLENat m n :=
  Nat.le_of_dvd pos ⟨k, h⟩
macro "beyond" : tactic => `(tactic| first | omega | (simp; done))
syntax "shown" : tactic
macro_rules
  | `(tactic| shown) => `(tactic| first
    | settle2
    | decide +kernel
    | ((constructor <;> shown); done)
    | (intros; simp_all; done)
    | (intros; simp_all; omega)
    | (simp; omega)
    | (refine upTo {most} ?_ ?_ <;> first
      | decide
      | (intro m h; rcases counted h with {each} <;> (intros; omega))
      | (intros; first
        | omega
        | (refine absurd (@divisor ?m ?n ?h ?p) ?no; (case h => assumption); (case p => decide); beyond)
        | (refine absurd (@factor ?k ?m ?n ?h ?p) ?no; (case h => first | assumption | (symm; assumption));
           (case p => decide); beyond)))
    | {grind})
""".format(
    grind=_GRIND,
    most=_COUNTED,
    some=" ∨ ".join(f"m = {number}" for number in range(_COUNTED)),
    each=" | ".join(["rfl"] * _COUNTED),
)
"""How a hypothesis is met of which it is known that it does not fail, as far as it can be evaluated."""


def _fitting(claim: Claim, word: Name | None) -> str:
    """Return the alternatives that try what the catalogue names and is of this word."""
    found = [model for model in claim.models if model.word == word and word is not None]
    return " | ".join(
        f"exact {root(model.name)} | exact @{root(model.name)} | {_applied(claim, model)}" for model in found
    )


def _applied(claim: Claim, model: Model) -> str:
    """Return the tactic that takes a model for a goal, and leaves what has still to be met."""
    if any(_inner(claim, model, word) for is_written, word in model.parameters if is_written):
        return f"apply {_term(claim, model, 0)}"
    return f"refine @{' '.join([root(model.name), *['?_'] * len(model.parameters)])}"


def _term(claim: Claim, model: Model, depth: int) -> str:
    """Return a model applied to other models where they fit its hypotheses, and to what is to be met."""
    arguments = []
    for is_written, word in model.parameters:
        inner = _inner(claim, model, word) if is_written and depth < _MOST_DEPTH else None
        hole = "?_" if is_written else "_"
        arguments.append(_term(claim, inner, depth + 1) if inner else hole)
    return f"(@{' '.join([root(model.name), *arguments])})"


def _inner(claim: Claim, model: Model, word: Name | None) -> Model | None:
    """Return the first other model that is of a word."""
    return next((each for each in claim.models if each.word == word is not None and each != model), None)


def _numbers(count: int, numbering: str) -> Iterable[int]:
    match numbering:
        case "rising":
            return range(1, count + 1)
        case "falling":
            return range(count, 0, -1)
        case "one":
            return [1] * count
        case _:
            return [2] * count
