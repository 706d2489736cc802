"""Each sentence of docs/trust.md stands in tests/trust.toml with the tests that hold it, or why none does."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "trust.md"
TABLE: list[dict[str, Any]] = tomllib.loads((TESTS / "trust.toml").read_text(encoding="utf-8"))["sentence"]
MUST_BE_HELD = ("What is guaranteed", "The second kernel")
"""The parts of the page in which whatever says something needs a test."""
LEADS_ON = re.compile(r"[^.]*:$")
"""A sentence that only introduces the list below it."""


def parts(page: str) -> dict[str, list[str]]:
    """Return the sentences of a page, each on one line, under the headings of its parts."""
    pieces = re.split(r"^#+ (.*)$", page, flags=re.MULTILINE)[1:]
    return {title: list(sentences(text)) for title, text in zip(pieces[::2], pieces[1::2], strict=True)}


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of paragraphs and lists; a headline in bold belongs to what follows it."""
    for paragraph in re.split(r"\n\s*\n|\n(?=- |\d+\. )", text.strip()):
        line = re.sub(r"^(?:- |\d+\. )", "", " ".join(paragraph.split()))
        yield from re.split(r"(?<=[.!?])\s+(?=\S)", line)


@cache
def functions_of(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def is_there(test: str) -> bool:
    """Say whether a test, ``file::name``, or an attack of the corpus, by its name, is there."""
    file, _, name = test.partition("::")
    if not name:
        return (TESTS / "adversarial" / test / "attack.toml").is_file()
    return name.startswith("test_") and (TESTS / file).is_file() and name in functions_of(TESTS / file)


def test_sentences_are_taken_apart() -> None:
    page = (
        "# A\n\nOne is\n1.5. Two,\nas *said*.\n\n## B\n\nThese:\n\n- **Head.** First.\n  Second.\n1. Third\n"
    )
    assert parts(page) == {
        "A": ["One is 1.5.", "Two, as *said*."],
        "B": ["These:", "**Head.** First.", "Second.", "Third"],
    }


def test_the_page_says_what_stands_in_the_table_and_nothing_else() -> None:
    said = [each for found in parts(PAGE.read_text(encoding="utf-8")).values() for each in found]
    assert [each["says"] for each in TABLE] == said, (
        "write into tests/trust.toml what holds it, or why nothing does"
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: re.sub(r"\W+", "_", row["says"])[:40].strip("_"))
def test_what_holds_a_sentence_is_there(row: dict[str, Any]) -> None:
    assert set(row) <= {"says", "tests", "attacks", "untested"}
    held_by = [*row.get("tests", ()), *row.get("attacks", ())]
    assert bool(held_by) != bool(row.get("untested")), "either tests, or why there is none"
    assert [each for each in held_by if not is_there(each)] == []


@pytest.mark.parametrize("part", MUST_BE_HELD)
def test_every_guarantee_is_held_by_a_test(part: str) -> None:
    found = parts(PAGE.read_text(encoding="utf-8"))[part]
    untested = {each["says"] for each in TABLE if "untested" in each}
    assert [each for each in found if each in untested and not LEADS_ON.fullmatch(each)] == []
