from __future__ import annotations

from lean_bridge.ui.markdown import render_markdown
from pybind_models import VerifyReport
from tests.reports import ATTENTION, BACKPROP, accepted, rejected


def rows(report: VerifyReport) -> list[str]:
    return [line for line in render_markdown(report).splitlines() if line.startswith("|")]


def test_every_declaration_has_a_row_under_its_group() -> None:
    text = render_markdown(rejected())
    for each in rejected().declarations:
        assert f"## {each.group}\n" in text
        assert sum(each.name.rpartition(".")[2] in row for row in rows(rejected())) >= 1


def test_every_entry_of_a_graph_has_a_row() -> None:
    assert "| 19 | residual | add | 0, 18 | n×dModel |" in rows(accepted())
    assert "| 0 | x | input | – | n×dModel |" in rows(accepted())


def test_nothing_that_varies_between_runs_is_written() -> None:
    again = accepted().replaced(seconds=99.0, cached=True)
    assert render_markdown(again) == render_markdown(accepted())


def test_a_cell_cannot_break_the_table() -> None:
    evil = BACKPROP.replaced(group="a|b\n# c")
    text = render_markdown(accepted().replaced(declarations=(evil, ATTENTION)))
    assert "## a\\|b # c" in text


def test_what_differs_from_upstream_is_not_called_the_same() -> None:
    differing = BACKPROP.replaced(upstream=BACKPROP.name, differs="faithful | split")
    (row,) = (
        each for each in rows(accepted().replaced(declarations=(differing, ATTENTION))) if "backprop" in each
    )
    assert "| same name, faithful \\| split | proved |" in row
