"""What is asked for decides what is built: the modules that a declaration needs, and no other."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lean_bridge.build.modules import read_sources
from lean_bridge.build.needed import modules_declaring
from lean_bridge.project import open_project
from lean_bridge.witness.witness import want_reals
from pybind_models import VerifyReport
from tests.running_lean import run_here

MODULES = {
    "Base": "theorem base (a b : Nat) : a + b = b + a := Nat.add_comm a b",
    "Top": "theorem top (a b : Nat) : a + b + 0 = b + a := base a b",
    "Beside": "theorem beside (a : Nat) : a + 0 = a := rfl",
    "Wrong": "theorem wrong (a : Nat) : a + 1 = a := rfl",
    "Made": 'local macro "declare" name:ident : command => `(theorem $name : 1 + 1 = 2 := rfl)\ndeclare made',
    "Within": (
        'local macro "enter" name:ident : command => `(namespace $name)\n'
        "enter Inner\ntheorem inside : 1 = 1 := rfl"
    ),
    "Inside": (
        'local macro "declare" name:ident : command => `(theorem $name : 2 + 2 = 4 := rfl)\ndeclare inside'
    ),
}
IMPORTS = {"Top": ["Base"]}
NAMES = ("top", "beside", "wrong", "made", "inside")


@pytest.fixture(name="library")
def _library(tmp_path: Path) -> Path:
    """Six files that know nothing of one another, but for one that imports another."""
    (tmp_path / "Part").mkdir()
    for name, text in MODULES.items():
        imports = "".join(f"public import Part.{each}\n" for each in IMPORTS.get(name, ()))
        end = "" if name == "Within" else "\nend Part\n"
        text = f"module\n{imports}\npublic section\nnamespace Part\n\n{text}\n{end}"
        (tmp_path / "Part" / f"{name}.lean").write_text(text, encoding="utf-8")
    (tmp_path / "lakefile.toml").write_text(
        'name = "Part"\n[[lean_lib]]\nname = "Part"\nglobs = ["Part.+"]\n'
    )
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (tmp_path / "catalogue.toml").write_text(
        "".join(
            f'[[declaration]]\nname = "Part.{name}"\nkind = "theorem"\ngroup = "Part"\n' for name in NAMES
        )
    )
    return tmp_path


def run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return run_here(*command, "--project", str(root))


def verify(root: Path, *names: str) -> tuple[int, VerifyReport]:
    done = run(root, "verify", *names, "-j", "1", "--unpinned", "--format", "json")
    assert done.stdout, done.stderr
    return done.returncode, VerifyReport.model_validate_json(done.stdout)


def built(report: VerifyReport) -> dict[str, str]:
    assert report.build is not None
    return {module.module.removeprefix("Part."): module.state for module in report.build.modules}


@pytest.mark.full
@pytest.mark.lean
@pytest.mark.usefixtures("embedded")
def test_a_named_declaration_is_built_with_what_it_imports_and_judged_by_that_alone(library: Path) -> None:
    status, found = verify(library, "top")
    assert (status, found.verdict) == (0, "accepted")
    assert built(found).keys() == {"Base", "Top"}
    assert found.build is not None
    assert found.build.left_out == len(MODULES) - 2
    told = run(library, "verify", "top", "--unpinned", "--format", "text").stdout.splitlines()[-1]
    assert f"{len(MODULES) - 2} modules of the library not needed, and not judged" in told
    status, found = verify(library)
    assert (status, found.verdict, found.code) == (1, "rejected", "LB101")
    assert built(found).keys() == MODULES.keys()
    assert found.build is not None
    assert found.build.left_out == 0


@pytest.mark.lean
@pytest.mark.usefixtures("embedded")
def test_what_a_named_declaration_needs_decides_about_it(library: Path) -> None:
    path = library / "Part" / "Base.lean"
    path.write_text(path.read_text("utf-8").replace("Nat.add_comm a b", "rfl"), "utf-8")
    status, found = verify(library, "top", "beside")
    assert (status, found.verdict) == (1, "rejected")
    assert built(found).keys() == {"Base", "Top", "Beside"}
    assert [each.status for each in found.declarations] == ["not built", "proved"]


@pytest.mark.lean
@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("name", ["made", "inside"])
def test_what_no_text_declares_is_looked_for_in_the_whole_library(library: Path, name: str) -> None:
    """Of ``inside`` a text says so where another is declared, in a name space that a macro opens."""
    (library / "Part" / "Wrong.lean").unlink()
    status, found = verify(library, name)
    assert (status, found.verdict) == (0, "accepted")
    assert built(found).keys() == MODULES.keys() - {"Wrong"}


@pytest.mark.lean
@pytest.mark.usefixtures("embedded")
def test_a_file_is_elaborated_against_what_it_imports(library: Path) -> None:
    scratch = library.parent / "Scratch.lean"
    scratch.write_text("import Part.Top\n#check Part.top\n", "utf-8")
    done = run(library, "lean", str(scratch), "--json")
    assert done.returncode == 0, done.stderr
    assert "Part.top" in json.loads(done.stdout)["text"]
    assert "Part.Wrong" not in done.stderr


@pytest.mark.lean
@pytest.mark.usefixtures("embedded")
def test_one_project_builds_more_when_more_is_asked_for(library: Path) -> None:
    (library / "Part" / "Wrong.lean").unlink()
    project = open_project(library)
    assert project.environment(["Part.beside"]).constant("Part.top") is None
    assert project.environment(["Part.top"]).constant("Part.beside") is not None
    assert project.environment().constant("Part.made") is not None


def test_an_import_of_a_file_that_is_not_needed_may_lead_nowhere(library: Path) -> None:
    (library / "Part" / "Wrong.lean").write_text("import Nowhere\n")
    sources = read_sources(library)
    found = modules_declaring(sources, ["Part.top", "Part.made", "Part.nothing"])
    assert found == {"Part.top": ("Part.Top",), "Part.made": (), "Part.nothing": ()}
    chosen = sources.library(library, found["Part.top"])
    assert [module.name for module in chosen.modules] == ["Part.Base", "Part.Top"]
    assert chosen.left_out == len(MODULES) - 2


def test_what_a_type_brings_along_is_where_the_type_is(library: Path) -> None:
    """No keyword stands before a constructor; what has its last name elsewhere is something else."""
    for name, text in (("Kind", "inductive Kind where\n  | nil"), ("Alike", "def Alike.nil : Nat := 0")):
        (library / "Part" / f"{name}.lean").write_text(f"namespace Part\n\n{text}\n\nend Part\n", "utf-8")
    sources = read_sources(library)
    names = ["Part.Kind.nil", "Part.Alike.nil", "Part.Other.nil"]
    assert modules_declaring(sources, names) == {
        "Part.Kind.nil": ("Part.Kind",),
        "Part.Alike.nil": ("Part.Alike",),
        "Part.Other.nil": (),
    }


@pytest.mark.lean
@pytest.mark.usefixtures("embedded")
def test_the_reals_are_added_for_scalars_alone() -> None:
    project = open_project(shipped=True)
    environment = project.environment()
    names = ["Proofs.Autograd.Real.exists_isLUB", "Proofs.Autograd.Real.exists_rat_btwn"]
    assert not want_reals(environment, names)
    scalars = [
        each.name for each in project.catalogue.declarations if each.name.endswith("_adjoint_fderiv_at")
    ]
    assert scalars
    assert want_reals(environment, scalars)
