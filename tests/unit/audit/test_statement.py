from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.statement import statement_text
from lean_bridge.olean.environment import Environment
from tests.olean_writer import OleanWriter

DATA = Path(__file__).parents[2] / "data" / "olean"


@pytest.fixture(name="native", scope="module")
def _native() -> Environment:
    environment = Environment([DATA])
    environment.closure(["Native", "Cell"])
    return environment


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("swap", "{α : Type u} {β : Type v} (p : Pair α β) : Pair β α"),
        ("swap_swap", "{α : Type u} {β : Type v} (p : Pair α β) : swap (swap p) = p"),
        ("rests_on_assumed", "Nat.zero = Nat.succ Nat.zero"),
        ("content_shown", "(n : Nat) : (shown n).content = n"),
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
        "12": terms.call("OfNat.ofNat", a, writer.expr(9, [writer.constructor(0, [25])]), c),
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
    assert text == "f ((A → A) → A) (fun x => x.2)"


def test_a_namespace_is_kept_where_a_short_name_would_be_ambiguous(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    terms = Terms(writer)
    text = text_of(load(tmp_path, writer, terms.call("A.B.f", terms.const("A.C.f"), terms.const("A.C.g"))))
    assert text == "B.f C.f g"


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
