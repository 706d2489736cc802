from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.errors import OleanError
from lean_bridge.olean.equality import is_same_expr
from lean_bridge.olean.expr import App, Const, Expr, Lam, Let, Lit, MData, Pi, Proj, Sort
from lean_bridge.olean.module import DeclarationRange, Import, Module, read_module
from lean_bridge.olean.objects import Object
from lean_bridge.olean.survey import survey
from tests.olean_writer import OleanWriter

DATA = Path(__file__).parents[2] / "data" / "olean"


@pytest.fixture(name="zoo")
def _zoo() -> Module:
    return read_module(DATA / "Zoo.olean", parts="all")


def literals(expr: Expr) -> list[int | str]:
    match expr:
        case Lit(value):
            return [value]
        case App(fn, arg):
            return literals(fn) + literals(arg)
        case _:
            return []


def test_a_module_tells_its_imports_and_its_lean(zoo: Module) -> None:
    line = Import("Init.Core", import_all=False, is_exported=True, is_meta=False)
    assert zoo.imports == (line,)
    assert zoo.is_module
    assert zoo.lean_version == "4.28.0-pre"
    native = read_module(DATA / "Native.olean", parts="all")
    assert (native.imports, native.is_module, native.lean_version) == ((), False, "4.35.0")


@pytest.mark.parametrize("name", ["Cell", "Native", "Zoo"])
def test_a_type_is_had_without_its_constant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, types = (read_module(DATA / f"{name}.olean", parts="present") for _ in range(2))
    decoded = {each: whole.constant(each).type for each in whole.constant_names}
    assert all(whole.type_of(each) is decoded[each] for each in decoded)
    with monkeypatch.context() as patch:
        patch.setattr("lean_bridge.olean.module.read_constant", lambda *_: pytest.fail("decoded whole"))
        alone = {each: types.type_of(each) for each in types.constant_names}
    assert all(is_same_expr(alone[each], decoded[each]) for each in decoded)
    with pytest.raises(KeyError):
        whole.type_of("not there")


def test_the_exported_part_hides_bodies_but_remembers_the_kind(zoo: Module) -> None:
    exported = read_module(DATA / "Zoo.olean", parts="exported")
    for name, kind in {"swap_swap": "theorem", "hidden": "definition", "sealed": "opaque"}.items():
        assert exported.constant(name).kind == "axiom"
        assert exported.constant(name).value is None
        assert exported.original_kind(name) == kind
        assert zoo.constant(name).kind == zoo.original_kind(name) == kind
        assert zoo.constant(name).value is not None
    assert exported.constant("assumed").kind == exported.original_kind("assumed") == "axiom"
    assert "_private.Zoo.0.inner" in zoo
    assert "_private.Zoo.0.inner" not in exported


def test_fields_of_every_kind(zoo: Module) -> None:
    pair, make = zoo.constant("Pair"), zoo.constant("Pair.mk")
    assert (pair.kind, pair.level_params, pair.num_params) == ("inductive", ("u", "v"), 2)
    assert pair.constructors == ("Pair.mk",)
    assert (make.inductive, make.constructor_index, make.num_params, make.num_fields) == ("Pair", 0, 2, 2)
    even = zoo.constant("Even")
    assert even.all == ("Even", "Odd")
    assert (even.is_recursive, even.num_indices) == (True, 1)
    tree = zoo.constant("Tree")
    assert (tree.is_reflexive, tree.is_recursive) == (True, True)
    recursor = zoo.constant("Tree.rec")
    assert (recursor.kind, recursor.num_motives, recursor.num_minors) == ("recursor", 1, 1)
    assert [(rule.constructor, rule.num_fields) for rule in recursor.rules] == [("Tree.node", 2)]
    assert zoo.constant("bad").safety == "unsafe"
    assert zoo.constant("swap").safety == "safe"
    assert zoo.constant("Tree.casesOn").hints == "abbrev"
    assert isinstance(zoo.constant("swap").hints, int)


def test_literals_of_any_size() -> None:
    zoo, native = (read_module(DATA / f"{name}.olean", parts="all") for name in ("Zoo", "Native"))
    for module, name, value in (
        (zoo, "big", 123456789012345678901234567890),
        (zoo, "edge", 1 << 31),
        (native, "big", 123456789012345678901234567890),
        (native, "edge", 1 << 63),
        (native, "below", (1 << 63) - 1),
    ):
        body = module.constant(name).value
        assert body is not None
        assert value in literals(body)
    greeting = zoo.constant("greeting").value
    assert greeting is not None
    assert literals(greeting) == ['λ "héllo"\n']


def test_terms_as_written(zoo: Module) -> None:
    via_let = zoo.constant("viaLet").value
    assert isinstance(via_let, Lam)
    assert isinstance(via_let.body, Let)
    assert via_let.body.name == "m"
    inner = via_let.body.body
    assert isinstance(inner, Let)
    assert (inner.name, inner.nondep) == ("k", True)
    first = zoo.constant("Pair.first").value
    assert isinstance(first, Lam)
    while isinstance(first, Lam):
        first = first.body
    assert isinstance(first, Proj)
    assert (first.struct, first.index) == ("Pair", 0)
    strict = zoo.constant("strict").type
    assert isinstance(strict, Pi)
    assert strict.info == "strictImplicit"
    assert isinstance(strict.type, Sort)
    assert isinstance(strict.body, Pi)
    assert strict.body.info == "instImplicit"


@pytest.mark.parametrize("flag", [False, True])
def test_the_flag_of_a_let(tmp_path: Path, flag: bool) -> None:
    writer = OleanWriter(word=8)
    prop = writer.expr(3, [1])
    term = writer.expr(8, [writer.name("x"), prop, prop, writer.expr(0, [1])], bytes([flag]))
    found = read_module(writer.file_of_type(tmp_path / "L.olean", term), parts="all").constant("t").type
    assert isinstance(found, Let)
    assert found.nondep == flag


def test_shared_subterms_are_one_object(zoo: Module) -> None:
    left = zoo.constant("viaLet").type
    right = zoo.constant("hidden").type
    assert isinstance(left, Pi)
    assert isinstance(right, Pi)
    assert left.type is right.type
    assert isinstance(left.type, Const)


def test_names_that_are_no_identifiers_are_quoted(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    spelled = {
        "«weird name»": ("weird name",),
        "a.b": ("a", "b"),
        "«a.b»": ("a.b",),
        "a.1": ("a", 1),
        "a.«1»": ("a", "1"),
        "«»": ("",),
        "«a»»b»": ("a»b",),
        "x₁'.Γ?": ("x₁'", "Γ?"),
        "«λ»": ("λ",),
    }
    prop = writer.expr(3, [1])
    constants = []
    for components in spelled.values():
        name = writer.name(*components)
        constants.append((name, writer.axiom(name, prop)))
    module = read_module(writer.file(tmp_path / "N.olean", constants), parts="all")
    assert module.constant_names == tuple(spelled)
    assert [module.constant(name).name for name in spelled] == list(spelled)


def test_declaration_ranges_point_into_the_source(zoo: Module) -> None:
    source = (DATA / "Zoo.lean").read_text(encoding="utf-8").splitlines()
    for name, start in {
        "swap_swap": "theorem swap_swap",
        "Pair": "/-- Every",
        "greeting": "@[expose] def greeting",
    }.items():
        found = zoo.declaration_ranges[name]
        assert isinstance(found, DeclarationRange)
        assert source[found.line - 1][found.column :].startswith(start)
        assert found.end_column <= len(source[found.end_line - 1])
    assert read_module(DATA / "Zoo.olean", parts="exported").declaration_ranges == {}


def test_extension_entries_are_object_graphs(zoo: Module) -> None:
    docs = zoo.entries("Lean.docStringExt")
    assert any(isinstance(e, Object) and "Every shape of declaration once. " in e.fields for e in docs)
    with pytest.raises(KeyError):
        zoo.entries("Lean.noSuchExt")


def test_metadata_and_deep_terms_decode_without_recursion(tmp_path: Path) -> None:
    writer = OleanWriter(word=4)
    term = writer.expr(3, [1])
    for _ in range(50_000):
        term = writer.expr(10, [1, writer.expr(5, [term, term])])
    module = read_module(writer.file_of_type(tmp_path / "D.olean", term), parts="all")
    found, depth = module.constant("t").type, 0
    while isinstance(found, MData):
        assert isinstance(found.expr, App)
        assert found.expr.fn is found.expr.arg
        found, depth = found.expr.fn, depth + 1
    assert (type(found), depth) == (Sort, 50_000)


@pytest.mark.parametrize(("word", "gmp"), [(4, False), (4, True), (8, False), (8, True)])
@pytest.mark.parametrize("bits", [0, 31, 32, 63, 64, 65, 20_000])
def test_numbers_in_every_layout(tmp_path: Path, word: int, gmp: bool, bits: int) -> None:
    value = (1 << bits) - 1
    writer = OleanWriter(word=word, gmp=gmp)
    literal = writer.expr(9, [writer.constructor(0, [writer.nat(value)])])
    path = writer.file_of_type(tmp_path / "L.olean", literal)
    found = read_module(path, parts="all").constant("t").type
    assert isinstance(found, Lit)
    assert found.value == value


def test_a_survey_decodes_everything() -> None:
    found = survey([DATA])
    assert found.modules == 3
    assert sum(found.constants.values()) == sum(
        len(read_module(path, parts="all").constant_names) for path in DATA.glob("*.olean")
    )
    assert found.constants["axiom"] == 7
    assert found.lean_versions == ("4.28.0-pre", "4.35.0")
    assert found.expressions > 1000
    assert found.constants_per_second > 0


def test_a_survey_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OleanError, match="no compiled modules"):
        survey([tmp_path])
