"""Projects without a catalogue are judged whole: every declaration, with what Lean made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.errors import DeclarationNotFound, NotCatalogued, ProjectNotFound
from lean_bridge.library.judgement import forget
from lean_bridge.project import open_project
from lean_bridge.verdict.whole import Choice
from pybind_models import Cause, DeclarationReport, Place, VerifyReport

LAKEFILE = 'name = "{0}"\n\n[[lean_lib]]\nname = "{0}"\nglobs = ["{0}.+"]\n'
TOOLCHAIN = "leanprover/lean4:v4.28.0\n"


def write(root: Path, name: str, files: dict[str, str], *, lakefile: str = LAKEFILE) -> Path:
    """Write a project without a catalogue, each file below its name."""
    (root / name).mkdir(parents=True)
    for file, text in files.items():
        (root / name / f"{file}.lean").write_text(text, encoding="utf-8")
    (root / "lakefile.toml").write_text(lakefile.format(name))
    (root / "lean-toolchain").write_text(TOOLCHAIN)
    return root


def hundred(first: int, proofs: dict[int, str]) -> str:
    """Return a hundred theorems, some with proofs of their own."""
    return "".join(
        f"theorem t{number} : {number} + 1 = {number + 1} := {proofs.get(number, 'rfl')}\n"
        for number in range(first, first + 100)
    )


UNFINISHED = "by\n  sorry"


def inherited(name: str) -> str:
    """Return a proof that rests on another theorem."""
    return f"(And.intro {name} rfl).2"


@pytest.fixture(scope="module")
def three_hundred(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a project of three hundred theorems: one is unfinished, two inherit that."""
    root = write(
        tmp_path_factory.mktemp("whole"),
        "Many",
        {
            "C": "module\npublic import Many.B\npublic section\n"
            + hundred(300, {321: "(And.intro t240 rfl).2"}),
            "A": "module\npublic section\n" + hundred(100, {150: "by\n  sorry"}),
            "B": "module\npublic import Many.A\npublic section\n"
            + hundred(200, {240: "(And.intro t150 rfl).2"}),
        },
    )
    yield root
    forget(root)


def run(*words: str) -> tuple[int, str]:
    """Return the exit status of a command, and what it prints."""
    told = CliRunner().invoke(app, list(words))
    return told.exit_code, told.stdout


def not_accepted(report: VerifyReport) -> dict[str, DeclarationReport]:
    return {each.name: each for each in report.declarations if not each.is_accepted}


@pytest.mark.full
def test_of_three_hundred_theorems_those_three_are_rejected_that_rest_on_a_sorry(
    three_hundred: Path,
) -> None:
    report = open_project(three_hundred).verify(workers=1)
    assert (report.verdict, report.code) == ("rejected", "LB205")
    assert len(report.declarations) == 300
    found = not_accepted(report)
    assert list(found) == ["t150", "t240", "t321"], "what is at fault itself comes first"
    places = {name: (each.source.file, each.source.line) for name, each in found.items() if each.source}
    assert places == {"t150": ("Many/A.lean", 53), "t240": ("Many/B.lean", 44), "t321": ("Many/C.lean", 25)}
    for each in found.values():
        assert each.cause == Cause(name="t150", place=Place(file="Many/A.lean", line=54, column=3))
    assert found["t321"].axiom_path == ("t321", "t240", "t150", "sorryAx")
    assert report.whole is not None
    assert [(each.module, each.theorems, each.not_accepted) for each in report.whole] == [
        ("Many.A", 100, 1),
        ("Many.B", 100, 1),
        ("Many.C", 100, 1),
    ]

    status, out = run("verify", "-j", "1", "--project", str(three_hundred), "--format", "text")
    assert status == 1
    rejected = [
        line.split("\t")[2:4] for line in out.splitlines() if line.startswith("declaration\trejected")
    ]
    assert rejected == [
        ["t150", "Many/A.lean:53:1"],
        ["t240", "Many/B.lean:44:1"],
        ["t321", "Many/C.lean:25:1"],
    ]
    assert "judged\tMany.B\ttheorems=100\tdefinitions=0\t" in out
    status, out = run("verify", "-j", "1", "--project", str(three_hundred))
    assert out.count("at t150, Many/A.lean:54:3") == 2, "what inherits it names where the sorry stands"
    status, out = run("status", "--project", str(three_hundred), "--not", "green", "--format", "json")
    assert status == 1
    assert [row["name"] for row in json.loads(out)["rows"]] == ["t150", "t240", "t321"]


def test_the_shipped_library_is_judged_whole() -> None:
    project = open_project(shipped=True)
    report = project.verify(choice=Choice(), workers=1)
    assert report.verdict == "accepted", report.reason
    environment = project.environment()
    own = [module for module in environment.modules if not environment.is_library(module)]
    assert report.whole is not None
    assert sum(each.judged + each.auxiliaries for each in report.whole) == sum(
        len(environment.module(module).constant_names) for module in own
    ), "every constant is judged, under one declaration"
    assert {entry.name for entry in project.catalogue.declarations} <= {
        each.name for each in report.declarations
    }
    assert [each.name for each in report.declarations if each.source is None] == []
    assert all(each.pin is None and each.witness is None for each in report.declarations)
    assert any("nobody asked for pins, words, witnesses or graphs" in note for note in report.notes)


FAULTS = """module
public section
namespace Faulty
axiom assumed : 1 = 2
opaque hidden : Nat
unsafe def escape : Nat := 1
@[implemented_by escape] def swapped : Nat := 2
@[extern "c_code"] def foreign (n : Nat) : Nat := n
partial def loop (n : Nat) : Nat := loop (n + 1)
theorem onAxiom : 1 = 2 := assumed
structure Pair where
  left : Nat
  right : left = 1 := sorry
instance : Inhabited Pair := ⟨⟨1, by sorry⟩⟩
noncomputable def halves : Nat → Nat
  | 0 => 0
  | 1 => 0
  | n + 2 => halves n + 1
private theorem quiet : 3 = 4 := by sorry
private theorem fine : 3 = 3 := rfl
theorem loud : 3 = 4 := quiet
theorem mixed : swapped = 3 := by sorry
theorem good : halves 0 = 0 := by simp [halves]
noncomputable def slow (n : Nat) : Nat := if h : n = 0 then 0 else slow (n / 2)
termination_by n
decreasing_by omega
end Faulty
"""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a project with everything in it that is not accepted."""
    root = write(
        tmp_path_factory.mktemp("faults"),
        "Faulty",
        {"All": FAULTS, "Good": "module\npublic section\ntheorem Faulty.only : 1 = 1 := rfl\n"},
    )
    (root / "Faulty.Stray.lean").write_text("theorem Faulty.stray : 1 = 2 := sorry\n")
    yield root
    forget(root)


def test_everything_that_is_not_allowed_is_found_where_it_stands(faulty: Path) -> None:
    report = open_project(faulty).verify(workers=1)
    assert report.verdict == "rejected"
    found = {
        each.name.removeprefix("_private.Faulty.All.0."): each.code
        for each in report.declarations
        if not each.is_accepted
    }
    assert found == {
        "Faulty.assumed": "LB204",
        "Faulty.hidden": "LB207",
        "Faulty.escape": "LB207",
        "Faulty.swapped": "LB208",
        "Faulty.foreign": "LB208",
        "Faulty.loop": "LB207",
        "Faulty.onAxiom": "LB204",
        "Faulty.Pair": "LB205",
        "Faulty.instInhabitedPair": "LB205",
        "Faulty.quiet": "LB205",
        "Faulty.loud": "LB205",
        "Faulty.mixed": "LB208",
    }
    names = {each.name for each in report.declarations}
    assert "Faulty.Pair.mk" not in names, "it belongs to the structure"
    accepted = {each.name for each in report.declarations if each.is_accepted}
    assert accepted >= {"Faulty.halves", "Faulty.good", "Faulty.slow", "_private.Faulty.All.0.Faulty.fine"}
    assert any(each.startswith("not judged: Faulty.Stray.lean: no lean_lib of") for each in report.notes)


def test_modules_and_names_and_what_is_public_can_be_chosen(faulty: Path) -> None:
    opened = open_project(faulty)
    one = opened.verify(choice=Choice(modules=("*.Good",)), workers=1)
    assert (one.verdict, [each.name for each in one.declarations]) == ("accepted", ["Faulty.only"])
    public = opened.verify(choice=Choice(is_public_only=True), workers=1)
    assert "loud" in {each.name.rpartition(".")[2] for each in public.declarations if not each.is_accepted}
    assert not any(each.name.startswith("_private.") for each in public.declarations)
    assert "2 declarations of these modules were not to be judged, and were not" in public.notes
    named = opened.verify(["fine", "Faulty.good"], workers=1)
    assert named.verdict == "accepted"
    assert len(named.declarations) == 2
    with pytest.raises(ProjectNotFound, match=r"is like 'Other\.\*'; expected one of"):
        opened.verify(choice=Choice(modules=("Other.*",)))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Wrong.good", r"no compiled module defines Wrong\.good; Faulty\.good is in another namespace"),
        (
            "Faulty.stray",
            r"Faulty\.Stray\.lean declares it, and is not compiled: no lean_lib of the lakefile has it",
        ),
        ("Faulty.goood", r"no compiled module defines Faulty\.goood; did you mean .*Faulty\.good"),
    ],
)
def test_what_is_not_found_is_told_with_where_it_may_be(faulty: Path, name: str, why: str) -> None:
    with pytest.raises(NotCatalogued, match=why):
        open_project(faulty).verify([name], workers=1)


def test_what_is_private_is_told_so_where_what_is_public_is_asked_for(faulty: Path) -> None:
    with pytest.raises(NotCatalogued, match=r"fine is private to module Faulty\.All; declare it in a"):
        open_project(faulty).verify(["Faulty.fine"], choice=Choice(is_public_only=True), workers=1)


CATALOGUED = """\
[[declaration]]
name = "{0}"
kind = "definition"
graph = {1}
group = "G"
"""


@pytest.mark.parametrize(
    ("name", "is_graph", "why"),
    [
        ("Wrong.held", "true", "no compiled module defines Wrong.held; Named.held is in another namespace"),
        ("Named.own", "true", "Named.own is private to module Named.All; declare it in a `public section`"),
        ("Named.own", "false", "Named.own is private to module Named.All; declare it in a `public section`"),
    ],
)
def test_what_is_catalogued_under_a_name_that_is_none_is_told_with_where_it_is(
    tmp_path: Path, name: str, is_graph: str, why: str
) -> None:
    text = "module\npublic def Named.held := 1\nprivate def Named.own := 2\n"
    root = write(tmp_path, "Named", {"All": text})
    (root / "catalogue.toml").write_text(CATALOGUED.format(name, is_graph))
    words = ("--project", str(root))
    for command in (
        ("verify", "-j", "1", "--format", "text"),
        ("gate", "-o", "text"),
        ("status", "--format", "text"),
    ):
        status, out = run(*command, *words)
        assert status == 1
        assert why in " ".join(out.replace("│", "").split())
    with pytest.raises(DeclarationNotFound, match=re.escape(f"{name} cannot be pinned: {why}")):
        open_project(root).pin()


def test_without_a_catalogue_nothing_has_a_graph(faulty: Path) -> None:
    with pytest.raises(ProjectNotFound, match=r"no catalogue\.toml, so .* `lean-bridge init` proposes one"):
        open_project(faulty).graph("good")


@pytest.mark.full
def test_a_gate_takes_that_nothing_is_pinned_only_where_its_policy_says_so(
    three_hundred: Path,
) -> None:
    words = ("gate", "-j", "1", "--project", str(three_hundred), "-o", "text")
    status, out = run(*words)
    assert (status, "LB209" in out) == (1, True)
    mend = "without a catalogue nothing has this link: `unpinned = true` in the policy, or --unpinned, lets"
    assert mend in " ".join(out.split())
    status, out = run(*words, "--unpinned")
    assert (status, "LB209" in out) == (1, False)
    assert "unpinned (--unpinned): 300 declarations not pinned may pass" in " ".join(out.split())
    assert "Many/A.lean:54:3" in out


POSED = """module
public import Init
@[expose] public section
def Posed.code : Nat := 0
where
  _unsafe_rec : 1 = 2 := sorry
macro "make" : command => `(
  def Posed.made : Nat := 1
  opaque Posed.made.hidden : Nat
  axiom Posed.made._unsafe_rec : False)
make
def Posed.slow (n : Nat) : Nat := if h : n = 0 then 0 else Posed.slow (n / 2)
termination_by n
decreasing_by omega
"""


def test_what_bears_the_name_of_lean_s_own_parts_is_judged_as_any_other(tmp_path: Path) -> None:
    report = open_project(write(tmp_path, "Posed", {"All": POSED})).verify(workers=1)
    assert report.verdict == "rejected"
    refused = {each.name: (each.code, each.reason) for each in report.declarations if not each.is_accepted}
    assert refused["Posed.code"][0] == "LB205"
    assert "Posed.slow" not in refused, "its own _unsafe_rec is Lean's"
    assert {code for code, _ in refused.values()} == {"LB204", "LB205", "LB207"}


@pytest.mark.full
def test_a_name_of_two_modules_is_stale_with_either(tmp_path: Path) -> None:
    text = "module\npublic section\ntheorem t : True := trivial\n"
    project = write(tmp_path, "Twice", {"A": text, "B": text})
    assert open_project(project).verify(workers=1).verdict == "accepted"
    (project / "Twice/A.lean").write_text(text.replace("trivial", "sorry"))
    status, out = run("status", "--project", str(project), "--format", "json")
    assert status == 2
    assert {row["state"] for row in json.loads(out)["rows"]} == {"stale"}


EXAMPLES = """module
section
  example : 1 = 2 := by
    have : 2 = 3 := sorry
    omega
  theorem Examples.held : 1 = 1 := rfl
end
macro "claim" : command => `(example : 3 = 4 := sorry)
claim
set_option warn.sorry false in
private example : 4 = 5 :=
sorry
/-- warning: declaration uses `sorry` -/
#guard_msgs in example : 5 = 6 := by admit
example : 6 + 1 = 7 := by native_decide
example : 7 + 1 = 8 := by decide +native
-- example : 8 = 9 := sorry
example : "sorry".length = 5 := rfl
#check (sorry : Nat)
open Nat in
example : 9 = 9 := by
  have sorry' : 1 = 1 := rfl
  set_option pp.all true in
  open Nat in rfl
"""


def test_an_example_that_rests_on_a_sorry_is_rejected_where_it_stands(tmp_path: Path) -> None:
    report = open_project(write(tmp_path, "Examples", {"All": EXAMPLES})).verify(workers=1)
    assert (report.verdict, report.code) == ("rejected", "LB205")
    refused = {each.source.line: each for each in report.declarations if each.source and not each.is_accepted}
    assert {line: each.code for line, each in refused.items()} == {
        **dict.fromkeys((3, 9, 11, 14), "LB205"),
        **dict.fromkeys((15, 16), "LB206"),
    }
    assert refused[3].name == "Examples.All.example:3"
    assert refused[3].cause is not None
    assert refused[3].cause.place == Place(file="Examples/All.lean", line=4, column=21)


SAID_OTHERWISE = """module
import Dep
set_option warn.sorry false
open Lean
example : 2 + 2 = 4 := by decide (native := true)
example : 2 + 2 = 4 := by decide (config := { native := true })
example : 2 + 2 = 4 := by decide (config := { «native» := true })
example : True := Lean.trustCompiler
example : True := trustCompiler
example : True := _root_.Lean.«trustCompiler»
example : 1 = 5 := by
  stop
  rfl
example : 1 = 5 := by show 1 = 5; stop rfl
example : 1 = 6 := by exact «sorryAx» _ true
example : 1 = 7 := _root_.sorryAx _ true
#guard_msgs (drop warning) in example : 1 = 8 := «sorryAx» _ true
example : 1 = 2 := Dep.bad
example : 2 = 1 := Dep.bad.symm
example : 1 = 2 := by exact _root_.«Dep».bad
namespace Dep
example : 1 = 3 := ax
end Dep
theorem mine : 1 = 3 := Dep.ax
example : 3 = 1 := mine.symm
"""
SAID_OF_NOTHING = """module
import Dep
example : 2 + 2 = 4 := by decide (native := false)
example : 2 + 2 = 4 := by decide -native
example (stop : Nat) (native : Bool)
    (_ : native = true) : stop = stop := by
  have : stop =
    stop := rfl
  exact this
example (bad : 1 = 1) : 1 = 1 := bad
example : 1 + 1 = 2 := Dep.good
"""


@pytest.mark.full
def test_what_an_example_rests_on_is_told_however_it_is_written(tmp_path: Path) -> None:
    lakefile = LAKEFILE + '[[require]]\nname = "Dep"\npath = "dep"\n'
    project = write(
        tmp_path, "Said", {"Otherwise": SAID_OTHERWISE, "OfNothing": SAID_OF_NOTHING}, lakefile=lakefile
    )
    dep = project / "dep"
    dep.mkdir()
    (dep / "lakefile.toml").write_text('name = "Dep"\n[[lean_lib]]\nname = "Dep"\n')
    (dep / "Dep.lean").write_text(
        "module\npublic section\ntheorem Dep.bad : 1 = 2 := sorry\naxiom Dep.ax : 1 = 3\n"
        "theorem Dep.good : 1 + 1 = 2 := rfl\n"
    )
    report = open_project(project).verify(workers=1)
    refused = [each for each in report.declarations if each.kind == "example"]
    assert {each.source.line: each.code for each in refused if each.source is not None} == {
        **dict.fromkeys((5, 6, 7, 8, 9, 10), "LB206"),
        **dict.fromkeys((11, 14, 15, 16, 17, 18, 19, 20), "LB205"),
        **dict.fromkeys((22, 25), "LB204"),
    }
    assert {each.group for each in refused} == {"Said.Otherwise"}
    placed = {each.source.line: each.cause for each in refused if each.source is not None}
    assert placed[19] == Cause(
        name="Said.Otherwise.example:19", place=Place(file="Said/Otherwise.lean", line=19, column=20)
    )
    assert next(each for each in refused if each.name.endswith(":19")).reason == "sorry, below Dep.bad"
    assert any(note.startswith("21 examples are kept in no compiled file: known") for note in report.notes)
