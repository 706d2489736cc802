"""What a test of the plugin comes to, by recorded reports: no verdict never passes, nor is it skipped."""

from __future__ import annotations

import pytest
from _pytest.outcomes import Skipped

from lean_bridge.codes import Code
from lean_bridge.pytest_plugin import LinkError, Looked
from lean_bridge.verdict.chain import links_of
from pybind_models.policy import GateReport
from tests.gates import gated, of_every_code, unfinished
from tests.reports import ATTENTION, BACKPROP, accepted

CASES = of_every_code()
ROWS = {BACKPROP.name: links_of("theorem", graph=False), ATTENTION.name: links_of("graph", graph=True)}


def outcomes(gate: GateReport) -> dict[tuple[str, str], str]:
    looked, found = Looked(gate), {}
    for name, links in ROWS.items():
        for link in links:
            try:
                looked.check(name, link)
            except LinkError as error:
                found[name, link] = str(error)
            except Skipped as skipped:
                found[name, link] = f"skipped: {skipped.msg}"
            else:
                found[name, link] = "passed"
    return found


def test_what_is_accepted_passes_and_what_nobody_asked_is_skipped_with_why() -> None:
    found = outcomes(gated(accepted()))
    assert {outcome for outcome in found.values() if not outcome.startswith("skipped")} == {"passed"}
    assert {key[1]: outcome for key, outcome in found.items() if outcome.startswith("skipped")} == {
        "words": "skipped: words: not asked",
        "witness": "skipped: witness: not asked",
        "second kernel": "skipped: second kernel: not asked",
        "PyTorch": "skipped: PyTorch: not run",
    }
    Looked(gated(accepted())).check_verdict()


@pytest.mark.parametrize("link", ["witness", "second kernel", "PyTorch"])
def test_what_a_policy_requires_is_not_skipped(link: str) -> None:
    gate = gated(accepted(), links=(link,))
    told = [outcome for key, outcome in outcomes(gate).items() if key[1] == link]
    assert any(outcome.startswith(("skipped", "passed")) is False for outcome in told)
    with pytest.raises(LinkError, match="gate: no verdict"):
        Looked(gate).check_verdict()


@pytest.mark.parametrize("code", Code)
def test_what_is_not_accepted_fails_for_every_code(code: Code) -> None:
    gate = gated(CASES[code])
    with pytest.raises(LinkError, match=f"{gate.verdict}: {code}"):
        Looked(gate).check_verdict()
    found = outcomes(gate)
    failed = {key[0] for key, outcome in found.items() if not outcome.startswith(("passed", "skipped"))}
    row = {"LB2": BACKPROP, "LB3": ATTENTION, "LB4": BACKPROP}.get(code[:3])
    if row is not None:
        assert row.name in failed
        assert not [
            key for key, outcome in found.items() if key[0] == row.name and outcome.startswith("skipped")
        ]
    elif not code.startswith("LB1"):  # nothing was judged
        assert failed == set(ROWS)
        assert "passed" not in found.values()


def test_a_failure_begins_with_the_place_of_its_root() -> None:
    found = outcomes(gated(unfinished()))
    assert found[BACKPROP.name, "axioms"].startswith("proofs/lean/Proofs/Sum.lean:9:3: error: ")
