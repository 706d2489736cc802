"""Words of pydantic's, and of what reads the command line, are told as everything else is."""

from __future__ import annotations

import sys

import pytest
from pydantic import ValidationError

from lean_bridge import cli
from lean_bridge.misfits import misfit, unchosen
from pybind_models.policy import Policy


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("axioms", ("propex",), "found 'propex'; did you mean propext?"),
        ("axioms", ("sorryAx",), "expected 'propext', 'Quot.sound' or 'Classical.choice', found 'sorryAx'"),
        ("links", ("built", "built"), "named twice: built"),
        ("budget", "soon", "expected a number, found 'soon'"),
        ("unpinned", 3, "expected true or false, found 3"),
        ("judged", ("",), "expected a text of at least one letter, found ''"),
    ],
)
def test_a_fault_says_what_was_expected_and_what_may_be_meant(key: str, value: object, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate({key: value})
    said = misfit(caught.value.errors()[0])
    assert said.endswith(told)
    assert "Value error" not in said
    assert "Input should be" not in said


def test_a_message_of_something_else_is_as_it_was() -> None:
    assert unchosen("Missing parameter: name") == "Missing parameter: name"
    assert unchosen("'x' is not one of 'green', 'stale'.") == "'x' is not one of 'green', 'stale'"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("status --not grene", "'--not': 'grene' is not one of 'green', 'rejected', 'open', 'stale'; did"),
        ("status --not green --not stail", "did you mean stale?"),
        ("verify --format tabl", "did you mean table?"),
        ("gate --require confirmd", "did you mean confirmed?"),
        ("--toolchain embeded list", "did you mean embedded?"),
        ("gate -o gihub", "as FORMAT or FORMAT=FILE; did you mean github?"),
        ("gate -o sraif=report", "did you mean sarif?"),
        ("lean tests/unit/test_misfit.py", "does not exist; did you mean tests/unit/test_misfits.py"),
        ("lean nowhere/at.lean", "'nowhere/at.lean' does not exist"),
        ("explain lb20l", "there is no code lb20l; did you mean LB2"),
        ("explain Certified", "no code Certified, but a link, which fails by LB301, LB302; `lean-bridge exp"),
        ("explain §", "there is no code §; `lean-bridge explain` lists them"),
        ("status --workers x", "expected an integer, found 'x'"),
        ("bench g --seconds soon", "expected a number, found 'soon'"),
    ],
)
def test_a_word_of_the_command_line_that_there_is_not(
    words: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lean-bridge", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2
    assert told in said
    assert "Value error" not in said
    assert "Input should be" not in said
