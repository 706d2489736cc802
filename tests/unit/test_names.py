"""Names are taken apart, written and compared as Lean does, whatever stands in ``«»``."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.errors import NotCatalogued
from lean_bridge.names import (
    canonical,
    common_namespace,
    did_you_mean,
    ending,
    ends_with,
    last_component,
    module_path,
    quoted,
    split_name,
    suggestion,
    written,
)
from lean_bridge.project import Project


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("[anonymous]", ()),
        ("Nat.add_comm", ("Nat", "add_comm")),
        ("_private.Spec.Shape.0.size", ("_private", "Spec", "Shape", 0, "size")),
        ("a.«b.c».«1».2", ("a", "b.c", "1", 2)),
        ("«»»»", ("»",)),
        ("Γ.«»", ("Γ", "")),
        ("a.", None),
        (".a", None),
        ("a«b»", None),
        ("", None),
    ],
)
def test_components(name: str, components: tuple[str | int, ...] | None) -> None:
    assert split_name(name) == components


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("Nat.add", "add"),
        ("a.«b. = 5»", "«b. = 5»"),
        ("a.«»».».«.»", "«.»"),
        ("a.2", "2"),
        ("a", "a"),
        ("a.", "a."),
    ],
)
def test_last_component(name: str, last: str) -> None:
    assert last_component(name) == last


@pytest.mark.parametrize(
    "part",
    ["étonnant", "naïve", "Ångström", "straße", "ſ", "Γ", "h₁", "x'", "f!", "a?", "_x", "𝒞", "ℝ", "ἀ"],
)
def test_an_identifier_stands_alone(part: str) -> None:
    assert quoted(part) == part
    assert split_name(part) == (part,)


@pytest.mark.parametrize(
    "part", ["λ", "Π", "Σ", "a×b", "÷", "1", "1a", "a.b", "foo-bar", "a b", "", "漢", "₁", "ª"]
)
def test_what_is_no_identifier_is_quoted(part: str) -> None:
    assert quoted(part) == f"«{part}»"
    assert split_name(f"A.«{part}»") == ("A", part)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("«étonnant»", "étonnant"),
        ("_root_.A.b", "A.b"),
        ("A.«b»", "A.b"),
        ("A.foo-bar", "A.«foo-bar»"),
        ("A.«b.c»", "A.«b.c»"),
        ("A.1", "A.1"),
        ("A.«1»", "A.«1»"),
        (" A.b\n", "A.b"),
        ("_root_", None),
        ("A..b", None),
        ("", None),
        ("«A", None),
        ("[anonymous]", None),
    ],
)
def test_what_a_person_writes_is_the_name_that_lean_writes(typed: str, name: str | None) -> None:
    assert canonical(typed) == name


@pytest.mark.parametrize("parts", [("A", "b.c", 1, "1", "»", "é"), ("",), ("[anonymous]",), ("_root_",), ()])
def test_parts_are_written_and_read_again(parts: tuple[str | int, ...]) -> None:
    assert split_name(written(parts)) == parts


@pytest.mark.parametrize(
    ("name", "end", "does"),
    [
        ("A.«b.c»", "«b.c»", True),
        ("A.«b.c»", "c", False),
        ("A.«b.c»", "c»", False),
        ("A.b.c", "b.c", True),
        ("A.b.c", "«b».c", True),
        ("A.b.c", "«b.c»", False),
        ("A.xb", "b", False),
        ("A.b", "_root_.A.b", True),
        ("A.b", "_root_.b", False),
        ("A.1", "«1»", False),
        ("A.b", "", False),
    ],
)
def test_the_end_of_a_name_is_of_whole_parts(name: str, end: str, does: bool) -> None:
    assert ends_with(name, end) is does


def test_a_namespace_ends_where_a_part_does() -> None:
    assert common_namespace(["A.«x.y».p", "A.«x.z».q"]) == "A."
    assert common_namespace(["A.«x.y».p", "A.«x.y».q"]) == "A.«x.y»."
    assert common_namespace(["A.b", "C"]) == ""


@pytest.mark.parametrize(
    ("module", "file"),
    [("A.B", "A/B.lean"), ("A.«b.c»", "A/b.c.lean"), ("«a-b».«1»", "a-b/1.lean"), ("été", "été.lean")],
)
def test_a_module_lies_where_its_parts_say(module: str, file: str) -> None:
    found = module_path(module, ".lean")
    assert found is not None
    assert found.as_posix() == file


@pytest.mark.parametrize("module", ["«..».A", "«a/b»", "«/etc».A", "A.«»", "A.«.»", "", "A.«\\»", "A.«\0»"])
def test_a_name_that_leads_elsewhere_is_no_path(module: str) -> None:
    assert module_path(module, ".lean") is None


def test_suggestions_are_few() -> None:
    known = [f"lemma_{number}" for number in range(141)]
    assert suggestion("lemma_14O", known).startswith("did you mean lemma_14")
    assert suggestion("§", known).endswith("lemma_7 and 133 more")
    assert suggestion(3, []) == "there are none"


def test_what_is_meant_has_other_capitals_or_as_many_parts() -> None:
    assert did_you_mean("mhagraph", ["mhaGraph", "other"]) == "; did you mean mhaGraph?"
    assert did_you_mean("LB20l", ["lb201"]) == "; did you mean lb201?"
    assert ending("A.B.«c.d».e", "x.y") == "«c.d».e"
    assert ending("A", "x.y") == "A"


NAMES = ("Twin.étonnant", "Twin.«a.b»", "Twin.«x y».z'", "Twin.b", "Other.b", "Other.Twin.c", "Twin.c", "c")


@pytest.fixture
def catalogued(tmp_path: Path) -> Project:
    entries = (f'[[declaration]]\nname = "{name}"\nkind = "theorem"\ngroup = "G"\n' for name in NAMES)
    (tmp_path / "catalogue.toml").write_text("".join(entries), encoding="utf-8")
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("étonnant", "Twin.étonnant"),
        ("Twin.«étonnant»", "Twin.étonnant"),
        ("«a.b»", "Twin.«a.b»"),
        ("_root_.Twin.«a.b»", "Twin.«a.b»"),
        ("x y.z'", "Twin.«x y».z'"),
        ("z'", "Twin.«x y».z'"),
        ("_root_.Twin.c", "Twin.c"),
        ("c", "c"),
        ("Twin.c", "Twin.c"),
    ],
)
def test_an_entry_is_found_by_the_end_of_its_name(catalogued: Project, typed: str, name: str) -> None:
    assert [entry.name for entry in catalogued.select([typed]).declarations] == [name]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("b", "b is ambiguous: Twin.b, Other.b$"),
        ("etonnant", "did you mean étonnant"),
        ("e\u0301tonnant", "did you mean étonnant"),
        ("«a.b", r"did you mean «a\.b»"),
        ("Twin.Étonant", "did you mean Twin.étonnant"),
        ("", "found an empty text; is a variable not set?"),
        ("§§§", r"is not in catalogue\.toml; expected one of étonnant, .*; `lean-bridge list` has them all"),
    ],
)
def test_what_is_not_there_is_suggested(catalogued: Project, typed: str, message: str) -> None:
    with pytest.raises(NotCatalogued, match=message):
        catalogued.select([typed])


@pytest.mark.parametrize("typed", ["étonnant", "Twin.c", "_root_.Twin.«x y».z'"])
def test_a_name_that_is_no_graph_is_told_as_what_it_is(catalogued: Project, typed: str) -> None:
    with pytest.raises(NotCatalogued, match=r"^Twin\.\S.* is a theorem; this catalogue has no graphs$"):
        catalogued.graph(typed)


def test_names_are_a_list_of_texts(catalogued: Project) -> None:
    with pytest.raises(NotCatalogued, match=r"expected a list of names, found 'b'; give \['b'\]"):
        catalogued.select("b")
    with pytest.raises(NotCatalogued, match=r"expected a name of catalogue\.toml, found None"):
        catalogued.graph(None)  # type: ignore[arg-type]
