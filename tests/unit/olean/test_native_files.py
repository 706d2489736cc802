"""What a native Lean writes reads as it was written: names, universes, numbers, strings and inductive types.

The sources are made up by chance, each with what is to be read of it.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lean_bridge.errors import OleanError
from lean_bridge.kernel.session import installed_library
from lean_bridge.names import split_name, written
from lean_bridge.olean.expr import (
    Constant,
    Expr,
    Level,
    LIMax,
    Lit,
    LMax,
    LParam,
    LSucc,
    LZero,
    Pi,
    Sort,
    bare,
    parts,
    written_binders,
)
from lean_bridge.olean.module import Module, read_module
from tests.native_lean import compile_natively

LIBRARY = installed_library()
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="the extra `kernel` is not installed")

PROLOGUE = """\
prelude
set_option autoImplicit false
set_option genSizeOf false
set_option genCtorIdx false
set_option genInjectivity false
set_option bootstrap.inductiveCheckResultingUniverse false
noncomputable section
universe u v
axiom String : Type
axiom lcErased : Type
axiom lcAny : Type
inductive PUnit : Sort u where
  | unit : PUnit
inductive Nat where
  | zero : Nat
  | succ (n : Nat) : Nat
class OfNat (α : Type u) (_ : Nat) where
  ofNat : α
instance instOfNatNat (n : Nat) : OfNat Nat n where
  ofNat := n
axiom OfNumber : Nat → Type
axiom OfText : String → Type
"""
LETTERS = "aZ_0'! .:-αЖ字☃𝔽\U0001f600\u0301\u200d\u202e\t"
Parts = tuple[str, ...]


@dataclass
class Written:
    """A source, and what it says."""

    text: str
    numbers: dict[Parts, int] = field(default_factory=dict)
    texts: dict[Parts, str] = field(default_factory=dict)
    universes: dict[Parts, tuple[list[str], tuple[object, ...]]] = field(default_factory=dict)
    """The parameters of each, and its level: a number, a name, or ``(operator, level, level)``."""


def written_by_chance(seed: int) -> Written:
    rng = random.Random(seed)
    names: set[Parts] = set()

    def name() -> Parts:
        while True:
            sizes = [rng.randint(1, 5) for _ in range(rng.randint(1, 4))]
            found = tuple("".join(rng.choices(LETTERS, k=size)) for size in sizes)
            if found not in names:
                names.add(found)
                return found

    def level(parameters: list[str], depth: int) -> tuple[object, ...]:
        if depth == 0 or rng.random() < 0.2:
            return (rng.choice(parameters),) if parameters and rng.random() < 0.8 else (rng.randint(0, 3),)
        if rng.random() < 0.3:
            return ("+", level(parameters, depth - 1), (rng.randint(1, 4),))
        return (rng.choice(("max", "imax")), level(parameters, depth - 1), level(parameters, depth - 1))

    found = Written(PROLOGUE)
    for _ in range(40):
        bits = rng.choice((1, 8, 30, 31, 32, 33, 62, 63, 64, 65, 127, 128, 129, 1000, 5000))
        number = max(0, (1 << bits) + rng.randint(-2, 2))
        found.numbers[each := name()] = number
        found.text += f"axiom {shown(each)} : OfNumber {number}\n"
        text = "".join(rng.choices(LETTERS + '"\\\n\0\x7f\uffff', k=rng.randint(0, 20)))
        found.texts[each := name()] = text
        found.text += f"axiom {shown(each)} : OfText {quoted(text)}\n"
        parameters = [f"u{number}" for number in range(rng.randint(0, 12))]
        found.universes[each := name()] = parameters, (said := level(parameters, 4))
        binders = "".join(f"Sort {each} → " for each in parameters)
        takes = f".{{{', '.join(parameters)}}}" if parameters else ""
        found.text += f"axiom {shown(each)}{takes} : {binders}Sort ({spelt(said)})\n"
    return found


def shown(name: Parts) -> str:
    return ".".join(f"«{part}»" for part in name)


def quoted(text: str) -> str:
    """Return a string as Lean reads it: the escapes of JSON but for those of the surrogates."""
    return "".join(
        f"\\u{ord(letter):04x}" if ord(letter) < 32 or ord(letter) == 127 else letter
        for letter in json.dumps(text, ensure_ascii=False).replace("\\u0000", "\0").replace("\\n", "\n")
    )


def spelt(level: tuple[object, ...]) -> str:
    match level:
        case ("+", tuple() as of, (many,)):
            return f"({spelt(of)} + {many})"
        case (operator, tuple() as left, tuple() as right):
            return f"({operator} {spelt(left)} {spelt(right)})"
        case (at,):
            return str(at)
    raise AssertionError(level)


def meant(level: tuple[object, ...], values: dict[str, int]) -> int:
    match level:
        case ("+", tuple() as of, (int() as many,)):
            return meant(of, values) + many
        case ("max", tuple() as left, tuple() as right):
            return max(meant(left, values), meant(right, values))
        case ("imax", tuple() as left, tuple() as right):
            return max(meant(left, values), last) if (last := meant(right, values)) else 0
        case (int() as number,):
            return number
        case (str() as parameter,):
            return values[parameter]
    raise AssertionError(level)


def read(level: Level, values: dict[str, int]) -> int:
    match level:
        case LZero():
            return 0
        case LSucc(of):
            return read(of, values) + 1
        case LMax(left, right):
            return max(read(left, values), read(right, values))
        case LIMax(left, right):
            return max(read(left, values), last) if (last := read(right, values)) else 0
        case LParam(name):
            return values[name]


def literal_of(constant: Constant) -> object:
    """Return the literal that a type is of; a number stands in it twice, behind what a numeral means."""
    left: list[Expr] = [constant.type]
    found: set[object] = set()
    while left:
        term = left.pop()
        left += parts(term)
        found |= {term.value} if isinstance(term, Lit) else set()
    (literal,) = found
    return literal


def compiled(directory: Path, text: str, *, is_module: bool) -> Module:
    source = directory / "Source.lean"
    header = "module\n" if is_module else ""
    opening = text.replace("prelude\n", "prelude\npublic section\n", 1) if is_module else text
    source.write_text(header + opening, encoding="utf-8")
    assert LIBRARY is not None
    return read_module(compile_natively(LIBRARY, source), parts="all" if is_module else "exported")


@pytest.mark.parametrize("is_module", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_names_numbers_texts_and_universes_are_what_was_written(
    tmp_path: Path, seed: int, is_module: bool
) -> None:
    said = written_by_chance(seed)
    module = compiled(tmp_path, said.text, is_module=is_module)
    assert module.is_module == is_module
    own = {split_name(name) for name in module.constant_names if len(split_name(name) or ()) > 0}
    assert own >= {*said.numbers, *said.texts, *said.universes}
    assert {each: literal_of(module.constant(written(each))) for each in said.numbers} == said.numbers
    assert {each: literal_of(module.constant(written(each))) for each in said.texts} == said.texts
    rng = random.Random(seed)
    for each, (parameters, level) in said.universes.items():
        constant = module.constant(written(each))
        assert list(constant.level_params) == parameters
        type_ = bare(constant.type)
        for _ in parameters:
            assert isinstance(type_, Pi)
            type_ = bare(type_.body)
        assert isinstance(type_, Sort)
        for _ in range(20):
            values = {parameter: rng.randint(0, 3) for parameter in parameters}
            assert read(type_.level, values) == meant(level, values)


INDUCTIVES = f"""\
{PROLOGUE}\
inductive «Nested List» (α : Type u) : Type u where
  | nil
  | cons (head : α) (tail : «Nested List» α)
mutual
inductive Even.{{w}} {{α : Sort w}} (r : α → α → Prop) : α → Type (max 1 w) where
  | zero (a : α) : Even r a
  | step (a b : α) : r a b → Odd r a → Even r b
inductive Odd.{{w}} {{α : Sort w}} (r : α → α → Prop) : α → Type (max 1 w) where
  | step (a b : α) : r a b → Even r a → Odd r b
end
inductive Rose (α : Type u) : Type u where
  | node (label : α) (children : «Nested List» («Nested List» (Rose α)))
inductive Ord : Type (u + 1) where
  | sup (ι : Type u) (of : ι → Ord)
structure «a structure» (α : Sort u) (β : Sort v) : Sort (max 1 u v) where
  «the left» : α
  right : β
private axiom hidden : Ord.{{0}}
"""


@pytest.mark.parametrize("is_module", [False, True])
def test_mutual_nested_and_reflexive_types_are_what_was_written(tmp_path: Path, is_module: bool) -> None:
    module = compiled(tmp_path, INDUCTIVES, is_module=is_module)
    even, rose, ord_ = (module.constant(name) for name in ("Even", "Rose", "Ord"))
    assert even.all == module.constant("Odd").all == ("Even", "Odd")
    assert (even.level_params, even.num_params, even.num_indices) == (("w",), 2, 1)
    assert (even.constructors, even.is_recursive) == (("Even.zero", "Even.step"), True)
    assert [each.info for each in written_binders(even.type)][:2] == ["implicit", "default"]
    assert (module.constant("Even.rec").num_motives, module.constant("Even.rec").num_minors) == (2, 3)
    assert (rose.num_nested, rose.is_recursive) == (2, True)
    rules = module.constant("Rose.rec").rules
    assert [(rule.constructor, rule.num_fields) for rule in rules] == [("Rose.node", 2)]
    assert (ord_.is_reflexive, ord_.level_params) == (True, ("u",))
    pair = module.constant("«a structure»")
    assert (pair.constructors, pair.num_params) == (("«a structure».mk",), 2)
    assert [each.name for each in written_binders(module.constant("«a structure».mk").type)][2:] == [
        "«the left»",
        "right",
    ]
    assert split_name("_private.Source.0.hidden") == ("_private", "Source", 0, "hidden")
    assert "_private.Source.0.hidden" in module


def test_a_damaged_file_of_a_native_lean_is_read_or_refused_with_the_lean_that_wrote_it(
    tmp_path: Path,
) -> None:
    compiled(tmp_path, written_by_chance(3).text, is_module=False)
    path, rng = tmp_path / "Source.olean", random.Random(4)
    refusals: list[str] = []
    content = path.read_bytes()
    for _ in range(200):
        damaged = bytearray(content)
        if rng.random() < 0.2:
            del damaged[rng.randrange(0x50, len(damaged)) :]
        else:
            for _ in range(rng.randint(1, 4)):
                damaged[rng.randrange(0x28, len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            module = read_module(path, parts="exported")
            for name in module.constant_names:
                module.constant(name)
        except OleanError as error:
            refusals.append(str(error))
    assert len(refusals) > 20
    assert [said for said in refusals if not said.startswith(f"{path}: byte ")] == []
    assert [said for said in refusals if "4.35.0" not in said] == []
