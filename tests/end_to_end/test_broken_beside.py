"""What a module that Lean refuses does not reach is judged as ever; what it reaches is not green."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lean_bridge.codes import Code
from lean_bridge.library.status import read_status
from lean_bridge.project import open_project
from lean_bridge.toolchain.provider import Provider
from lean_bridge.verdict.chain import CERTIFIED, FIELD, FLOATS, status_of
from pybind_models import VerifyReport
from pybind_models.status import StatusReport, StatusRow
from tests.adversarial.corpus import copy_library

pytestmark = [pytest.mark.full, pytest.mark.lean, pytest.mark.usefixtures("embedded")]

RUN = "Proofs.Autograd.FiniteField.Run"
IMPORTS = ("Proofs.Autograd.Nodes.Pointwise", "Proofs.Autograd.Tape.Graph")
GRAPH = (
    "def {} (n : Nat) : Graph α [vec n, vec n] [vec n] := "
    "Graph.nil.snoc (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))\n"
)
PROOF = "Nat.add_comm a b"
THEOREM = "theorem {} (a b : Nat) (h : a < b) : a + b = b + a := " + PROOF + "\n"
TEXTS = {
    "Left": GRAPH.format("left") + THEOREM.format("leftSum"),
    "Right": GRAPH.format("right") + THEOREM.format("rightSum"),
    "Above": "theorem above (a b : Nat) (h : a < b) : a + b = b + a := leftSum a b h\n",
    "Named": GRAPH.format("named"),
    "Names": 'def named.names : List String := ["first", "second", "difference"]\n' + THEOREM.format("more"),
    "Big": "class Big (n : Nat) : Prop where\n  big : 1 < n\n"
    "theorem modelled (n : Nat) [h : Big n] : 0 < n := Nat.lt_trans Nat.one_pos h.big\n",
    "Model": "theorem bigTwo : Big 2 := ⟨by decide⟩\n" + THEOREM.format("other"),
}
ABOVE = {"Above": "Left", "Model": "Big"}
GRAPHS = ("left", "right", "named")
THEOREMS = ("leftSum", "rightSum", "above", "modelled")
LAKEFILE = 'name = "Twin"\n\n[[lean_lib]]\nname = "Twin"\nglobs = ["Twin.+", "Spec.+", "Proofs.+"]\n'
BEFORE = """@[expose] public section
namespace Twin
open Spec Shape Proofs.Autograd
noncomputable section
variable {α : Type} [ScalarOps α]
"""


@pytest.fixture(scope="module", name="sound")
def _sound(tmp_path_factory: pytest.TempPathFactory, embedded: Provider) -> tuple[Path, dict[str, StatusRow]]:
    """Graphs and theorems in modules of their own, all accepted, and their rows."""
    root = tmp_path_factory.mktemp("sound")
    copy_library((*IMPORTS, RUN), embedded, root)
    (root / "Twin").mkdir()
    for module, text in TEXTS.items():
        above = [f"Twin.{ABOVE[module]}"] if module in ABOVE else []
        imports = "".join(f"public import {name}\n" for name in (*IMPORTS, *above))
        (root / "Twin" / f"{module}.lean").write_text(
            f"module\n{imports}{BEFORE}{text}end\nend Twin\n", "utf-8"
        )
    (root / "lakefile.toml").write_text(LAKEFILE)
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    rows = [f'[[declaration]]\nname = "Twin.{name}"\ngroup = "Twin"\n' for name in (*GRAPHS, *THEOREMS)]
    rows = [
        row + ('kind = "definition"\ngraph = true\n' if name in GRAPHS else 'kind = "theorem"\n')
        for name, row in zip((*GRAPHS, *THEOREMS), rows, strict=True)
    ]
    (root / "catalogue.toml").write_text("".join(rows) + 'model = "Twin.bigTwo"\n')
    report = open_project(root).verify(workers=1, unpinned=True)
    assert report.verdict == "accepted", report.reason
    return root, by_name(status_of(report, notes=()))


def by_name(status: StatusReport) -> dict[str, StatusRow]:
    return {row.name.removeprefix("Twin."): row for row in status.rows}


def broken(sound: Path, root: Path, *files: str) -> Path:
    """Return a copy of a library in which files have a proof that proves nothing, in place of a good one."""
    shutil.copytree(sound, root)
    for file in files:
        text = (root / file).read_text("utf-8")
        if PROOF in text:
            (root / file).write_text(text.replace(PROOF, "rfl"), "utf-8")
        else:
            (root / file).write_text(f"{text}\ntheorem noneOfIt : 1 = 2 := rfl\n", "utf-8")
    return root


def judged(root: Path, *, fresh: bool = False) -> tuple[VerifyReport, dict[str, StatusRow]]:
    """Return what a library with a refused module comes to, which ``status`` says after it too."""
    report = open_project(root).verify(workers=1, unpinned=True, fresh=fresh)
    assert (report.verdict, report.code) == ("rejected", Code.BUILD_FAILED)
    told = read_status(root)
    assert (told.verdict, told.changed) == ("rejected", ())
    return report, by_name(told)


def test_what_a_broken_proof_does_not_reach_is_as_green_as_before(
    sound: tuple[Path, dict[str, StatusRow]], tmp_path: Path
) -> None:
    root, before = sound
    root = broken(root, tmp_path / "broken", "Twin/Left.lean")
    report, rows = judged(root)
    reached = {"left", "leftSum", "above"}
    assert {name for name, row in rows.items() if row.state != "green"} == reached
    for name in before.keys() - reached:
        assert rows[name] == before[name]
        assert {link.outcome for link in rows[name].links.values()} <= {"holds", "open"}
    for link in (CERTIFIED, FIELD, FLOATS):
        assert rows["right"].links[link].outcome == "holds"
    for name in reached:
        assert (rows[name].state, rows[name].code) == ("open", Code.BUILD_FAILED)
        assert re.fullmatch(
            r"not compiled: Twin\.Left \(Twin/Left\.lean:\d+:\d+: [^\n;]+\)", str(rows[name].reason)
        )
        assert {link.outcome for link in rows[name].links.values()} == {"open"}
    graphs = {graph.name: graph for graph in report.graphs}
    assert graphs["Twin.right"].status == "agrees"
    assert (graphs["Twin.left"].status, graphs["Twin.left"].certified) == ("no verdict", False)
    assert not {"certify graphs", "certify numbers", "cross-check", "second kernel"} & report.stages.keys()

    shown: dict[str, str] = {}
    for command in (["verify", "-j", "1", "--unpinned"], ["status"]):
        done = subprocess.run(
            [sys.executable, "-m", "lean_bridge", *command, "--project", str(root), "--format", "json"],
            env={**os.environ, "LEAN_BRIDGE_TOOLCHAIN": "embedded"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        shown[command[0]] = done.stdout
    again = by_name(status_of(VerifyReport.model_validate_json(shown["verify"]), notes=()))
    assert again == rows == by_name(StatusReport.model_validate_json(shown["status"]))

    path = root / "Twin" / "Left.lean"
    path.write_text(path.read_text("utf-8").replace(":= rfl\n", f":= {PROOF}\n"), "utf-8")
    stale = by_name(read_status(root))
    assert {name for name, row in stale.items() if row.state == "stale"} == reached
    mended = open_project(root).verify(workers=1, unpinned=True)
    assert (mended.verdict, mended.cached) == ("accepted", True)


@pytest.mark.parametrize(
    ("line", "verdict", "code"),
    [
        ("-- debug.skipKernelTC", "rejected", Code.KERNEL_SKIPPED),
        ("-- #exit", "no verdict", Code.SOURCE_NOT_ACCOUNTED),
    ],
)
def test_what_names_what_is_forbidden_is_refused_with_what_imports_it_and_nothing_else(
    sound: tuple[Path, dict[str, StatusRow]], tmp_path: Path, line: str, verdict: str, code: Code
) -> None:
    root, before = sound
    root = Path(shutil.copytree(root, tmp_path / "root"))
    path = root / "Twin" / "Left.lean"
    path.write_text(f"{path.read_text('utf-8')}{line}\n", "utf-8")
    report = open_project(root).verify(workers=1, unpinned=True)
    assert (report.verdict, report.code) == (verdict, code)
    assert re.match(r"Twin/Left\.lean:\d+: names ", str(report.reason))
    assert report.build is not None
    states = {module.module: module.state for module in report.build.modules}
    assert {name: states[f"Twin.{name}"] for name in ("Left", "Above", "Right")} == {
        "Left": "failed" if verdict == "rejected" else "unsupported",
        "Above": "blocked",
        "Right": "cached",
    }
    assert report.build.lean_processes == 0, "nothing of it is handed to Lean"
    rows = by_name(read_status(root))
    reached = {"left", "leftSum", "above"}
    assert {name: row.code for name, row in rows.items() if row.state != "green"} == dict.fromkeys(
        reached, code
    )
    assert all(rows[name] == before[name] for name in before.keys() - reached)


def as_fifo(path: Path) -> None:
    os.mkfifo(path)


def as_link(path: Path) -> None:
    path.with_suffix(".txt").write_text("module\n")
    path.symlink_to(path.with_suffix(".txt"))


def as_bytes(path: Path) -> None:
    path.write_bytes(b"module\n-- \xff\n")


@pytest.mark.parametrize(
    ("make", "verdict", "code", "reason"),
    [
        (as_fifo, "no verdict", Code.NO_PROJECT, "Twin/Left.lean: is a FIFO; expected a regular file"),
        (as_bytes, "no verdict", Code.NO_PROJECT, "Twin/Left.lean: expected UTF-8, found byte 0xff at 10"),
        (as_link, "rejected", Code.SOURCE_OUTSIDE, "Twin/Left.lean:1: is a symbolic link to "),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_imports_it_and_nothing_else(
    sound: tuple[Path, dict[str, StatusRow]],
    tmp_path: Path,
    make: Callable[[Path], None],
    verdict: str,
    code: Code,
    reason: str,
) -> None:
    root, before = sound
    root = Path(shutil.copytree(root, tmp_path / "root"))
    (root / "Twin" / "Left.lean").unlink()
    make(root / "Twin" / "Left.lean")
    report = open_project(root).verify(workers=1, unpinned=True)
    assert (report.verdict, report.code) == (verdict, code)
    assert str(report.reason).startswith(reason)
    assert report.build is not None
    assert report.build.lean_processes == 0
    rows = by_name(read_status(root))
    reached = {"left", "leftSum", "above"}
    assert {name: row.code for name, row in rows.items() if row.state != "green"} == dict.fromkeys(
        reached, code
    )
    assert all(rows[name] == before[name] for name in before.keys() - reached)
    named = open_project(root).verify(["right"], workers=1, unpinned=True)
    assert named.verdict == "accepted", "nothing of it is needed"
    assert read_status(root).verdict == verdict


@pytest.mark.full
def test_what_is_asked_for_the_first_time_is_asked_of_what_was_compiled(
    sound: tuple[Path, dict[str, StatusRow]], tmp_path: Path
) -> None:
    root, before = sound
    root = broken(root, tmp_path / "broken", "Twin/Left.lean")
    path = root / "Twin" / "Right.lean"
    path.write_text(path.read_text("utf-8").replace("def right", f"/-- Of {tmp_path} -/\ndef right"), "utf-8")
    report, rows = judged(root)
    assert {"certify graphs", "certify numbers", "cross-check"} <= report.stages.keys()
    assert rows["right"].state == rows["rightSum"].state == "green"
    assert (rows["right"].links, rows["rightSum"].links) == (before["right"].links, before["rightSum"].links)
    report, again = judged(root)
    assert again == rows
    assert not {"certify graphs", "cross-check", "second kernel"} & report.stages.keys()


def test_what_names_or_meets_an_entry_reaches_it_though_it_imports_nothing_of_it(
    sound: tuple[Path, dict[str, StatusRow]], tmp_path: Path
) -> None:
    root, before = sound
    _, rows = judged(broken(root, tmp_path / "broken", "Twin/Names.lean", "Twin/Model.lean"))
    assert {name for name, row in rows.items() if row.state != "green"} == {"named", "modelled"}
    assert rows["right"] == before["right"]
    assert (rows["named"].state, rows["named"].code) == ("open", Code.BUILD_FAILED)
    assert rows["named"].reason == "not compiled: Twin.Names, which names its entries"
    assert (rows["modelled"].state, rows["modelled"].code) == ("open", Code.NOT_WITNESSED)
    assert rows["modelled"].reason == "not compiled: Twin.bigTwo, which may be to meet it"


@pytest.mark.full
def test_numbers_that_are_not_computed_leave_every_graph_undecided(
    sound: tuple[Path, dict[str, StatusRow]], tmp_path: Path
) -> None:
    root, before = sound
    report, rows = judged(broken(root, tmp_path / "broken", f"{RUN.replace('.', '/')}.lean"))
    assert {name for name, row in rows.items() if row.state != "green"} == set(GRAPHS)
    for graph in report.graphs:
        assert (graph.status, graph.certified) == ("no verdict", True)
        assert graph.reason == f"finite field: the library has no compiled {RUN}"
    for name in THEOREMS:
        assert rows[name] == before[name]


def test_without_a_catalogue_too_the_rest_is_judged(
    sound: tuple[Path, dict[str, StatusRow]], tmp_path: Path
) -> None:
    root = broken(sound[0], tmp_path / "broken", "Twin/Left.lean")
    (root / "catalogue.toml").unlink()
    report, rows = judged(root)
    assert not {"left", "leftSum", "above"} & rows.keys()
    assert "second kernel" not in report.stages
    for name in ("right", "rightSum"):
        assert (rows[name].state, rows[name].links["second kernel"].outcome) == ("green", "holds")


@pytest.mark.parametrize(
    ("imported", "refused", "verdict", "code", "told"),
    [
        ("Twin.Rihgt", ["Left"], "rejected", Code.BUILD_FAILED, "imports Twin.Rihgt, which is neither"),
        (
            "Twin.Above",
            ["Left", "Above"],
            "rejected",
            Code.BUILD_FAILED,
            "imports form a circle: Twin/Left.lean:2 imports Twin.Above, Twin/Above.lean:4 imports Twin.Left",
        ),
        ("Mathlib.Tactic", ["Left"], "no verdict", Code.LEAN_CANNOT, "other packages are not fetched here"),
    ],
)
def test_what_a_bad_import_does_not_reach_is_as_green_as_before(
    sound: tuple[Path, dict[str, StatusRow]],
    tmp_path: Path,
    imported: str,
    refused: list[str],
    verdict: str,
    code: Code,
    told: str,
) -> None:
    sources, before = sound
    root = broken(sources, tmp_path / "broken")
    left = root / "Twin" / "Left.lean"
    left.write_text(
        left.read_text("utf-8").replace("module\n", f"module\npublic import {imported}\n"), "utf-8"
    )
    report = open_project(root).verify(workers=1, unpinned=True)
    assert (report.verdict, report.code) == (verdict, code)
    assert report.build is not None
    modules = {each.module.removeprefix("Twin."): each for each in report.build.modules}
    states = {name: each.state for name, each in modules.items() if each.state not in ("built", "cached")}
    state = "failed" if verdict == "rejected" else "unsupported"
    assert states == {"Above": "blocked", **dict.fromkeys(refused, state)}
    causes = [
        each.limit or f"{each.file}:{each.diagnostics[0].line}: {each.diagnostics[0].text}"
        for each in (modules[name] for name in refused)
    ]
    assert causes[0].startswith("Twin/Left.lean:2: ")
    assert told in causes[0]
    assert report.reason in causes
    rows = by_name(status_of(report, notes=()))
    assert by_name(read_status(root)) == rows
    reached = {"left", "leftSum", "above"}
    assert {name: row for name, row in rows.items() if row.state == "green"} == {
        name: row for name, row in before.items() if name not in reached
    }
    assert {rows[name].code for name in reached} == {code}
    alone = open_project(root).verify(["right", "rightSum"], workers=1, unpinned=True)
    assert alone.verdict == "accepted"
