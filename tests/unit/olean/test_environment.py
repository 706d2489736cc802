from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lean_bridge.errors import OleanError
from lean_bridge.olean.environment import Environment, source_path
from tests.olean_writer import write_module

DATA = Path(__file__).parents[2] / "data" / "olean"


def test_a_module_brings_all_that_it_imports(tmp_path: Path) -> None:
    write_module(tmp_path / "own" / "Top.olean", {"top": ("axiom", [])}, imports=("Sub.Mid", "Base"))
    write_module(tmp_path / "own" / "Sub" / "Mid.olean", {"mid": ("axiom", [])}, imports=("Base",))
    write_module(tmp_path / "lib" / "Base.olean", {"base": ("axiom", [])})
    write_module(tmp_path / "lib" / "Other.olean", {"other": ("axiom", [])})
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    assert environment.constant("top") is None
    environment.load("Top")
    assert set(environment.modules) == {"Top", "Sub.Mid", "Base"}
    for name, module in {"top": "Top", "mid": "Sub.Mid", "base": "Base"}.items():
        constant = environment.constant(name)
        assert constant is not None
        assert constant.name == name
        assert environment.module_of(name) == module
        assert environment.is_library(module) == (module == "Base")
    assert "other" not in environment
    assert environment.constant("other") is None
    assert environment.module_of("other") is None
    assert environment.closure(["Sub.Mid"]) == ("Sub.Mid", "Base")


def test_the_search_path_comes_before_the_library(tmp_path: Path) -> None:
    write_module(tmp_path / "own" / "Base.olean", {"forged": ("axiom", [])})
    write_module(tmp_path / "lib" / "Base.olean", {"base": ("axiom", [])})
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("Base")
    assert environment.module_of("forged") == "Base"
    assert not environment.is_library("Base")


def test_an_extended_environment_shares_what_was_loaded_and_nothing_else(tmp_path: Path) -> None:
    write_module(tmp_path / "own" / "Base.olean", {"base": ("axiom", [])})
    write_module(tmp_path / "new" / "Top.olean", {"top": ("theorem", ["base"])}, imports=("Base",))
    environment = Environment([tmp_path / "own"])
    environment.load("Base")
    (tmp_path / "own" / "Base.olean").unlink()
    extended = environment.extended(tmp_path / "new")
    assert extended.module_of("base") == "Base"
    assert set(extended.load("Top").constant_names) == {"top"}
    assert extended.constant("base") is environment.constant("base")
    assert "top" not in environment
    assert environment.modules == ("Base",)


def test_a_missing_import_is_named_with_its_importer(tmp_path: Path) -> None:
    write_module(tmp_path / "Top.olean", {"top": ("axiom", [])}, imports=("Gone",))
    with pytest.raises(OleanError, match="module Gone, imported here") as caught:
        Environment([tmp_path]).load("Top")
    assert caught.value.path == str(tmp_path / "Top.olean")


@pytest.mark.parametrize("name", ["«..».Base", "«a/b»", "a..b", "", "«»", "a."])
def test_a_module_name_cannot_leave_the_search_path(tmp_path: Path, name: str) -> None:
    write_module(tmp_path / "Base.olean", {"base": ("axiom", [])})
    inside = tmp_path / "inside"
    inside.mkdir()
    assert Environment([inside]).find_module(name) is None
    assert source_path(name) is None


def test_a_quoted_module_name_finds_its_file(tmp_path: Path) -> None:
    write_module(tmp_path / "weird-name.v1" / "Base.olean", {"base": ("axiom", [])})
    environment = Environment([tmp_path])
    environment.load("«weird-name.v1».Base")
    assert environment.module_of("base") == "«weird-name.v1».Base"
    assert source_path("«weird-name.v1».Base") == Path("weird-name.v1/Base.lean")


def test_private_parts_are_read_where_they_are() -> None:
    environment = Environment([DATA])
    environment.load("Cell")
    theorem = environment.constant("content_shown")
    assert theorem is not None
    assert theorem.kind == "theorem"
    assert environment.constant("_private.Cell.0.inner") is not None


def test_without_its_private_part_a_theorem_is_known_to_be_hidden(tmp_path: Path) -> None:
    shutil.copy(DATA / "Cell.olean", tmp_path)
    environment = Environment([tmp_path])
    environment.load("Cell")
    theorem = environment.constant("content_shown")
    assert theorem is not None
    assert theorem.kind == "axiom"
    assert environment.original_kind("content_shown") == "theorem"
    assert environment.original_kind("assumed") == "axiom"
    assert environment.original_kind("nowhere") is None


def test_identical_duplicates_are_one_constant() -> None:
    environment = Environment([DATA])
    environment.closure(["Cell", "Native"])
    for name in ("Nat", "Nat.rec", "Eq", "assumed", "rests_on_assumed", "Nat.casesOn"):
        constant = environment.constant(name)
        assert constant is not None
        assert constant.name == name


def test_a_stored_proof_is_preferred_to_a_hidden_one(tmp_path: Path) -> None:
    shutil.copy(DATA / "Cell.olean", tmp_path / "Shell.olean")
    for path in DATA.glob("Cell.olean*"):
        shutil.copy(path, tmp_path)
    environment = Environment([tmp_path])
    environment.closure(["Shell", "Cell"])
    constant = environment.constant("content_shown")
    assert constant is not None
    assert constant.kind == "theorem"
    assert environment.module_of("content_shown") == "Cell"


def test_conflicting_duplicates_are_an_error(tmp_path: Path) -> None:
    write_module(tmp_path / "A.olean", {"same": ("axiom", [])})
    write_module(tmp_path / "B.olean", {"same": ("axiom", ["other"])})
    environment = Environment([tmp_path])
    environment.load("A")
    assert environment.constant("same") is not None
    environment.load("B")
    with pytest.raises(OleanError, match="same is defined differently in module A") as caught:
        environment.constant("same")
    assert caught.value.path == str(tmp_path / "B.olean")


def test_equal_statements_with_different_bodies_conflict(tmp_path: Path) -> None:
    """One module's ``hidden`` renamed to another's ``viaLet``: both are functions from ``Nat`` to ``Nat``."""
    for path in DATA.glob("Cell.olean*"):
        data = path.read_bytes()
        (tmp_path / path.name).write_bytes(data.replace(b"hidden\0", b"viaLet\0"))
    shutil.copy(DATA / "Native.olean", tmp_path)
    environment = Environment([tmp_path])
    environment.closure(["Native", "Cell"])
    with pytest.raises(OleanError, match="viaLet is defined differently"):
        environment.constant("viaLet")
