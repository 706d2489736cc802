"""The scanner reads comments, names and literals as Lean does, or says that it cannot tell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.build.account import read_whole
from lean_bridge.build.scan import scan_declarations
from lean_bridge.toolchain.provider import Job, Provider

pytestmark = pytest.mark.lean

HEAD = "module\n\npublic section\n"
PIECES = (
    "/-",
    "-/",
    "-",
    "/",
    "!",
    "--",
    "\n",
    " ",
    '"',
    "«",
    "»",
    "'",
    "`(",
    "{",
    "}",
    "\\",
    "é",
    "0",
    "\x0c",
)
"""What comments, texts and names begin and end with, and what is like it."""
FORMS = (
    "/-{}-/",
    "/--{}-/ noncomputable def d{n} := 0",
    "/-!{}-/",
    "--{}\n",
    'def d{n} := "{}"',
    'def d{n} := r"{}"',
    'def d{n} := r#"{}"#',
    'noncomputable def d{n} := s!"{}"',
    'noncomputable def d{n} := s!"{{"{}"}}"',
    "section variable («{}» : Nat) end",
    "def d{n} := '{}'",
    "def d{n} := `«{}»",
    "def d{n} := [1, 2]{}",
)
ONCE_READ_OTHERWISE = (
    "/-/- x -/",
    '/--/ x " -/ noncomputable def d1 := 0\n',
    "/-- -/ noncomputable def d2 := 0\n",
    '/-! -- " -/\n-/',
    "/-! /-/- -/ -/",
    "/-/ x -/",
    "/---/ noncomputable def d3 := 0\n",
    "section variable («a\n/-» : Nat) end\n",
    "def d4 := '\"'\n",
    "def d5 := '\\''\n",
    "def d6 := '«'\n",
    "def d7 := '\\\\'\n",
    'def d8 := r"\\"\n',
    'def d9 := r#"" /- "#\n',
    'noncomputable def d10 := s!"{"/-"}"\n',
    "noncomputable def d11 : Float := 1.5_0",
    "noncomputable def d12 : Float := 1e1_0",
    "def d13 := 0x_f ",
    "def d14 := 1 --1\n",
    "-- \x0c \xa0 \u2028\n",
    "-- /-\n",
)


def random_texts(seed: int, count: int) -> Iterator[str]:
    """Yield sources of two pieces that hold anything between their ends, a theorem behind each."""
    chance = random.Random(seed)
    for _ in range(count):
        written = [HEAD]
        for number in range(2):
            inner = "".join(chance.choices(PIECES, k=chance.randint(0, 6)))
            form = chance.choice(FORMS).replace("{n}", str(number)).replace("{{", "\1").replace("}}", "\2")
            written.append(form.replace("{}", inner).replace("\1", "{").replace("\2", "}"))
            written.append(f"{chance.choice(('', ' ', chr(10)))}theorem marker{number} : True := trivial\n")
        yield "".join(written)


def compare(texts: Iterator[str], lean: Provider, folder: Path) -> tuple[int, list[str]]:
    """Return how many of the texts Lean took, and those of which the scanner says another thing."""
    taken, differing = 0, []
    with lean.pool(1, time_limit=60) as pool:
        for number, text in enumerate(texts):
            place = folder / str(number)
            place.mkdir()
            source = place / "A.lean"
            source.write_bytes(text.encode())
            if not pool.elaborate(Job(source=source, root=place, olean=place / "A.olean")).ok:
                continue
            taken += 1
            made = {
                name for name in read_whole(place / "A.olean").constant_names if name.startswith("marker")
            }
            scan = scan_declarations(text)
            found = {".".join(each.name) for each in scan.declared if each.keyword == "theorem"}
            if found != made and scan.unclear is None and scan.unclosed_quotation is None:
                differing.append(text)
    return taken, differing


def test_what_was_once_read_otherwise_is_read_as_lean_reads_it(tmp_path: Path, embedded: Provider) -> None:
    text = HEAD + "".join(
        f"{piece}theorem marker{number} : True := trivial\n"
        for number, piece in enumerate(ONCE_READ_OTHERWISE)
    )
    assert compare(iter([text]), embedded, tmp_path) == (1, [])
    assert scan_declarations(text).unclear is None
    assert sum(each.keyword == "theorem" for each in scan_declarations(text).declared) == len(
        ONCE_READ_OTHERWISE
    )


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_whatever_lean_takes_is_read_as_it_reads_it(seed: int, tmp_path: Path, embedded: Provider) -> None:
    taken, differing = compare(random_texts(seed, 150), embedded, tmp_path)
    assert differing == []
    assert taken >= 30
