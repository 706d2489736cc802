"""A policy takes acceptance away and never gives it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lean_bridge.codes import Code
from pybind_models import VerifyReport
from pybind_models.evidence import Advisory, Witness
from pybind_models.policy import GateReport
from pybind_models.report import ModuleSummary
from tests.gates import gated, of_every_code, record
from tests.reports import ATTENTION, BACKPROP, NOT_CONFIRMED, UNPINNED, accepted, rejected

ADVISORY = Advisory(name="lean4#8060", title="t", affects="a", fixed_in="4.30", url="u")
MET = Witness(outcome="met", instantiated=("n := 1",))
CASES = of_every_code()


def test_what_verify_accepts_a_gate_without_a_policy_accepts() -> None:
    found = gated(accepted())
    assert (found.verdict, found.reason, found.unmet) == ("accepted", None, ())


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("unpinned", [False, True])
def test_what_is_not_accepted_is_never_green_and_says_why(code: Code, unpinned: bool) -> None:
    report = CASES[code]
    found = gated(report, unpinned=unpinned, advisories=("lean4#8060",))
    is_repository_s = code is Code.NOT_PINNED and not unpinned
    assert found.verdict == ("rejected" if is_repository_s else report.verdict)
    assert found.code == code


@pytest.mark.parametrize("code", Code)
def test_one_library_that_is_not_accepted_decides(code: Code) -> None:
    assert gated(accepted(), CASES[code]).verdict != "accepted"
    found = gated(CASES[code], accepted(), rejected())
    assert found.verdict == "rejected"


def test_no_library_is_no_verdict() -> None:
    assert (gated().verdict, gated().code) == ("no verdict", "LB908")


def test_a_gate_that_accepts_what_it_must_not_cannot_be_written_down() -> None:
    good, bad = gated(accepted()), gated(rejected())
    for values in (
        {"libraries": bad.libraries},
        {"libraries": ()},
        {"unmet": gated(accepted(), links=("second kernel",)).unmet},
    ):
        with pytest.raises(ValidationError):
            good.replaced(**values)
    with pytest.raises(ValidationError, match="though something is rejected"):
        bad.replaced(verdict="no verdict")
    late = gated(accepted(), budget=5.0)
    assert late.verdict == "accepted"
    with pytest.raises(ValidationError, match="no longer than"):
        late.replaced(seconds=5.1)


def test_a_manifest_that_is_gone_is_a_rejection_unless_that_is_waived_and_shown() -> None:
    loose = tuple(each.replaced(pin=UNPINNED.pin) for each in (BACKPROP, ATTENTION))
    waived = accepted().replaced(declarations=loose, unpinned=True)
    found = gated(waived)
    assert (found.verdict, found.code, found.unmet[0].names) == (
        "rejected",
        "LB209",
        (BACKPROP.name, ATTENTION.name),
    )
    found = gated(waived, unpinned=True)
    assert found.verdict == "accepted"
    assert found.relaxed[0] == "unpinned (--unpinned): 2 declarations not pinned may pass"
    undecided = accepted().replaced(
        verdict="no verdict", reason="not pinned", code="LB209", declarations=(UNPINNED, ATTENTION)
    )
    assert gated(undecided).verdict == "rejected"
    assert gated(undecided, unpinned=True).verdict == "no verdict", "what verify was not told to waive"


@pytest.mark.parametrize(
    ("link", "code", "verdict"),
    [
        ("second kernel", "LB402", "no verdict"),
        ("PyTorch", "LB501", "no verdict"),
        ("witness", "LB215", "no verdict"),
        ("certified", None, "accepted"),
        ("axioms", None, "accepted"),
        ("floats", None, "accepted"),
    ],
)
def test_a_link_that_is_required_must_hold_for_every_row_of_which_it_can_be_asked(
    link: str, code: str | None, verdict: str
) -> None:
    found = gated(accepted(), links=(link,))
    assert (found.verdict, found.code) == (verdict, code)
    assert [each.link for each in found.unmet] == ([link] if code else [])


def test_a_link_that_nothing_can_be_asked_for_does_not_hold() -> None:
    bare = accepted().replaced(graphs=(), declarations=(BACKPROP,))
    found = gated(bare, links=("certified",))
    assert (found.verdict, found.code) == ("rejected", "LB501")
    assert "no row of which it can be asked" in str(found.reason)


def test_a_link_that_no_row_of_a_group_can_be_asked_for_does_not_hold() -> None:
    found = gated(accepted(), groups={"Tape/Algebra/*": ("certified", "built")})
    assert (found.verdict, found.code) == ("rejected", "LB501")
    assert [(each.link, each.setting) for each in found.unmet] == [("certified", "groups")]
    assert "certified in Tape/Algebra/*, and there is no row of which it can be asked" in str(found.reason)


def test_links_of_groups_are_asked_of_these_groups() -> None:
    assert gated(accepted(), groups={"Tape/Algebra/*": ("second kernel",)}).verdict == "accepted", "confirmed"
    found = gated(accepted(), groups={"Tape/Graphs/*": ("second kernel",)})
    assert (found.verdict, found.unmet[0].names) == ("no verdict", (ATTENTION.name,))
    found = gated(accepted(), groups={"Tape/Gone": ("built",)})
    assert (found.verdict, found.code) == ("rejected", "LB501")


def test_an_open_hypothesis_is_no_witness() -> None:
    named = Witness(outcome="open", open={"h": "later"})
    report = accepted().replaced(declarations=(BACKPROP.replaced(witness=named, witnessed=False), ATTENTION))
    assert gated(report).verdict == "accepted"
    assert gated(report, links=("witness",)).code == "LB215"
    met = accepted().replaced(declarations=(BACKPROP.replaced(witness=MET, witnessed=True), ATTENTION))
    assert gated(met, links=("witness",)).verdict == "accepted"


def test_fewer_axioms_than_three() -> None:
    found = gated(accepted(), axioms=("propext", "Quot.sound"))
    assert (found.verdict, found.code) == ("rejected", "LB204")
    assert found.unmet[0].names == (BACKPROP.name,)
    place = found.findings[0].place
    assert place is not None
    assert (place.file, place.line) == ("proofs/lean/Proofs/Tape.lean", 120), "at the declaration"
    plain = BACKPROP.replaced(axioms=("propext",))
    on_trust = accepted().replaced(declarations=(plain, ATTENTION))
    found = gated(on_trust, axioms=("propext",))
    assert (found.verdict, found.code) == ("no verdict", "LB501"), "what hidden proofs rest on is not known"
    seen = accepted().replaced(declarations=(plain.replaced(library_theorems=0), ATTENTION))
    assert gated(seen, axioms=("propext",)).verdict == "accepted"
    assert gated(seen, axioms=()).verdict == "rejected"


def test_what_is_to_be_judged_must_be_there() -> None:
    for wanted in ("Tape/Graphs/Transformer", "mhaResidualDGraph", BACKPROP.name):
        assert gated(accepted(), judged=(wanted,)).verdict == "accepted"
    for wanted in ("Tape/Graphs", "DGraph", "gone"):
        found = gated(accepted(), judged=(wanted,))
        assert (found.verdict, found.code) == ("rejected", "LB501")
    assert gated(accepted(), accepted(), judged=("mhaResidualDGraph",)).verdict == "accepted"


def test_advisories_are_tolerated_by_name_and_shown() -> None:
    doubtful = accepted().replaced(advisories=(ADVISORY,))
    found = gated(doubtful)
    assert found.verdict == "accepted"
    assert found.relaxed == (
        "advisories (default): 1 row by one kernel alone, whose known faults lean4#8060 are tolerated",
    )
    found = gated(doubtful, advisories=())
    assert (found.verdict, found.code, found.relaxed) == ("no verdict", "LB402", ())
    assert gated(doubtful, advisories=("lean4#8554",)).verdict == "no verdict"
    assert gated(doubtful, advisories=("lean4#8060",)).verdict == "accepted"
    assert gated(accepted(), advisories=()).verdict == "accepted", "no fault is known"


def test_a_budget_that_is_exceeded_is_no_verdict_and_hides_no_rejection() -> None:
    assert (
        gated(accepted(), seconds=61, budget=60.0).verdict,
        gated(accepted(), seconds=59, budget=60.0).verdict,
    ) == (
        "no verdict",
        "accepted",
    )
    assert gated(accepted(), seconds=61, budget=60.0).code == "LB916"
    assert gated(rejected(), seconds=61, budget=60.0).verdict == "rejected"


def test_the_digest_is_of_what_is_required() -> None:
    digests = {record().digest, record(unpinned=True).digest, record(axioms=("propext",)).digest}
    assert len(digests) == 3
    assert record(unpinned=False).digest == record().digest


def test_a_report_is_its_json() -> None:
    found = gated(rejected(), links=("second kernel",))
    assert GateReport.model_validate_json(found.model_dump_json()) == found
    assert isinstance(found.libraries[0].report, VerifyReport)
    assert NOT_CONFIRMED in ATTENTION.kernels


def without_a_catalogue() -> VerifyReport:
    (module,) = {each.group for each in accepted().declarations[:1]}
    rows = tuple(each.replaced(pin=None) for each in accepted().declarations if each.group == module)
    summary = ModuleSummary(module=module, theorems=len(rows))
    return accepted().replaced(declarations=rows, graphs=(), whole=(summary,))


@pytest.mark.parametrize(
    ("values", "code", "mend"),
    [
        ({}, "LB209", "without a catalogue nothing has this link: `unpinned = true` in the policy, or"),
        (
            {"unpinned": True, "links": ("witness",)},
            "LB215",
            "without a catalogue nothing has this link: do not require it, or have `lean-bridge init`",
        ),
    ],
)
def test_what_only_a_catalogue_asks_for_is_mended_without_one(
    values: dict[str, Any], code: str, mend: str
) -> None:
    found = gated(without_a_catalogue(), **values)
    assert found.code == code
    assert mend in (found.reason or "")
    assert mend not in (gated(accepted(), links=("witness",)).reason or "")
    assert gated(without_a_catalogue(), unpinned=True).verdict == "accepted"
