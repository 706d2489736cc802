"""What a test of the plugin comes to, by recorded reports: no verdict never passes, nor is it skipped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from itertools import product
from pathlib import Path

import pytest
from _pytest.outcomes import Skipped

from lean_bridge.codes import Code
from lean_bridge.gate.as_tests import LinkError, Looked
from lean_bridge.gate.run import judge_all
from lean_bridge.pytest_plugin import _SEEN, _settled, pytest_configure
from lean_bridge.verdict.chain import links_of
from pybind_models.policy import GateReport, Judged, Policy
from tests.gates import PLACE, gated, of_every_code, unfinished
from tests.reports import ATTENTION, BACKPROP, accepted
from tests.tiers import one_in

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


def test_what_a_policy_forbids_fails_at_its_link() -> None:
    row = BACKPROP.replaced(axioms=("Classical.choice",))
    gate = gated(accepted().replaced(declarations=(row, ATTENTION)), axioms=())
    assert "LB204 1 declaration on Classical.choice" in outcomes(gate)[BACKPROP.name, "axioms"]


def test_libraries_are_held_to_a_policy_together_and_each_tells_its_own() -> None:
    good, bad = accepted(), unfinished()
    gate = gated(good, bad, judged=("backprop",))
    Looked(gate, PLACE).check(BACKPROP.name, "axioms")
    with pytest.raises(LinkError):
        Looked(gate, "other1").check(BACKPROP.name, "axioms")
    with pytest.raises(LinkError):
        Looked(gate, PLACE).check_verdict()


ROOT = Path(__file__).parents[3]


def repository(top: Path, policy: str) -> Path:
    """Write a repository with two libraries and a test in Python; nothing is judged in it."""
    (top / ".git").mkdir()
    for name in ("a", "b"):
        (top / name).mkdir()
        (top / name / "lakefile.toml").write_text(f'name = "{name}"\n')
        entry = f'[[declaration]]\nname = "{name}.t"\nkind = "theorem"\ngroup = "g"\n'
        (top / name / "catalogue.toml").write_text(entry)
    (top / "tests").mkdir()
    (top / "tests" / "test_other.py").write_text("def test_python():\n    pass\n")
    (top / "pytest.ini").write_text("[pytest]\n")
    (top / "lean-bridge.toml").write_text(policy)
    return top


def run(top: Path, *words: str) -> tuple[int, str]:
    """Run pytest; what would have anything judged is deselected."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "lean_bridge.pytest_plugin", "-p", "no:cacheprovider"),
            *("-q", "-m", "not lean_bridge", *words),
        ],
        cwd=top,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # others take a second each to import
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("own", "words"),
    one_in(3, product((False, True), ((), ("tests", "a", "b"), (".",), ("b", "tests")))),
    ids=str,
)
def test_each_library_that_a_policy_names_must_be_collected(
    tmp_path: Path, own: bool, words: tuple[str, ...]
) -> None:
    """Named by paths, or asked by its own policy."""
    top = repository(tmp_path, "" if own else 'paths = ["a", "b"]\npytest = true\n')
    if own:
        (top / "b" / "lean-bridge.toml").write_text("pytest = true\n")
    (top / "b" / "catalogue.toml").unlink()
    status, text = run(top, *words)
    assert status == 1, text
    assert f"LB902 {top}/b/catalogue.toml: there is no such file" in text
    assert "1 passed" in text


def test_what_is_there_or_not_meant_is_not_asked_for(tmp_path: Path) -> None:
    top = repository(tmp_path, 'paths = ["a", "b"]\npytest = true\n')
    for words in ((), ("tests",), ("tests", "a")):
        status, text = run(top, *words)
        assert status == 0, text
    (top / "b" / "catalogue.toml").unlink()
    assert run(top, "tests", "a")[0] == 0, "it is neither named nor below what is"
    (top / "other").mkdir()
    (top / "other" / "catalogue.toml").write_text("[shop]\nprice = 3\n")
    status, text = run(top, "--lean-bridge", "other")
    assert (status, "LB902 no catalogue.toml is among what is collected" in text) == (1, True)
    status, text = run(top, "--lean-bridge", "a", "tests", "other")
    assert (status, "1 passed" in text) == (0, True), "another program's stops nothing"


def test_a_pinned_theorem_that_is_gone_from_the_catalogue_is_a_test_still(tmp_path: Path) -> None:
    top = repository(tmp_path, "")
    digest = "0" * 40
    (top / "a" / "certified.toml").write_text(
        'lean = "4"\n[[declaration]]\nname = "a.gone"\nkind = "theorem"\nstatement = "True"\naxioms = []\n'
        f'hash = "{digest}"\n[definitions]\n"a.gone" = "{digest}"\n'
    )
    status, text = run(top, "--lean-bridge", "--collect-only", "-m", "lean_theorem", "a")
    assert status == 0, text
    assert "a/catalogue.toml::a.gone::pinned" in text


def test_what_is_skipped_is_told_where_the_catalogue_names_it(tmp_path: Path) -> None:
    top = repository(tmp_path, "")
    entry = '\n[[declaration]]\nkind = "theorem"\nname = "{}"\ngroup = "g"\n'
    (top / "a" / "catalogue.toml").write_text(entry.format("a.other") + entry.format(BACKPROP.name))
    (top / "conftest.py").write_text(
        "from lean_bridge import pytest_plugin\n"
        "from tests.gates import PLACE, gated\n"
        "from tests.reports import accepted\n"
        "pytest_plugin._gate_of = lambda *_: (gated(accepted()), PLACE)\n"
    )
    status, text = run(top, "--lean-bridge", "a", "-m", "lean_bridge", "-rs", "-k", BACKPROP.name)
    assert status == 0, text
    told = [line for line in text.splitlines() if line.startswith("SKIPPED")]
    assert "SKIPPED [1] a/catalogue.toml:9: witness: not asked" in told, text
    assert all(line.startswith("SKIPPED [1] a/catalogue.toml:9: ") for line in told)


def test_one_policy_has_its_libraries_judged_together(tmp_path: Path) -> None:
    top = repository(tmp_path, 'paths = ["a"]\n')
    config = pytest.Config.fromdictargs({}, [str(top)])
    pytest_configure(config)
    config.stash[_SEEN] += [top / "a" / "catalogue.toml", top / "b" / "catalogue.toml"]
    for root in (top / "a", top / "b"):
        settled, _ = _settled(config, root)
        assert list(settled.libraries) == [top / "a", top / "b"]
        assert (settled.top, settled.record.file) == (top, "lean-bridge.toml")
    (top / "b" / "lean-bridge.toml").write_text("budget = 3\n")
    settled, _ = _settled(config, top / "b")
    assert (list(settled.libraries), settled.record.passed_over) == ([top / "b"], ("lean-bridge.toml",))


def test_a_budget_bounds_what_never_ends(tmp_path: Path) -> None:
    top = repository(tmp_path, 'paths = ["a", "b"]\nbudget = 0.2\n')
    config = pytest.Config.fromdictargs({}, [str(top)])
    pytest_configure(config)
    settled, _ = _settled(config, top / "a")

    def judge_one(root: Path, place: str, policy: Policy) -> Judged:
        del policy
        if root.name == "b":
            threading.Event().wait()
        return Judged(place=place, report=accepted())

    gate = judge_all(settled, judge_one, time.monotonic())
    assert (gate.verdict, gate.code) == ("no verdict", "LB916")
    assert [each.report.verdict for each in gate.libraries] == ["accepted", "no verdict"]
