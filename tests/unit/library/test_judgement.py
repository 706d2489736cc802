"""A judgement is believed of exactly what it was given about, by the user who gave it, and of no more."""

from __future__ import annotations

import os
import re
import shutil
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from lean_bridge.audit.catalogue import CATALOGUE, read_catalogue
from lean_bridge.audit.manifest import MANIFEST, read_manifest
from lean_bridge.build.modules import read_sources
from lean_bridge.codes import Code
from lean_bridge.errors import NotCatalogued, ProjectNotFound
from lean_bridge.library.chosen import check_chosen, chosen_rows, like
from lean_bridge.library.discovery import TOOLCHAIN
from lean_bridge.library.judgement import Judgement, forget, keep, recall, unless_judged
from lean_bridge.library.status import basis_of, changes, read_status
from lean_bridge.sealed import key_path
from lean_bridge.toolchain.provider import Provider
from pybind_models import VerifyReport
from pybind_models.status import StatusReport, StatusRow
from tests.reports import ADJOINT, ATTENTION, BACKPROP, accepted, agreeing_graph

pytestmark = pytest.mark.lean

SOURCES = {
    "Base": "",
    "Tape": "public import Proofs.Base\n",
    "Attention": "public import Proofs.Tape\n",
    "Alone": "",
}
PLACES: dict[str, tuple[str, ...]] = {BACKPROP.name: ("Proofs.Tape",), "Proofs.alone": ("Proofs.Alone",)}
GRAPH = ATTENTION.name
LAKEFILE = 'name = "Sums"\n\n[[lean_lib]]\nname = "Proofs"\nglobs = ["Proofs.+"]\n'
NAMES = {BACKPROP.name: "theorem", "Proofs.alone": "theorem", GRAPH: "definition"}


def entry(name: str, kind: str) -> str:
    graph = "graph = true\n" if name == GRAPH else ""
    return f'[[declaration]]\nname = "{name}"\nkind = "{kind}"\ngroup = "Group"\n{graph}\n'


def pinned(name: str, kind: str) -> str:
    said = f'kind = "{kind}"\nstatement = "s"\naxioms = []\nhash = "{"ab" * 20}"\n\n'
    return f'[[declaration]]\nname = "{name}"\n{said}'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with three modules in a row and one beside them; a place of its own for the key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "embedded")
    library = tmp_path / "lean"
    (library / "Proofs").mkdir(parents=True)
    for name, imports in SOURCES.items():
        (library / "Proofs" / f"{name}.lean").write_text(f"module\n{imports}")
    (library / "lakefile.toml").write_text(LAKEFILE)
    (library / TOOLCHAIN).write_text("leanprover/lean4:v4.28.0\n")
    (library / CATALOGUE).write_text("".join(entry(*each) for each in NAMES.items()))
    definitions = "".join(f'"{name}" = "{"cd" * 20}"\n' for name in NAMES)
    declarations = "".join(pinned(*each) for each in NAMES.items())
    (library / MANIFEST).write_text(f'lean = "4.28.0"\n\n{declarations}[definitions]\n{definitions}')
    return library


def report() -> VerifyReport:
    alone = BACKPROP.replaced(name="Proofs.alone")
    return accepted().replaced(declarations=(BACKPROP, alone, ATTENTION), graphs=(agreeing_graph(ADJOINT),))


def judgement(root: Path, lean: Provider, said: VerifyReport | None = None) -> Judgement:
    sources = read_sources(root)
    names = (TOOLCHAIN, CATALOGUE, MANIFEST)
    contents = {name: (root / name).read_bytes() for name in names if (root / name).exists()}
    manifest = read_manifest(root)
    return Judgement(
        at=time.time(),
        basis=basis_of(sources, lean.info.identity, contents, read_catalogue(root), manifest),
        imports={each.name: each.imports for each in sources.library(lean.library).modules},
        places=PLACES | {GRAPH: ("Proofs.Attention",)},
        report=said or report(),
    )


@pytest.fixture
def judged(root: Path, embedded: Provider) -> Path:
    assert keep(root, judgement(root, embedded)) is None
    return root


def states(found: StatusReport) -> dict[str, str]:
    return {row.name.rpartition(".")[2]: row.state for row in found.rows}


def test_what_is_as_it_was_judged_is_what_it_was_judged(judged: Path) -> None:
    found = read_status(judged)
    assert (found.verdict, found.judged, found.changed) == ("accepted", "accepted", ())
    assert set(states(found).values()) == {"green"}
    assert found.age is not None
    assert found.age < 600


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("Base", {"backprop_correct", "mhaResidualDGraph"}),
        ("Tape", {"backprop_correct", "mhaResidualDGraph"}),
        ("Attention", {"mhaResidualDGraph"}),
        ("Alone", {"alone"}),
    ],
)
def test_an_edit_makes_stale_what_imports_it_and_nothing_else(
    judged: Path, module: str, expected: set[str]
) -> None:
    source = judged / "Proofs" / f"{module}.lean"
    before = source.read_text()
    source.write_text(f"{before}-- a word\n")
    found = read_status(judged)
    assert (found.verdict, found.code) == ("no verdict", Code.STALE)
    assert found.changed == (f"Proofs/{module}.lean changed",)
    assert {name for name, state in states(found).items() if state == "stale"} == expected
    assert {name for name, state in states(found).items() if state == "green"} == set(
        states(found)
    ) - expected
    stale = [row for row in found.rows if row.state == "stale"]
    assert all(f"Proofs/{module}.lean changed" in (row.reason or "") for row in stale)
    source.write_text(before)  # whatever its times are
    assert read_status(judged).verdict == "accepted"


def test_a_new_module_takes_the_verdict_away_and_one_that_is_gone_what_rested_on_it(judged: Path) -> None:
    (judged / "Proofs" / "New.lean").write_text("module\n")
    found = read_status(judged)
    assert (found.verdict, found.changed) == ("no verdict", ("Proofs/New.lean is new",))
    assert "stale" not in states(found).values()
    (judged / "Proofs" / "New.lean").unlink()
    (judged / "Proofs" / "Alone.lean").unlink()
    found = read_status(judged)
    assert states(found)["alone"] == "stale"
    assert found.changed == ("Proofs.Alone is gone",)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("lakefile.toml", 'name = "Sums"', 'name = "Sum"'),
        (
            "lakefile.toml",
            'globs = ["Proofs.+"]',
            'globs = ["Proofs.+"]\nleanOptions = { autoImplicit = true }',
        ),
        (TOOLCHAIN, "v4.28.0", "v4.28.0 "),
        (CATALOGUE, "[[declaration]]", 'model = "Proofs.m"\n\n[[declaration]]'),
        (MANIFEST, 'lean = "4.28.0"', 'lean = "4.28.1"'),
        (MANIFEST, f'"{GRAPH}" = "{"cd" * 20}"', f'"{GRAPH}" = "{"ce" * 20}"'),
    ],
)
def test_what_concerns_everything_makes_everything_stale(judged: Path, name: str, old: str, new: str) -> None:
    text = (judged / name).read_text()
    assert old in text
    (judged / name).write_text(text.replace(old, new, 1))
    found = read_status(judged)
    assert found.verdict == "no verdict"
    assert set(states(found).values()) == {"stale"}
    assert name in found.changed[0]


@pytest.mark.parametrize("name", [CATALOGUE, MANIFEST])
def test_what_a_catalogue_or_manifest_says_of_one_concerns_it_alone(judged: Path, name: str) -> None:
    before = {CATALOGUE: entry, MANIFEST: pinned}[name]("Proofs.alone", "theorem")
    after = before.replace('group = "Group"', 'group = "Other"').replace('statement = "s"', 'statement = "t"')
    assert before != after
    text = (judged / name).read_text()
    (judged / name).write_text(text.replace(before, after))
    found = read_status(judged)
    assert {each for each, state in states(found).items() if state == "stale"} == {"alone"}
    (judged / name).write_text(f"# a word\n{text}")
    found = read_status(judged)
    assert (found.verdict, set(states(found).values())) == ("no verdict", {"green"})


def test_what_is_catalogued_since_is_not_judged(judged: Path) -> None:
    with (judged / CATALOGUE).open("a") as catalogue:
        catalogue.write(entry("Proofs.later", "theorem"))
    found = read_status(judged)
    assert found.verdict == "no verdict"
    assert states(found)["later"] == "open"
    assert states(found)["alone"] == "green"


def test_a_manifest_that_is_gone_makes_everything_stale(judged: Path) -> None:
    (judged / MANIFEST).unlink()
    found = read_status(judged)
    assert (set(states(found).values()), found.changed) == ({"stale"}, (f"{MANIFEST} is gone",))


@pytest.mark.parametrize("name", [CATALOGUE, MANIFEST, "lakefile.toml"])
def test_what_cannot_be_read_any_more_makes_everything_stale(judged: Path, name: str) -> None:
    (judged / name).write_text("no = [toml")
    found = read_status(judged)
    assert (found.verdict, set(states(found).values())) == ("no verdict", {"stale"})
    assert name in found.changed[0]


def test_another_lean_or_another_program_makes_everything_stale(judged: Path, embedded: Provider) -> None:
    kept = judgement(judged, embedded)
    for other in ({"lean": "5f" * 32}, {"judge": kept.basis.judge | {"lean-bridge": "5f" * 32}}):
        assert keep(judged, kept.replaced(basis=kept.basis.replaced(**other))) is None
        found = read_status(judged)
        assert (found.verdict, set(states(found).values())) == ("no verdict", {"stale"})


@pytest.mark.parametrize(
    ("package", "before", "said", "stale"),
    [
        ("numpy", "1.0", f"numpy is {version('numpy')}, and was 1.0", set(NAMES)),
        ("lean-dojo", "0.0", "and was 0.0", set(NAMES)),
        ("torch", "0.1", "torch is ", {GRAPH}),
        ("galois", "", f"galois is {version('galois')}, and was not installed", {GRAPH}),
        ("python-flint", "0.1", "python-flint is ", {GRAPH}),
        ("of-tomorrow", "1.0", "of-tomorrow is not installed, and was 1.0", set(NAMES)),
    ],
)
def test_a_package_that_is_another_one_is_named_and_concerns_what_it_judges(
    judged: Path, embedded: Provider, package: str, before: str, said: str, stale: set[str]
) -> None:
    kept = judgement(judged, embedded)
    basis = kept.basis.replaced(judge=kept.basis.judge | {package: before})
    assert keep(judged, kept.replaced(basis=basis)) is None
    found = read_status(judged)
    (line,) = found.changed
    assert line.startswith(package)
    assert said in line
    assert (found.verdict, found.code) == ("no verdict", Code.STALE)
    assert "lean-bridge itself" not in (found.reason or "")
    assert {row.name for row in found.rows if row.state == "stale"} == stale


def test_where_there_is_no_such_lean_everything_is_stale(
    judged: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "empty"))
    found = read_status(judged)
    assert (found.verdict, set(states(found).values())) == ("no verdict", {"stale"})


def test_a_lean_that_would_be_used_now_and_nobody_has_asked_makes_everything_stale(
    judged: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "auto")
    monkeypatch.setenv("ELAN_HOME", str(tmp_path / "elan"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert read_status(judged).verdict == "accepted"
    (tmp_path / "lib" / "lean").mkdir(parents=True)
    (tmp_path / "lib" / "lean" / "Init.olean").write_bytes(b"compiled")
    (tmp_path / "bin").mkdir()
    lean = tmp_path / "bin" / "lean"
    lean.write_bytes(b"\x7fELF, and it would be a mistake to start it")
    lean.chmod(0o755)
    found = read_status(judged)
    assert (found.verdict, set(states(found).values())) == ("no verdict", {"stale"})
    assert "nobody has asked it yet" in found.changed[0]
    lean.unlink()
    assert read_status(judged).verdict == "accepted"


def test_a_row_whose_place_nobody_knows_rests_on_everything(judged: Path, embedded: Provider) -> None:
    kept = judgement(judged, embedded)
    assert keep(judged, kept.replaced(places={GRAPH: ("Proofs.Attention",)})) is None
    (judged / "Proofs" / "Alone.lean").write_text("module\n-- a word\n")
    assert states(read_status(judged)) == {
        "backprop_correct": "stale",
        "alone": "stale",
        "mhaResidualDGraph": "green",
    }


def records() -> set[Path]:
    return set((key_path().parent / "judgements").glob("*.sealed"))


def record() -> Path:
    (path,) = records()
    return path


def test_a_record_that_was_edited_is_no_judgement(judged: Path, embedded: Provider) -> None:
    said = report().replaced(
        verdict="rejected", reason="no", code="LB205", declarations=report().declarations, graphs=()
    )
    assert keep(judged, judgement(judged, embedded, said)) is None
    assert read_status(judged).verdict == "rejected"
    content = record().read_bytes()
    edited = content.replace(b'"verdict":"rejected","reason":"no","code":"LB205"', b'"verdict":"accepted"')
    assert edited != content
    record().write_bytes(edited)
    assert recall(judged) is None
    found = read_status(judged)
    assert (found.verdict, found.judged, set(states(found).values())) == ("no verdict", None, {"open"})


def test_a_record_opens_for_its_own_library_and_user_alone(judged: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(judged, other)
    mine = record()
    content = mine.read_bytes()
    given = recall(judged)
    assert given is not None
    assert keep(other, given) is None
    assert recall(other) is not None
    (theirs,) = records() - {mine}
    theirs.write_bytes(content)
    assert recall(other) is None
    assert recall(judged) is not None
    key_path().unlink()
    assert recall(judged) is None


def test_a_judgement_takes_the_place_of_the_one_before_or_nothing_does(
    judged: Path, embedded: Provider
) -> None:
    said = report().replaced(verdict="no verdict", reason="it gave up", code="LB403")
    assert keep(judged, judgement(judged, embedded, said)) is None
    assert read_status(judged).verdict == "no verdict"
    forget(judged)
    assert recall(judged) is None


def test_what_took_a_judgement_back_is_said_and_never_green(judged: Path) -> None:
    assert read_status(judged).verdict == "accepted"
    with pytest.raises(ProjectNotFound), unless_judged(judged, is_whole=True):
        raise ProjectNotFound(f"{judged}/lakefile.toml:3: expected a value")
    assert recall(judged) is None
    found = read_status(judged)
    assert (found.verdict, found.judged, found.code) == ("no verdict", None, "LB902")
    assert found.reason == (
        "the last run failed before it judged: lakefile.toml:3: expected a value; run `lean-bridge verify`"
    )
    assert set(states(found).values()) == {"open"}
    content = record().read_bytes()
    record().write_bytes(content.replace(b"LB902", b"LB901"))
    assert read_status(judged).code == "LB908"  # not what this program wrote
    forget(judged)
    assert read_status(judged).code == "LB908"


def test_of_many_libraries_those_judged_last_are_remembered(
    judged: Path, embedded: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("lean_bridge.library.judgement._MOST_KEPT", 3)
    for index in range(5):
        assert keep(tmp_path / str(index), judgement(judged, embedded)) is None
    assert len(records()) == 3
    assert recall(tmp_path / "4") is not None


def test_rows_are_chosen_by_name_group_and_state(judged: Path) -> None:
    rows = read_status(judged).rows
    assert [row.name for row in chosen_rows(rows, ["BACKPROP"], group=None, leave_out=())] == [BACKPROP.name]
    assert len(chosen_rows(rows, [], group="soundness", leave_out=())) == 2
    assert len(chosen_rows(rows, ["transformer"], group="Graphs", leave_out=())) == 1
    assert chosen_rows(rows, [], group=None, leave_out=["green"]) == []


def test_what_no_row_has_is_said_of_each_word_and_of_all_together(judged: Path) -> None:
    rows = read_status(judged).rows
    check_chosen(rows, ["backprop", "transformer"], group="S")
    check_chosen((), ["whatever"], group="nobody knows yet")
    for names, group, message in (
        (["backprop", "bakprop"], None, "no row has 'bakprop' in its name or group; did you mean backprop_"),
        (["§"], None, "no row has '§' in its name or group; `lean-bridge list` has them all"),
        (["transfromer"], None, "no row has 'transfromer' in its name or group; did you mean Transformer"),
        ([], "Soundnes!", "no group has 'Soundnes!' in its name; did you mean Soundness"),
        (["backprop"], "Graphs", "no row of a group with 'Graphs' has 'backprop' in its name"),
    ):
        with pytest.raises(NotCatalogued, match=re.escape(message)):
            check_chosen(rows, names, group=group)


def test_nothing_has_changed_where_nothing_has(judged: Path, embedded: Provider) -> None:
    assert changes(judged, judgement(judged, embedded).basis).lines == ()


def test_a_short_word_of_a_group_is_not_what_is_meant() -> None:
    row = StatusRow(
        name="A.seeds", group="Seeds over the reals", kind="theorem", state="open", reason="-", code="-"
    )
    assert like([row], "nothere") == ""
    assert like([row], "raels") == "; did you mean reals?"
