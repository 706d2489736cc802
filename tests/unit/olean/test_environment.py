from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import Inconsistent, OleanError
from lean_bridge.olean.address_space import read_region
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.library_names import LibraryNames, read_library_names
from lean_bridge.olean.module import Module, read_module
from tests.olean_writer import write_module

Declarations: TypeAlias = Mapping[str, tuple[str, Sequence[str]]]

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


def test_a_quoted_module_name_finds_its_file(tmp_path: Path) -> None:
    write_module(tmp_path / "weird-name.v1" / "Base.olean", {"base": ("axiom", [])})
    environment = Environment([tmp_path])
    environment.load("«weird-name.v1».Base")
    assert environment.module_of("base") == "«weird-name.v1».Base"


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


def two_modules(tmp_path: Path, left: Declarations, right: Declarations, **options: Any) -> Environment:
    """Write a module ``B`` of one's own, and a module ``A`` of Lean's or one's own."""
    where = tmp_path / ("lib" if options.pop("lean", False) else "own")
    write_module(where / "A.olean", left)
    write_module(tmp_path / "own" / "B.olean", right)
    return Environment([tmp_path / "own"], library=tmp_path / "lib", **options)


THEOREM: Declarations = {"same": ("theorem", ["one"])}
DIFFERENT: Mapping[str, Declarations] = {
    "another statement": {"same": ("theorem of", ["one"])},
    "an axiom": {"same": ("axiom", ["one"])},
    "a hidden body": {"same": ("hidden definition", ["one"])},
    "a definition": {"same": ("definition", ["one"])},
}


@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("first", ["A", "B"])
@pytest.mark.parametrize("case", DIFFERENT)
def test_one_name_with_two_meanings_is_no_library(case: str, first: str, lean: bool, tmp_path: Path) -> None:
    environment = two_modules(tmp_path, THEOREM, DIFFERENT[case], lean=lean)
    environment.load(first)
    assert environment.constant("same") is not None
    with pytest.raises(Inconsistent, match="same") as caught:
        environment.load("AB".replace(first, ""))
    assert caught.value.code == (Code.AXIOM if lean and case == "an axiom" else Code.DEFINED_TWICE)


@pytest.mark.parametrize("kind", ["definition", "hidden definition", "opaque", "axiom"])
def test_not_even_the_same_definition_may_stand_in_two_modules(kind: str, tmp_path: Path) -> None:
    same = {"same": (kind, ["one"])}
    with pytest.raises(Inconsistent, match="B: same is defined differently in module A, and no file could"):
        two_modules(tmp_path, same, same).closure(["B", "A"])


@pytest.mark.parametrize("kinds", [("theorem", "theorem"), ("hidden theorem", "theorem")])
@pytest.mark.parametrize("lean", [False, True])
def test_a_theorem_may_be_proved_twice(kinds: tuple[str, str], lean: bool, tmp_path: Path) -> None:
    left, right = ({"same": (kind, ["one"])} for kind in kinds)
    for order in ("AB", "BA"):
        environment = two_modules(tmp_path, left, right, lean=lean)
        environment.closure(order)
        # what is met first makes no difference
        expected = "A" if lean or kinds[0] == "theorem" else "B"
        assert environment.module_of("same") == expected
        assert {module for module, _ in environment.definitions("same")} == {"A", "B"}
        assert environment.is_own("same") is not lean
    assert not environment.is_own("nowhere")


def test_a_module_named_like_one_of_lean_s_is_one_s_own_and_not_lean_s(tmp_path: Path) -> None:
    write_module(tmp_path / "lib" / "Sub" / "A.olean", {"theirs": ("axiom", [])})
    write_module(tmp_path / "own" / "Sub" / "A.olean", {"forged": ("axiom", [])})
    write_module(tmp_path / "own" / "B.olean", {"own": ("theorem", [])}, imports=["Sub.A"])
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    environment.load("B")
    assert environment.is_own("forged")
    # what came with Lean and was compiled against the other one would be read with this one underneath
    write_module(tmp_path / "lib" / "Above.olean", {"above": ("theorem", [])}, imports=["Sub.A"])
    with pytest.raises(Inconsistent, match=r"Lean's own module Above imports Sub\.A, and finds "):
        environment.load("Above")


@pytest.mark.parametrize("name", ["Nat", "Nat.gcd", "String.ofList", "Quot.ind", "_nested.T_1"])
@pytest.mark.parametrize("kind", ["theorem", "definition", "opaque", "axiom"])
def test_a_name_that_the_kernels_know_is_lean_s_alone(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    write_module(tmp_path / "own" / "B.olean", {name: (kind, [])})
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
    with pytest.raises(Inconsistent, match=f"module B declares {name}, which the kernels take") as caught:
        environment.load("B")
    assert caught.value.code == Code.KERNEL_NAME


@pytest.mark.parametrize(
    ("kind", "code"), [("definition", Code.DEFINED_TWICE), ("axiom", Code.AXIOM), ("theorem", None)]
)
def test_a_name_of_lean_s_is_taken_though_its_module_is_not_imported(
    kind: str, code: Code | None, tmp_path: Path
) -> None:
    environment = two_modules(tmp_path, {"far": ("definition", [])}, {"far": (kind, ["one"])}, lean=True)
    names = read_library_names(tmp_path / "lib")
    names = LibraryNames.from_bytes(names.to_bytes())
    assert dict(names.find(["near", "far"])) == {"far": ("A.olean",)}
    environment = Environment([tmp_path / "own"], library=tmp_path / "lib", library_names=names)
    if code is None:
        environment.load("B")
        return
    with pytest.raises(Inconsistent, match="far") as caught:
        environment.extended(tmp_path).load("B")
    assert caught.value.code == code


def test_modules_of_lean_s_are_read_when_more_is_asked_than_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_module(tmp_path / "lib" / "A.olean", {"a": ("axiom", [])})
    write_module(tmp_path / "lib" / "B.olean", {"b": ("theorem", ["a"])}, imports=["A"])
    write_module(tmp_path / "own" / "C.olean", {"c": ("theorem", ["b"])}, imports=["B"])
    names = LibraryNames.from_bytes(read_library_names(tmp_path / "lib").to_bytes())
    read: list[str] = []

    def reading(path: Path, *, parts: Literal["exported", "all", "present"]) -> Module:
        read.append(path.stem)
        return read_module(path, parts=parts)

    monkeypatch.setattr("lean_bridge.olean.environment.read_module", reading)
    known = Environment([tmp_path / "own"], library=tmp_path / "lib", library_names=names)
    unknown = Environment([tmp_path / "own"], library=tmp_path / "lib")
    loaded = known.closure(["C"])
    assert read == ["C"]
    assert loaded == unknown.closure(["C"]) == known.modules == unknown.modules == ("C", "B", "A")
    assert [known.module_of(name) for name in "abc"] == ["A", "B", "C"]
    assert [known.is_library(name) for name in "ABC"] == [True, True, False]
    read.clear()
    assert known.original_kind("b") == "theorem"
    assert read == ["B"]
    with pytest.raises(KeyError):
        known.module("D")


def test_what_is_private_to_a_module_of_lean_s_is_declared_there_alone(tmp_path: Path) -> None:
    write_module(tmp_path / "lib" / "Sub" / "A.olean", {"theirs": ("axiom", [])})
    for name, kind, is_fine in (
        ("_private.Sub.A.0.gone", "definition", False),
        ("_private.Sub.A.0.gone", "theorem", True),
        ("_private.B.0.gone", "definition", True),
        ("_private.Sub.B.0.gone", "definition", True),
    ):
        write_module(tmp_path / "own" / "B.olean", {name: (kind, [])})
        environment = Environment([tmp_path / "own"], library=tmp_path / "lib")
        with nullcontext() if is_fine else pytest.raises(Inconsistent, match=r"private to .* Sub\.A"):
            environment.load("B")


def test_declarations_of_two_real_modules_that_lean_would_not_import_together() -> None:
    environment = Environment([DATA])
    environment.load("Native")
    with pytest.raises(Inconsistent, match=r"Native: .* defined differently in module Cell, and no file"):
        environment.load("Cell")


@pytest.mark.parametrize("first", range(6))
def test_a_module_does_not_export_what_its_private_part_does_not_say(first: int, tmp_path: Path) -> None:
    for path in DATA.glob("Cell.olean*"):
        shutil.copy(path, tmp_path)
    environment = Environment([tmp_path])
    environment.load("Cell")
    # importers are given one constant for another; the private part, which is what is judged, is as it was
    exported = tmp_path / "Cell.olean"
    module, data = Module(read_region([exported])), bytearray(exported.read_bytes())
    region, (_, _, constants, *_) = module._region, module._fields
    at = constants - region.base + 8 + (2 + first) * region.word
    one, other = data[at : at + region.word], data[at + region.word : at + 2 * region.word]
    data[at : at + 2 * region.word] = other + one
    exported.write_bytes(data)
    with pytest.raises(Inconsistent, match=r"module Cell: what it exports as .* in its private part"):
        Environment([tmp_path]).load("Cell")
