"""What each event makes of the board: nothing at work looks judged, and only what was touched is at work."""

from __future__ import annotations

from copy import deepcopy

import pytest

from lean_bridge.dash.model import (
    Activity,
    Began,
    Board,
    Dated,
    Ended,
    Entry,
    Event,
    Heard,
    Looked,
    Stopped,
    activities,
    activity,
    reduce,
)
from lean_bridge.events import BuildStarted, ModuleFinished, StageAdvanced, StageFinished, StageStarted
from lean_bridge.ui.detail import PinnedAt
from lean_bridge.ui.event_lines import Judged, Told, Transferred
from pybind_models import VerifyReport
from tests.boards import (
    ACCEPTED,
    ACCEPTED_AGAIN,
    ADDITION,
    AT,
    BROKEN,
    EDITED,
    ELABORATING,
    FLOW,
    MENDED,
    MISMATCH,
    REJECTED,
    SUM,
    TAPE,
    bad,
    board,
    good,
    heard,
    looked,
)
from tests.reports import ATTENTION, BACKPROP, module

NAMES = {ADDITION.name: "sum", BACKPROP.name: "backprop", ATTENTION.name: "attention"}


def states(found: Board) -> dict[str, str]:
    assert found.status is not None
    return {NAMES[row.name]: row.state for row in found.status.rows}


def doing(found: Board) -> dict[str, str]:
    assert found.status is not None
    told = {NAMES[row.name]: activity(found, row) for row in found.status.rows}
    return {name: said.doing for name, said in told.items() if said is not None}


def texts(found: Board) -> list[str]:
    return [entry.text for entry in found.log if entry.message is None]


def test_an_accepted_library_is_at_rest() -> None:
    found = board(*ACCEPTED)
    assert (set(states(found).values()), doing(found), found.run, found.log) == ({"green"}, {}, None, ())


def test_an_edit_makes_stale_what_rests_on_it_and_nothing_is_done_until_a_run_begins() -> None:
    found = board(*EDITED)
    assert states(found) == {"sum": "stale", "backprop": "stale", "attention": "green"}
    assert (doing(found), texts(found)) == ({}, ["Proofs/Sum.lean changed"])
    begun = board(*EDITED, Began(AT))
    assert doing(begun) == {"sum": "queued", "backprop": "queued"}


def test_rows_follow_the_modules_that_they_rest_on() -> None:
    found = board(*ELABORATING)
    assert doing(found) == {"sum": "elaborating", "backprop": "elaborating"}
    assert found.status is not None
    assert activity(found, found.status.rows[0]) == Activity("elaborating", AT + 2)
    assert activities(found, found.status.rows) == {"elaborating": 2}
    assert found.run is not None
    assert (found.run.done, found.run.total, found.run.now) == (1, 3, SUM)
    built = board(*ELABORATING, *heard(ModuleFinished(module("Sum", "built"))))
    assert doing(built) == {"sum": "judging", "backprop": "queued"}, "its own module is not done"


def test_a_module_that_lean_refuses_is_told_at_once_and_the_row_is_not_rejected_before_its_judgement() -> (
    None
):
    found = board(*BROKEN)
    assert doing(found) == {"sum": "refused", "backprop": "refused"}
    assert states(found)["sum"] == "stale"
    assert found.messages == (MISMATCH,)
    over = board(*REJECTED)
    assert (over.run, doing(over), states(over)["sum"]) == (None, {}, "open")
    assert over.log[-1] == Entry(AT, "rejected: LB101 Lean refuses Proofs/Sum.lean", "bad")
    assert over.messages == (MISMATCH,), "said twice, it is told once"


def test_a_mended_proof_takes_its_message_back() -> None:
    assert board(*MENDED).messages == ()
    over = board(*ACCEPTED_AGAIN)
    assert (set(states(over).values()), over.messages, over.log[-1].text) == ({"green"}, (), "accepted")


def test_what_stays_refused_keeps_its_message_while_it_is_judged_again() -> None:
    again = board(*REJECTED, looked(bad(), *NAMES), Began(AT))
    assert again.messages == (MISMATCH,)


def test_a_run_that_was_stopped_leaves_nothing_but_that_it_was() -> None:
    found = board(*ELABORATING, Stopped(AT, "there is a newer edit"))
    assert (found.run, doing(found)) == (None, {})
    assert states(found) == states(board(*EDITED))
    assert texts(found)[-1] == "stopped: there is a newer edit"
    late = reduce(found, Heard(AT, StageStarted("audit")))
    assert late == found, "what it still says is of no interest"
    assert reduce(found, Stopped(AT, "again")) == found


def test_a_run_that_ends_without_a_report_is_no_verdict() -> None:
    found = board(*ELABORATING, Ended(looked(good(), ADDITION.name), "killed"))
    assert (found.run, found.trouble) == (None, "killed")
    assert found.status is not None
    assert found.status.verdict == "no verdict"
    assert texts(found)[-1] == "no verdict: killed"
    silent = board(*EDITED, Began(AT), Ended(looked(good(), ADDITION.name)))
    assert silent.trouble == "LB908 the run ended without a report"


def test_a_run_that_could_not_judge_says_why_beside_what_is_known() -> None:
    refusal = VerifyReport(verdict="no verdict", reason="no Lean could be had", code="LB301")
    never = Looked(AT, looked(good()).status, None)
    found = board(*EDITED, Began(AT), Heard(AT, Judged(refusal)), Ended(never))
    assert found.trouble == "LB301 no Lean could be had"
    assert texts(found)[-1] == "no verdict: LB301 no Lean could be had"


def test_nothing_of_a_library_that_cannot_be_read_is_green() -> None:
    broken = Looked(AT, trouble="catalogue.toml:3: expected a name")
    found = board(*ACCEPTED, broken, broken)
    assert (found.trouble, set(states(found).values())) == (broken.trouble, {"stale"})
    assert found.status is not None
    assert (found.status.verdict, found.status.judged) == ("no verdict", "accepted")
    assert texts(found) == [broken.trouble], "once"
    assert board(broken).status is None
    assert board(*ACCEPTED, broken, *ACCEPTED).trouble is None


def test_stages_and_transfers_move_the_bar() -> None:
    def at(*told: Told) -> tuple[str, int, int | None, str]:
        run = board(*EDITED, Began(AT), *heard(*told)).run
        assert run is not None
        return run.stage, run.done, run.total, run.now

    assert at() == ("starting", 0, None, "")
    assert at(Transferred("unpacking", 3, 9)) == ("unpacking Lean", 3, 9, "")
    assert at(StageStarted("witness", 4), StageAdvanced("sum")) == ("witness", 1, 4, "sum")
    nested = (StageStarted("witness", 4), BuildStarted(("Made",)))
    assert at(*nested) == ("witness", 0, 1, ""), "a build within a stage is part of it"
    assert at(StageStarted("witness", 4), StageFinished("witness")) == ("witness", 4, 4, "")
    assert at(StageStarted("witness", 4), StageFinished("audit"))[1] == 0


def test_a_row_that_nobody_judged_waits_for_everything() -> None:
    status = looked(good()).status
    assert status is not None
    row = status.rows[0].replaced(state="open", links={}, reason="not judged yet", code="LB908")
    never = Looked(
        AT, status.replaced(verdict="no verdict", reason="-", code="LB908", judged=None, rows=(row,))
    )
    begun = board(never, Began(AT))
    assert activity(begun, row) == Activity("queued")
    some = reduce(begun, Heard(AT, BuildStarted((SUM, TAPE, FLOW))))
    some = reduce(some, Heard(AT, ModuleFinished(module("Sum", "built"))))
    assert activity(some, row) == Activity("queued")


def test_how_rows_were_pinned_stays_known_whatever_is_looked_at() -> None:
    pins = {ADDITION.name: [PinnedAt("1234567890", AT, None)]}
    assert board(*ACCEPTED, Dated(pins), *EDITED, Began(AT)).pins == pins


def test_the_log_is_bounded() -> None:
    found = board(*ACCEPTED)
    for at in range(600):
        found = reduce(found, Looked(AT, trouble=f"trouble {at}"))
    assert (len(found.log), found.log[-1].text) == (500, "trouble 599")


@pytest.mark.parametrize("event", [Began(AT), *heard(StageStarted("audit")), Stopped(AT, "-")])
def test_a_board_is_never_changed_in_place(event: Event) -> None:
    before = board(*ELABORATING)
    kept = deepcopy(before)
    reduce(before, event)
    assert before == kept
