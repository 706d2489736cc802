"""Each row of a report has its links, and none that is not good looks good."""

from __future__ import annotations

from typing import Literal

import pytest

from lean_bridge.codes import Code
from lean_bridge.verdict import chain
from lean_bridge.verdict.chain import CHAIN
from pybind_models import GraphReport, KernelVerdict, Pin, VerifyReport, Witness, Words
from pybind_models.status import Link, StatusReport, StatusRow
from tests.reports import (
    ADJOINT,
    ATTENTION,
    BACKPROP,
    BUILT,
    MISSING,
    NOT_BUILT,
    PYTORCH_ABSENT,
    PYTORCH_DIFFERS,
    SORRY,
    UNPINNED,
    accepted,
    agreeing_graph,
    rejected,
)

HOLDS = Link(outcome="holds", word="built")


def status_of(report: VerifyReport) -> StatusReport:
    return chain.status_of(report, notes=report.notes)


def row(report: VerifyReport, name: str) -> StatusRow:
    (found,) = (each for each in status_of(report).rows if each.name.endswith(name))
    return found


def told(found: StatusRow) -> dict[str, str]:
    return {name: f"{link.outcome} {link.word}" for name, link in found.links.items()}


def test_a_theorem_has_a_link_for_everything_that_speaks_for_it() -> None:
    report = accepted().replaced(
        declarations=(
            BACKPROP.replaced(words=Words(known=3), witness=Witness(outcome="met"), witnessed=True),
            ATTENTION,
        )
    )
    assert told(row(report, "backprop_correct")) == {
        "built": "holds built",
        "proved": "holds proved",
        "axioms": "holds 3 axioms",
        "words": "holds known",
        "pinned": "holds pinned",
        "witness": "holds met",
        "second kernel": "holds confirmed",
    }


def test_a_graph_and_its_declaration_are_one_row() -> None:
    status = status_of(accepted())
    assert [each.kind for each in status.rows] == ["theorem", "graph"]
    assert told(status.rows[1]) == {
        "built": "holds built",
        "proved": "holds defined",
        "axioms": "holds 0 axioms",
        "pinned": "holds pinned",
        "second kernel": "open not asked",
        "certified": "holds certified",
        "field": "holds exact",
        "floats": "holds 1 of 1",
        "PyTorch": "open not run",
    }
    assert (status.verdict, status.rows[1].state) == ("accepted", "green")


def test_links_stand_in_the_order_of_the_chain_and_other_peoples_numbers_last() -> None:
    jax = PYTORCH_ABSENT.replaced(name="JAX")
    links = status_of(accepted().replaced(graphs=(agreeing_graph(jax, ADJOINT),))).links
    assert links == (*(link for link in CHAIN if link in links), "JAX")


@pytest.mark.parametrize(
    ("declaration", "link", "expected"),
    [
        (SORRY, "axioms", Link(outcome="fails", word="sorryAx")),
        (MISSING, "built", Link(outcome="fails", word="missing")),
        (NOT_BUILT, "built", Link(outcome="open", word="not built")),
        (UNPINNED, "pinned", Link(outcome="open", word="not pinned")),
        (
            BACKPROP.replaced(
                status="rejected",
                reason="another statement",
                code=Code.STATEMENT_DRIFT,
                standing="not accepted",
                pin=Pin(outcome="drifted", hash="cd" * 20, change="another statement"),
            ),
            "pinned",
            Link(outcome="fails", word="drifted"),
        ),
        (
            BACKPROP.replaced(
                status="rejected",
                reason="no",
                code=Code.KERNEL_REFUSES,
                standing="not accepted",
                kernels=(BUILT, KernelVerdict(kernel="second", outcome="refused", detail="no")),
            ),
            "second kernel",
            Link(outcome="fails", word="refused"),
        ),
        (
            BACKPROP.replaced(
                status="no verdict",
                reason="it gave up",
                code=Code.KERNEL_GAVE_UP,
                standing="not accepted",
                kernels=(BUILT, KernelVerdict(kernel="second", outcome="gave up", detail="memory")),
            ),
            "second kernel",
            Link(outcome="open", word="gave up"),
        ),
        (
            BACKPROP.replaced(
                status="no verdict",
                reason="nothing was found",
                code=Code.NOT_WITNESSED,
                standing="not accepted",
                witness=Witness(outcome="not met", detail="nothing was found"),
                witnessed=False,
            ),
            "witness",
            Link(outcome="open", word="not met"),
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_row_that_is_not_green_shows_at_which_link(declaration: object, link: str, expected: Link) -> None:
    report = rejected().replaced(declarations=(declaration,), graphs=())
    (found,) = status_of(report).rows
    assert found.links[link] == expected
    assert (found.state, found.reason, found.code) != ("green", None, None)


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OUR_FAULT])
@pytest.mark.parametrize(("status", "outcome"), [("rejected", "fails"), ("no verdict", "open")])
def test_whatever_the_code_no_bad_row_looks_good(
    code: Code, status: Literal["rejected", "no verdict"], outcome: str
) -> None:
    bad = BACKPROP.replaced(status=status, reason="it is so", code=code, standing="not accepted")
    graph = GraphReport(name=ATTENTION.name, status=status, reason="it is so", code=code)
    for found in status_of(rejected().replaced(declarations=(bad, ATTENTION), graphs=(graph,))).rows:
        assert outcome in {link.outcome for link in found.links.values()}
        assert (found.reason, found.code) == ("it is so", code)


def test_numbers_that_differ_fail_at_their_own_link() -> None:
    found = row(rejected(), "mhaResidualDGraph")
    assert told(found)["PyTorch"] == "fails differs"
    assert told(found)["floats"] == "holds 1 of 1"
    assert found.links["PyTorch"].figure == "0.3 of 1e-12"
    own = agreeing_graph(ADJOINT).replaced(
        status="rejected",
        reason="it differs",
        code=Code.NUMBERS_DISAGREE,
        checks=(ADJOINT, PYTORCH_DIFFERS.replaced(name="golden vectors")),
    )
    assert told(row(rejected().replaced(graphs=(own,)), "mhaResidualDGraph"))["floats"] == "fails 1 of 2"


def test_a_check_that_was_not_run_is_not_told_as_one_that_did_not_pass() -> None:
    lacking = ADJOINT.replaced(name="golden vectors", outcome="not run", error=None, tolerance=None)
    partly = accepted().replaced(graphs=(agreeing_graph(ADJOINT, lacking),))
    assert told(row(partly, "mhaResidualDGraph"))["floats"] == "holds 1, 1 not run"


def test_a_report_that_says_more_than_its_rows_is_refused() -> None:
    good = status_of(accepted())
    with pytest.raises(ValueError, match="green takes a link"):
        good.rows[0].replaced(links={})
    with pytest.raises(ValueError, match="green takes a link"):
        good.rows[0].replaced(links=good.rows[0].links | {"axioms": Link(outcome="fails", word="sorryAx")})
    old = {name: link.replaced(outcome="stale") for name, link in good.rows[0].links.items()}
    for links in (good.rows[0].links, old | {"built": HOLDS}):
        with pytest.raises(ValueError, match="of what is stale every link is"):
            good.rows[0].replaced(state="stale", reason="changed", code=Code.STALE, links=links)
    with pytest.raises(ValueError, match="of what is stale every link is"):
        good.rows[0].replaced(links=old | {"built": HOLDS})
    stale = good.rows[0].replaced(state="stale", reason="changed", code=Code.STALE, links=old)
    for lie in (
        {"rows": (stale,)},
        {"rows": ()},
        {"changed": ("a",)},
        {"judged": "rejected"},
        {"judged": None},
    ):
        with pytest.raises(ValueError, match="accepted takes"):
            good.replaced(**lie)
    with pytest.raises(ValueError, match="rejected takes"):
        status_of(rejected()).replaced(changed=("a",))


def test_what_is_not_shown_does_not_change_the_verdict() -> None:
    good = status_of(accepted())
    assert good.only([]).verdict == "accepted"
    assert good.only([]).left_out == 2
    assert StatusReport.model_validate_json(good.model_dump_json()) == good
