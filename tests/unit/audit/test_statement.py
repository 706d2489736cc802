from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from lean_bridge.audit.reading import Reading
from lean_bridge.audit.statement import statement_text
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.olean.environment import Environment
from tests.olean_writer import OleanWriter
from tests.terms import PROP, Declarations, Definition, Style, Term, environment_of

DATA = Path(__file__).parents[2] / "data" / "olean"


@pytest.fixture(name="native", scope="module")
def _native() -> Environment:
    environment = Environment([], library=DATA)
    environment.load("Native")
    return environment


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("swap", "{α : Type u} {β : Type v} (p : Pair α β) : Pair β α"),
        ("swap_swap", "{α : Type u} {β : Type v} (p : Pair α β) : swap (swap p) = p"),
        ("rests_on_assumed", "Nat.zero = Nat.succ Nat.zero"),
        ("Nat.add", "(n m : Nat) : Nat"),
        ("instOfNatNat", "(n : Nat) : OfNat Nat n"),
        ("OfNat.ofNat", "{α : Type u} (x : Nat) [self : OfNat α x] : α"),
        (
            "Nat.rec",
            "{motive : Nat → Sort u} (zero : motive Nat.zero)"
            " (succ : (n : Nat) → motive n → motive (Nat.succ n)) (t : Nat) : motive t",
        ),
        ("«weird name»", "Nat"),
        ("Nat", "Type"),
    ],
)
def test_statements_read_as_written(native: Environment, name: str, text: str) -> None:
    constant = native.constant(name)
    assert constant is not None
    assert statement_text(constant, native) == text


def test_a_projection_reads_as_written() -> None:
    environment = Environment([], library=DATA)
    environment.load("Cell")
    constant = environment.constant("content_shown")
    assert constant is not None
    assert statement_text(constant, environment) == "(n : Nat) : (shown n).content = n"


def load(tmp_path: Path, writer: OleanWriter, type_: int) -> Environment:
    writer.file_of_type(tmp_path / "T.olean", type_)
    environment = Environment([tmp_path])
    environment.load("T")
    return environment


def text_of(environment: Environment, limit: int = 2000) -> str:
    constant = environment.constant("t")
    assert constant is not None
    return statement_text(constant, environment, limit=limit)


class Terms:
    """Expressions over the notations' constants, none of which is defined: all arguments are shown."""

    def __init__(self, writer: OleanWriter) -> None:
        self.writer = writer

    def const(self, name: str) -> int:
        return self.writer.expr(4, [self.writer.name(*name.split(".")), 1])

    def call(self, name: str, *arguments: int) -> int:
        term = self.const(name)
        for argument in arguments:
            term = self.writer.expr(5, [term, argument])
        return term


def test_notations_and_their_parentheses(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    terms = Terms(writer)
    a, b, c = (terms.const(name) for name in "abc")

    def add(x: int, y: int) -> int:
        return terms.call("HAdd.hAdd", x, y)

    def mul(x: int, y: int) -> int:
        return terms.call("HMul.hMul", x, y)

    cons, nil = "List.cons", terms.call("List.nil", a)
    cases = {
        "(a + b) * c": mul(add(a, b), c),
        "a + b * c": add(a, mul(b, c)),
        "a + b + c": add(add(a, b), c),
        "a + (b + c)": add(a, add(b, c)),
        "f (a + b) c": terms.call("f", add(a, b), c),
        "¬a = b ∧ (b ≤ c ∨ a ↔ c)": terms.call(
            "And",
            terms.call("Not", terms.call("Eq", a, b)),
            terms.call("Iff", terms.call("Or", terms.call("LE.le", b, c), a), c),
        ),
        "-a⁻¹": terms.call("Neg.neg", terms.call("Inv.inv", a)),
        "a :: b": terms.call(cons, a, b),
        "a ++ b": terms.call("HAppend.hAppend", a, b),
        '"λ"': writer.expr(9, [writer.constructor(1, [writer.string("λ")])]),
        "12": terms.call("OfNat.ofNat", terms.const("Nat"), writer.expr(9, [writer.constructor(0, [25])]), c),
        "f []": terms.call("f", nil),
    }
    for number, (text, term) in enumerate(cases.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        fresh = OleanWriter(word=8)
        fresh.data[:] = writer.data
        assert text_of(load(folder, fresh, term)) == text


def test_binders_are_grouped_and_never_shadow(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    nat = Terms(writer).const("Nat")
    x = writer.name("x")
    hygienic = writer.name("x", "_@", "Some", "_hyg", 12)
    var = [writer.expr(0, [index << 1 | 1]) for index in range(3)]
    body = writer.expr(5, [writer.expr(5, [Terms(writer).const("r"), var[1]]), var[0]])
    inner = writer.expr(7, [hygienic, nat, body], b"\0")
    assert (
        text_of(load(tmp_path, writer, writer.expr(7, [x, nat, inner], b"\0"))) == "(x x_1 : Nat) : r x x_1"
    )


def test_arrows_functions_and_projections(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    terms = Terms(writer)
    a, x, zero = terms.const("A"), writer.name("x"), writer.expr(0, [1])
    arrow = writer.expr(7, [x, writer.expr(7, [x, a, a], b"\0"), a], b"\0")
    function = writer.expr(6, [x, a, writer.expr(11, [writer.name("S"), 3, zero])], b"\0")
    text = text_of(load(tmp_path, writer, terms.call("f", arrow, function)))
    assert text == "f ((A → A) → A) (fun (x : A) => x.2)"


LIBRARY: Declarations = {name: Definition("axiom") for name in ("Nat", "Nat.add", "Eq", "only.leans")}


def read(directory: Path, own: Iterable[str], term: Term) -> str:
    """Return the text of a statement of a library with some constants of its own."""
    declared: Declarations = {name: Definition("axiom") for name in own}
    environment = environment_of(
        directory, {**declared, "t": Definition("axiom", term)}, library=LIBRARY, style=Style(("n",))
    )
    return text_of(environment)


@pytest.mark.parametrize(
    ("own", "text"),
    [
        (("A.B.f", "A.C.f", "A.C.g"), "A.B.f A.C.f A.C.g"),
        (("A.add", "A.B.h", "A.k"), "A.add A.B.h A.k"),
        (("A.Eq", "A.Nat", "A.Nat.add"), "A.Eq A.Nat A.Nat.add"),
        (("A.Nat.add", "A.eq", "A.leans"), "A.Nat.add A.eq A.leans"),
        (("Nat.double", "HAdd.hAdd", "A.lnt"), "Nat.double⟨own⟩ HAdd.hAdd⟨own⟩ A.lnt"),
        (("A.Nаt", "A.Νat", "A.N\u200bat"), "A.«N\\u0430t» A.\\u039dat A.«N\\u200bat»"),
        (("Own.Grid", "Own.Grid.rows", "Own.max", "Own.Part.max"), "Grid Grid.rows Own.max Part.max"),
        (("Own.Grid", "Own.Other.Grid", "Lib.Own.Grid"), "Own.Grid Own.Other.Grid Lib.Own.Grid"),
        (("max", "ℕ", "O", "double"), "max⟨own⟩ ℕ⟨own⟩ O⟨own⟩ double"),
        (("Own.ℕ", "Own.O", "Own.some"), "Own.ℕ Own.O Own.some"),
        (("A.n", "A.x₁", "A.Γε"), "A.n A.x₁ A.Γε"),
        (("Own.HasFDerivAt", "Own.Slope"), "Own.HasFDerivAt Slope"),
    ],
)
def test_a_short_name_is_never_one_of_leans_nor_a_neighbours(
    tmp_path: Path, own: tuple[str, ...], text: str
) -> None:
    assert read(tmp_path, own, ("app", *own)) == text


def test_a_short_name_is_no_end_of_another_one_that_the_text_does_not_mention(tmp_path: Path) -> None:
    own = ("Alpha.Word", "Alpha.Grid", "Beta.Word")
    assert read(tmp_path, own, ("app", "Alpha.Word", "Alpha.Grid")) == "Alpha.Word Grid"


def test_leans_names_are_written_in_full(tmp_path: Path) -> None:
    assert read(tmp_path, ["own.mine"], ("app", "own.mine", "only.leans", "Nat.add")) == (
        "own.mine only.leans Nat.add"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (("Nat",), "(Nat_ : Prop) : Nat_"),
        (("lnt",), "(lnt_ : Prop) : lnt_"),
        (("t",), "(t_1 : Prop) : t_1"),
        (("fun",), "(fun_1 : Prop) : fun_1"),
        (("2 + 2",), "(«2 + 2» : Prop) : «2 + 2»"),
        (("a", "b"), "(«a.b» : Prop) : «a.b»"),
        (("x\u202e",), "(«x\\u202e» : Prop) : «x\\u202e»"),
        (("Νat",), "(\\u039dat : Prop) : \\u039dat"),
    ],
)
def test_a_variable_never_reads_like_something_else(tmp_path: Path, name: tuple[str, ...], text: str) -> None:
    writer = OleanWriter(word=8)
    prop = writer.expr(3, [1])
    term = writer.expr(7, [writer.name(*name), prop, writer.expr(0, [1])], b"\0")
    assert text_of(load(tmp_path, writer, term)) == text


def test_thousands_of_equal_names_take_no_time(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    nat, x = Terms(writer).const("N"), writer.name("x")
    for tag in (6, 7):  # functions, and types of functions
        term = writer.expr(0, [1])
        for _ in range(6_000):
            term = writer.expr(tag, [x, nat, term], b"\0")
        fresh = OleanWriter(word=8)
        fresh.data[:] = writer.data
        (tmp_path / str(tag)).mkdir()
        environment = load(tmp_path / str(tag), fresh, term)
        started = time.process_time()
        assert text_of(environment, limit=100_000)
        assert time.process_time() - started < 2


def test_exponential_terms_and_deep_terms_are_cut(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    term = Terms(writer).const("a")
    for _ in range(5_000):
        term = writer.expr(5, [term, term])
    environment = load(tmp_path, writer, term)
    assert "…" in text_of(environment)
    short = text_of(environment, limit=20)
    assert len(short) == 20
    assert short.endswith("…")


def test_a_number_too_long_to_print_is_cut(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    literal = writer.expr(9, [writer.constructor(0, [writer.nat(10**5000)])])
    assert text_of(load(tmp_path, writer, literal)) == "…"


def test_what_is_cut_is_told_from_what_is_cut_alike(tmp_path: Path) -> None:
    told: list[str] = []
    for number in (10**5000, 10**5000 + 1):
        writer = OleanWriter(word=8)
        literal = writer.expr(9, [writer.constructor(0, [writer.nat(number)])])
        told.append(Reading(load(tmp_path, writer, literal)).statement("t"))
    assert all(text.startswith("… (") for text in told)
    assert told[0] != told[1]


def test_a_predicate_does_not_say_what_nothing_written_mentions(tmp_path: Path) -> None:
    """What ``docs/trust.md`` says of texts: two claims may read alike, and their hashes differ."""
    numbers: Declarations = {name: Definition("axiom", "Nat") for name in ("one", "two")}
    predicate = Definition("axiom", ("pi", "Nat", PROP))
    texts, hashes = set[str](), set[str]()
    for number in numbers:
        (tmp_path / number).mkdir()
        claim = Definition("axiom", ("app", "p", number))
        declared: Declarations = {**numbers, "p": predicate, "t": claim}
        style = Style(("n",), infos=(1,))
        library: Declarations = {"Nat": Definition("axiom", ("type",))}
        environment = environment_of(tmp_path / number, declared, library=library, style=style)
        texts.add(text_of(environment))
        hashes.add(StructuralHashes(environment).hash("t"))
    assert texts == {"p"}
    assert len(hashes) == 2
