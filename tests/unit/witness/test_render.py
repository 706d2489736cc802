"""What is asked of Lean at once."""

from __future__ import annotations

from collections import Counter

import pytest

from lean_bridge.witness.render import MOST_ROUNDS, Claim, Way, modules_for, render_claims, ways
from lean_bridge.witness.search import Choice, Plan, Step
from lean_bridge.witness.telescope import Binder, Telescope


@pytest.mark.parametrize(
    ("counts", "modules"), [([], 0), ([1], 1), ([1] * 40, 1), ([1] * 130, 4), ([17] * 9, 4)]
)
def test_a_round_is_shared_out_evenly(counts: list[int], modules: int) -> None:
    found = Counter(modules_for(counts, 1))
    assert len(found) == modules
    assert max(found.values(), default=0) - min(found.values(), default=0) <= 1
    assert all(name.startswith("LeanBridgeWitness.Round1.Part") for name in found)


TYPE = Binder(name="α", info="implicit", is_family=True, is_evident=True, depth=0, head=None)
NUMBER = Binder(name="n", info="default", is_family=False, is_evident=True, depth=0, head="Nat")


@pytest.mark.parametrize(
    ("is_of_reals", "has_reals"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_it_is_looked_harder_before_everything_is_tried(is_of_reals: bool, has_reals: bool) -> None:
    """Few theorems come so far, and each way costs seconds: a round has one of a kind, until the last two.

    Of real numbers nothing is decided on its face, whether a theorem speaks of them or is tried of them.
    """
    claim = Claim(
        "claim", Telescope((TYPE, NUMBER)), 2, plan=Plan((), (Choice({0: "Unit"}), Choice({})), is_of_reals)
    )
    first, then = ("deep", "shallow") if is_of_reals or has_reals else ("shallow", "deep")
    searched = [[way.searches for way in ways(claim, round_, has_reals=has_reals)] for round_ in (1, 2, 3)]
    assert searched == [[None], [first, first], [then]]
    rest = ways(claim, MOST_ROUNDS - 1, has_reals=True)
    assert rest[0].searches == "zero"
    assert len(rest) == len(set(map(repr, rest))) > 10
    assert ways(claim, MOST_ROUNDS, has_reals=True)[1:] == rest


def test_what_can_be_no_different_is_not_tried_again() -> None:
    """Scalars are of one type, what the first round tried is known, and 0 is said of numbers alone."""
    tried = ways(
        Claim("claim", Telescope((TYPE,)), 1, plan=Plan((), types=1)), MOST_ROUNDS - 1, has_reals=True
    )
    assert {way.type_ for way in tried} == {"Proofs.Autograd.Real"}
    assert [way.numbering for way in tried] == ["rising", "falling", "one"]
    several = ways(
        Claim("claim", Telescope((TYPE,)), 0, plan=Plan((), types=2)), MOST_ROUNDS - 1, has_reals=True
    )
    assert len({way.type_ for way in several}) == 6
    assert "same" in [way.numbering for way in several if way.type_ == "Proofs.Autograd.Real"]


STEPS = Plan((Step(0, ("2",)), Step(1)), (Choice({}, ({0: "3"},)),))
SEARCHED = Claim("claim", Telescope((TYPE, TYPE)), 2, plan=STEPS)


def written(*tried: Way) -> str:
    attempts = [(SEARCHED, str(at), way) for at, way in enumerate(tried)]
    return render_claims(attempts, "Trial", ["Small"], is_module=True, has_reals=False)[0]


def test_nothing_that_is_tried_goes_on_for_ever() -> None:
    """``grind`` makes ever more of what it knows about ``Option.bind``, and counts no heartbeat meanwhile."""
    text = written(Way("Nat"), Way("Nat", searches="deep", choice=STEPS.choices[0]))
    tried = [line for line in text.splitlines() if "grind" in line]
    assert len(tried) > 4
    assert all(line.count("grind") == line.count("grind -funext (instances := 50)") for line in tried)
    assert "set_option maxHeartbeats 40000" in text


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (Way("Nat"), set()),
        (Way("Nat", searches="shallow"), {"chosen", "settle2"}),
        (Way("Nat", searches="deep"), {"chosen", "deeply2"}),
        (Way("Nat", searches="shallow", choice=STEPS.choices[0]), {"chosen", "settle2", "shown"}),
    ],
)
def test_lean_is_given_the_tactics_that_are_used_and_no_others(way: Way, expected: set[str]) -> None:
    """Each takes it a second, in every module that is generated."""
    lines = written(way).splitlines()
    made = {
        word
        for word in ("chosen", "settle2", "deeply2", "shown")
        if any(line.startswith(("syntax", "macro ")) and f'"{word}' in line for line in lines)
    }
    assert made == expected


def test_what_a_hypothesis_says_that_a_function_is_is_left_to_lean() -> None:
    defined = Way("Nat", searches="shallow", choice=Choice({}, defined={0: (1, "(fun _ => rfl)")}))
    text = written(defined)
    assert "refine said (@_root_.«claim» _ (fun _ => rfl)) | refine said (@_root_.«claim» ?b0 ?b1)" in text
    assert "chosen b0" not in text
