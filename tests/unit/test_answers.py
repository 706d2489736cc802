"""Answers are recalled for exactly what they were about, and only if this user's own runs gave them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from lean_bridge.answers import Answers, GraphAnswers, KernelAnswers, answers_key, recall, remember
from lean_bridge.sealed import Seal, key_path, user_seal
from lean_bridge.toolchain.location import cache_directory
from tests.reports import ADJOINT, CERTIFIED, FIELD, PYTORCH_DIFFERS, attention_graph, build, module

BUILD = build(module("Sum", "cached"))
ANSWERS = Answers(
    declarations=("t", "g"),
    graphs={
        "g": GraphAnswers(
            graph=attention_graph(),
            certification=CERTIFIED,
            finite_field=FIELD,
            checks=(ADJOINT,),
            seconds=1.0,
        )
    },
    kernel=KernelAnswers(label="Lean 4.35.0, native", declarations=("t", "g"), equations=("e",)),
    sources={},
)


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a cache and a key of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(name="compiled")
def _compiled(tmp_path: Path) -> Path:
    directory = tmp_path / "trees" / "5e"
    (directory / "Proofs").mkdir(parents=True)
    for suffix in (".olean", ".olean.private"):
        (directory / "Proofs" / f"Sum{suffix}").write_bytes(b"compiled")
    return directory


def kept(key: str) -> Path:
    (path,) = cache_directory().glob(f"answers/{key}")
    return path


def test_what_was_remembered_is_recalled_as_it_was() -> None:
    remember("a" * 64, ANSWERS, user_seal())
    assert recall("a" * 64, user_seal()) == ANSWERS
    assert recall("b" * 64, user_seal()) is None


def test_a_cache_that_cannot_be_written_remembers_nothing() -> None:
    cache_directory().write_text("no directory")
    remember("a" * 64, ANSWERS, user_seal())
    assert recall("a" * 64, user_seal()) is None


@pytest.mark.parametrize("suffix", [".olean", ".olean.private"])
def test_the_key_holds_every_byte_that_was_compiled(compiled: Path, suffix: str) -> None:
    before = answers_key(BUILD, compiled)
    (compiled / "Proofs" / f"Sum{suffix}").write_bytes(b"compilee")
    assert answers_key(BUILD, compiled) != before


def test_the_key_holds_sources_options_and_lean(compiled: Path) -> None:
    before = answers_key(BUILD, compiled)
    other = BUILD.replaced(toolchain=BUILD.toolchain.replaced(identity="00" * 32))
    assert answers_key(other, compiled) != before
    moved = compiled.rename(compiled.with_name("6e"))
    assert answers_key(BUILD, moved) != before


def test_a_copied_answer_is_none() -> None:
    remember("a" * 64, ANSWERS, user_seal())
    shutil.copy(kept("a" * 64), kept("a" * 64).with_name("b" * 64))
    assert recall("b" * 64, user_seal()) is None


def test_an_answer_that_another_hand_wrote_is_none() -> None:
    remember("a" * 64, ANSWERS, user_seal())
    for forged in (
        ANSWERS.model_dump_json().encode(),
        b"lean-bridge sealed record 1\n" + bytes(32) + ANSWERS.model_dump_json().encode(),
        Seal(bytes(32)).close(ANSWERS.model_dump_json().encode(), f"answers {'a' * 64}") or b"",
    ):
        kept("a" * 64).write_bytes(forged)
        assert recall("a" * 64, user_seal()) is None


def test_an_edited_answer_is_none() -> None:
    remember("a" * 64, ANSWERS, user_seal())
    record = kept("a" * 64).read_bytes()
    kept("a" * 64).write_bytes(record.replace(b"4.35.0", b"4.35.1"))
    assert recall("a" * 64, user_seal()) is None


def test_a_cache_that_was_copied_without_the_key_answers_nothing() -> None:
    remember("a" * 64, ANSWERS, user_seal())
    key_path().unlink()
    assert recall("a" * 64, user_seal()) is None


def test_without_a_seal_nothing_is_kept_and_nothing_believed() -> None:
    remember("a" * 64, ANSWERS, Seal(None, "nothing is remembered"))
    with pytest.raises(ValueError, match="not enough values"):
        kept("a" * 64)
    remember("a" * 64, ANSWERS, user_seal())
    assert recall("a" * 64, Seal(None)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"certification": CERTIFIED.replaced(outcome="refused")},
        {"certification": CERTIFIED.replaced(outcome="not run")},
        {"finite_field": FIELD.replaced(outcome="not run")},
        {"checks": (ADJOINT, PYTORCH_DIFFERS)},
        {"checks": ()},
    ],
)
def test_nothing_is_kept_of_a_graph_but_what_was_accepted(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="kept is only what"):
        ANSWERS.graphs["g"].replaced(**changes)
