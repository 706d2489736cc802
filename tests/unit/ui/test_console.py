"""Output in any encoding: nothing is refused, marks stay apart, and what programs read loses nothing."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import redirect_stdout
from itertools import product

import pytest
from rich.text import Text

from lean_bridge.ui.console import NARROWEST, WIDEST, Form, open_console, refuse_no_letter, tell
from lean_bridge.ui.progress import LineObserver, show_progress
from tests.tiers import one_in

ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "utf-8", "koi8-r"]
LETTERS = "✓ ✗ ? ∀ Γ ℝ 𝒞 é × ⟨own⟩ … \ud800 漢"


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def stream_of(encoding: str) -> tuple[io.TextIOWrapper, io.BytesIO]:
    raw = io.BytesIO()
    return io.TextIOWrapper(raw, encoding=encoding, write_through=True), raw


def told(encoding: str, text: str, form: Form) -> str:
    stream, raw = stream_of(encoding)
    with redirect_stdout(stream):
        tell(text, form)
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_marks_stay_three_and_take_one_column_each(encoding: str) -> None:
    stream, raw = stream_of(encoding)
    open_console(stream).print(Text("✓✗?"))
    marks = raw.getvalue().decode(encoding).strip()
    assert len(set(marks)) == len(marks) == 3
    assert marks[2] == "?"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_letter_is_refused(encoding: str) -> None:
    stream, raw = stream_of(encoding)
    open_console(stream).print(Text(LETTERS))
    refuse_no_letter(stream)
    stream.write(LETTERS)
    assert raw.getvalue().decode(encoding).count("own") == 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_the_same_in_every_encoding(encoding: str) -> None:
    text = json.dumps({"said": LETTERS}, ensure_ascii=False)
    assert json.loads(told(encoding, text, "escaped")) == {"said": LETTERS}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_xml_is_the_same_in_every_encoding(encoding: str) -> None:
    text = LETTERS.replace("\ud800", "")
    assert ET.fromstring(told(encoding, f"<a>{text}</a>", "xml")).text == text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_source_is_not_written_with_other_letters(encoding: str) -> None:
    assert told(encoding, "a → b", "escaped") in ("a → b\n", "a \\u2192 b\n")


@pytest.mark.parametrize("columns", ["0", "1", "20", "39"])
def test_a_narrow_terminal_cuts_nothing(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    stream, raw = stream_of("utf-8")
    console = open_console(stream)
    assert console.width == NARROWEST
    console.print(Text("a name of no more than 38 columns"))
    assert raw.getvalue() == b"a name of no more than 38 columns\n"


@pytest.mark.parametrize("columns", ["2147483648", "99999999999999999999"])
def test_a_line_is_not_filled_up_to_where_no_terminal_is(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert open_console(stream_of("utf-8")[0]).width == WIDEST


def test_an_encoding_that_replaces_nothing_is_not_used() -> None:
    """Of ``PYTHONIOENCODING=idna``, which is one of Python's: to write a mark in it is an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="idna", write_through=True)
    open_console(stream).print(Text("✓✗?"))
    assert raw.getvalue().decode() == "✓✗?\n"


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_INTERACTIVE", "CLICOLOR_FORCE"])
def test_a_log_is_not_animated_whoever_wants_colours(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    stream, raw = stream_of("utf-8")
    with show_progress(open_console(stream)) as watch:
        assert isinstance(watch, LineObserver)
    assert raw.getvalue() == b""


@pytest.mark.parametrize(("columns", "is_live"), [("100", True), ("20", False)])
def test_a_terminal_is_animated_where_there_is_room(
    columns: str, is_live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    console = open_console(Terminal(io.BytesIO(), encoding="utf-8"))
    with show_progress(console) as watch:
        assert isinstance(watch, LineObserver) is not is_live


SAYING = ["explain LB205", "explain", "explain nothing", "list --project /nö"]


@pytest.mark.parametrize(("words", "encoding"), one_in(2, product(SAYING, ["ascii", "latin-1", "cp1252"])))
def test_commands_end_as_in_any_other_encoding(encoding: str, words: str) -> None:
    def run(name: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "lean_bridge", *words.split()]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": name, "COLUMNS": "80"}
        return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)

    found, expected = run(encoding), run("utf-8")
    assert found.returncode == expected.returncode
    assert b"Traceback" not in found.stderr + found.stdout
    assert b"LB999" not in found.stderr
    found.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "iso8859-7", "ascii", "koi8-r"])
def test_a_document_is_in_the_encoding_that_it_names(encoding: str) -> None:
    stream, raw = stream_of(encoding)
    with redirect_stdout(stream):
        tell('<?xml version="1.0" encoding="UTF-8"?><a>é α ж ✓</a>', "xml")
    assert ET.fromstring(raw.getvalue()).text == "é α ж ✓"
