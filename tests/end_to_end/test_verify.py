"""The main job on a small library of its own: what is accepted, what is refused, and with which words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from lean_bridge.audit.manifest import write_manifest
from lean_bridge.kernel.session import installed_library
from lean_bridge.project import Project, open_project
from pybind_models import VerifyReport
from tests.running_lean import run_here

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

CHAIN = {
    "A": "theorem base (a b : Nat) : a + b = b + a := Nat.add_comm a b",
    "B": "theorem second (a b : Nat) : a + b = b + a := base a b",
    "C": "theorem third (a b : Nat) : a + b = b + a := second a b",
    "D": "theorem top (a b : Nat) : a + b + 0 = b + a := third a b",
}
CATALOGUE = '[[declaration]]\nname = "Chain.top"\nkind = "theorem"\ngroup = "Chain"\n'


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Four modules in a row, the last of which is catalogued."""
    root = tmp_path / "lean"
    (root / "Chain").mkdir(parents=True)
    for index, (name, theorem) in enumerate(CHAIN.items()):
        before = f"public import Chain.{list(CHAIN)[index - 1]}\n" if index else ""
        text = f"module\n{before}\npublic section\nnamespace Chain\n\n{theorem}\n\nend Chain\n"
        (root / "Chain" / f"{name}.lean").write_text(text, encoding="utf-8")
    (root / "lakefile.toml").write_text(
        'name = "Chain"\n\n[[lean_lib]]\nname = "Chain"\nglobs = ["Chain.+"]\n'
    )
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (root / "catalogue.toml").write_text(CATALOGUE)
    return root


def edit(root: Path, module: str, old: str, new: str) -> None:
    path = root / "Chain" / f"{module}.lean"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def own(library: Path) -> Path:
    """A library of one module in words of its own: what one key seals is absent to a run with another."""
    edit(library, "A", "theorem base", f"/-- Of {library.parent.name}. -/\ntheorem base")
    for module in ("B", "C", "D"):
        (library / "Chain" / f"{module}.lean").unlink()
    (library / "catalogue.toml").write_text(CATALOGUE.replace("Chain.top", "Chain.base"))
    return library


def run(root: Path, *args: str, pinned: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
    waived = [] if pinned else ["--unpinned"]
    return run_here("verify", "--project", str(root), *waived, *args, env=env)


def report(root: Path, *args: str, pinned: bool = False, **env: str) -> tuple[int, VerifyReport]:
    result = run(root, "--format", "json", *args, pinned=pinned, **env)
    assert result.stdout, result.stderr
    return result.returncode, VerifyReport.model_validate_json(result.stdout)


def check_overlap(trace: Path) -> None:
    """The second kernel was at work before the first of what is generated was."""
    began: dict[str, float] = {}
    for event in json.loads(trace.read_text())["traceEvents"]:
        if event["ph"] == "X":
            began[event["name"]] = min(event["ts"], began.get(event["name"], event["ts"]))
    if installed_library() is not None:
        assert began["build"] < began["check"] < began["witness"]


def test_a_sound_library_is_accepted_and_then_remembered(library: Path) -> None:
    edit(library, "A", "theorem base", f"/-- {uuid4()} -/\ntheorem base")  # not asked before
    trace = library.parent / "trace.json"
    status, first = report(library, "--timings", str(trace))
    assert (status, first.verdict) == (0, "accepted")
    check_overlap(trace)
    assert [(d.name, d.status, d.axioms) for d in first.declarations] == [("Chain.top", "proved", ())]
    assert first.declarations[0].source is not None
    assert "theorem top" in first.declarations[0].source.text
    status, second = report(library)
    assert (status, second.verdict, second.cached) == (0, "accepted", True)
    assert second.build is not None
    assert second.build.lean_processes == 0


def test_what_is_judged_is_what_was_read_whatever_becomes_of_the_files(library: Path) -> None:
    reads: list[str] = []

    class Watched(Project):
        def _read(self, name: str) -> bytes:
            reads.append(name)
            return super()._read(name)

    open_project(library).verify(unpinned=True)
    write_manifest(library, open_project(library).pin())
    genuine = Watched(library)
    assert genuine.verify().verdict == "accepted"
    assert [reads.count(name) for name in ("catalogue.toml", "certified.toml")] == [1, 1]
    tree = genuine.compiled()
    environment = genuine.environment()
    digest = environment.digest_of("Chain.D")
    for suffix in (".olean", ".olean.server", ".olean.private"):
        compiled = (tree / "Chain" / "D").with_suffix(suffix)
        compiled.unlink()
        compiled.write_bytes((tree / "Chain" / "C").with_suffix(suffix).read_bytes())
    assert environment.digest_of("Chain.D") == digest != genuine.environment().digest_of("Chain.D")


def test_one_entry_of_a_remembered_library_costs_nothing_and_a_new_one_only_itself(library: Path) -> None:
    (library / "Chain" / "Other.lean").write_text(
        "module\npublic section\ntheorem Chain.other : 1 + 1 = 2 := rfl\n"
    )
    (library / "catalogue.toml").write_text(CATALOGUE + CATALOGUE.replace("Chain.top", "Chain.other"))
    assert report(library)[0] == 0
    for name in ("Chain.top", "Chain.other"):
        result = run(library, name, "--format", "json")
        found = VerifyReport.model_validate_json(result.stdout)
        assert (result.returncode, found.cached, "second kernel" in found.stages) == (0, True, False)
    with (library / "catalogue.toml").open("a") as catalogue:
        catalogue.write(CATALOGUE.replace("Chain.top", "Chain.base"))
    assert report(library)[1].cached


def test_an_edit_leaves_the_answers_about_what_does_not_import_it(library: Path) -> None:
    edit(library, "A", "theorem base", f"/-- {uuid4()} -/\ntheorem base")  # nobody has compiled it before
    assert report(library)[0] == 0
    edit(library, "D", "theorem top", "/-- The last. -/\ntheorem top")
    (library / "catalogue.toml").write_text(CATALOGUE.replace("Chain.top", "Chain.third"))
    result = run(library, "Chain.third", "--format", "json")
    found = VerifyReport.model_validate_json(result.stdout)
    assert [each.name for each in found.declarations] == ["Chain.third"]
    assert "second kernel" not in found.stages
    status, found = report(library)
    assert (status, found.cached, "second kernel" in found.stages) == (0, False, True)
    assert found.build is not None
    assert [each.module for each in found.build.modules if each.state == "built"] == ["Chain.D"]


def rows(found: VerifyReport) -> str:
    changing = {"seconds", "stages", "cached", "build"}
    return found.model_dump_json(exclude=changing)


def test_a_remembered_library_is_judged_by_its_pins_and_its_catalogue_as_they_are_now(library: Path) -> None:
    _, first = report(library)
    status, again = report(library)
    assert again.cached
    assert rows(again) == rows(first)
    (library / "catalogue.toml").write_text(CATALOGUE.replace("Chain.top", "Chain.tip"))
    status, found = report(library)
    assert (status, found.declarations[0].status) == (1, "missing")


@pytest.mark.full
def test_a_key_that_is_gone_takes_the_answers_with_it_and_without_one_nothing_is_remembered(
    own: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert not report(own, XDG_DATA_HOME=str(data))[1].cached
    assert report(own, XDG_DATA_HOME=str(data))[1].cached
    shutil.rmtree(data)
    data.write_text("no directory: no key can be kept")
    for _ in range(2):
        status, found = report(own, XDG_DATA_HOME=str(data))
        assert (status, found.cached) == (0, False)
        assert len(found.notes) == 1
        assert found.notes[0].startswith("nothing is remembered: ")


def test_without_a_manifest_there_is_no_verdict_and_with_one_that_lacks_it_a_rejection(library: Path) -> None:
    status, found = report(library, pinned=True)
    assert (status, found.verdict, found.code) == (2, "no verdict", "LB209")
    assert found.declarations[0].status == "no verdict"
    for check, expected in (("--check", 2), ("", 0), ("--check", 0)):
        command = [sys.executable, "-m", "lean_bridge", "pin", "--project", str(library)]
        done = subprocess.run([*command, *filter(None, [check])], capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stderr
    assert report(library, pinned=True)[0] == 0
    (library / "catalogue.toml").write_text(CATALOGUE + CATALOGUE.replace("Chain.top", "Chain.base"))
    status, found = report(library, pinned=True)
    assert (status, found.verdict, found.code) == (1, "rejected", "LB209")
    status, found = report(library)
    assert (status, found.verdict, found.unpinned) == (0, "accepted", True)
    assert [each.pin.outcome for each in found.declarations if each.pin] == ["matches", "not pinned"]


def test_a_wrong_statement_is_rejected_with_leans_message_in_its_place(library: Path) -> None:
    edit(library, "B", "a + b = b + a :=", "a + b = b - a :=")
    status, found = report(library)
    assert (status, found.verdict) == (1, "rejected")
    assert found.build is not None
    states = [module.state for module in found.build.modules]
    assert states[0] in ("built", "cached")
    assert states[1:] == ["failed", "blocked", "blocked"]
    (message,) = (m for module in found.build.modules for m in module.diagnostics if m.severity == "error")
    assert (message.file, message.line) == ("Chain/B.lean", 7)
    assert "mismatch" in message.text.lower()
    assert found.declarations[0].status == "not built"
    shown = run(library)
    assert shown.returncode == 1
    assert "Chain/B.lean:7:" in shown.stdout


def test_a_sorry_three_imports_below_is_found_and_the_way_to_it_is_shown(library: Path) -> None:
    assert report(library)[0] == 0
    edit(library, "A", "Nat.add_comm a b", "sorry")
    status, found = report(library)
    assert (status, found.verdict) == (1, "rejected")
    (top,) = found.declarations
    assert top.status == "rejected"
    assert top.axiom_path == ("Chain.top", "Chain.third", "Chain.second", "Chain.base", "sorryAx")
    status, again = report(library)  # by what was kept of each module
    assert (status, again.verdict, again.declarations) == (1, "rejected", found.declarations)
    shown = run(library)
    assert shown.returncode == 1
    assert "sorryAx" in shown.stdout
    assert "Chain.base" in shown.stdout


def test_a_missing_theorem_is_rejected(library: Path) -> None:
    edit(library, "D", CHAIN["D"], "")
    status, found = report(library)
    assert (status, found.verdict) == (1, "rejected")
    assert found.declarations[0].status == "missing"


def test_a_theorem_that_became_an_axiom_is_rejected(library: Path) -> None:
    edit(library, "D", CHAIN["D"], "axiom top (a b : Nat) : a + b + 0 = b + a")
    status, found = report(library)
    assert (status, found.verdict) == (1, "rejected")
    assert "expected a theorem" in (found.declarations[0].reason or "")


def test_without_a_toolchain_there_is_no_verdict(library: Path, tmp_path: Path) -> None:
    status, found = report(
        library,
        LEAN_BRIDGE_TOOLCHAIN="installed",
        PATH=str(tmp_path),
        ELAN_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    assert (status, found.verdict) == (2, "no verdict")
    assert "no installed Lean" in (found.reason or "")


def test_an_unknown_name_is_no_verdict_and_near_names_are_offered(library: Path) -> None:
    result = run(library, "tops")
    assert result.returncode == 2
    assert "did you mean" in result.stdout
