"""Answers are recalled for exactly what they were about, and only if this user's own runs gave them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from lean_bridge.sealed import Seal, key_path, user_seal
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.verdict.remembered import GraphAnswers, KernelAnswers, Memory, ModuleAnswers
from tests.reports import ADJOINT, CERTIFIED, FIELD, PYTORCH_DIFFERS, attention_graph

KERNEL = KernelAnswers(label="Lean 4.35.0, native", declarations=("t", "g"), equations=("e",))
SUM = ModuleAnswers(name="Proofs.Sum", kernel=KERNEL, sources={})
GRAPH = GraphAnswers(
    name="g",
    graph=attention_graph(),
    certification=CERTIFIED,
    finite_field=FIELD,
    checks=(ADJOINT,),
    seconds=1.0,
    kernel=KERNEL,
)
KEYS = {"Proofs.Sum": "1", "Proofs.Graph": "2", "Proofs.Beside": "3"}
GRAPH_RESTS_ON = ("Proofs.Sum", "Proofs.Graph")


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a cache and a key of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(name="compiled")
def _compiled(tmp_path: Path) -> Path:
    directory = tmp_path / "trees" / "5e"
    (directory / "Proofs").mkdir(parents=True)
    for module in KEYS:
        for suffix in (".olean", ".olean.private"):
            (directory / f"{module.replace('.', '/')}{suffix}").write_bytes(b"compiled")
    return directory


def memory(compiled: Path, *, seal: Seal | None = None, reads: bool = True, **keys: str) -> Memory:
    """Return a memory after a build: of the keys those that are given are other ones."""
    others = {f"Proofs.{name}": key for name, key in keys.items()}
    opened = Memory(user_seal() if seal is None else seal, KEYS | others, reads=reads)
    opened.look_up(ModuleAnswers, "Proofs.Sum", ["Proofs.Sum"])
    opened.look_up(GraphAnswers, "g", GRAPH_RESTS_ON)
    opened.settle(lambda module: _digest_of(compiled, module))
    return opened


def _digest_of(compiled: Path, module: str) -> str:
    """Return what is judged of a module: here the bytes of its files."""
    return "".join(path.read_text() for path in sorted(compiled.glob(f"{module.replace('.', '/')}.*")))


def recalled(opened: Memory) -> tuple[bool, bool]:
    """Return whether the answers about the module and about the graph are recalled."""
    about_sum = opened.recall(ModuleAnswers, "Proofs.Sum", ["Proofs.Sum"])
    about_graph = opened.recall(GraphAnswers, "g", ["Proofs.Graph"])
    assert about_sum in (None, SUM)
    assert about_graph in (None, GRAPH)
    return about_sum is not None, about_graph is not None


def remember(compiled: Path, *, seal: Seal | None = None, beside: Mapping[str, str] | None = None) -> None:
    opened = memory(compiled, seal=seal)
    opened.remember(SUM, ["Proofs.Sum"])
    opened.remember(GRAPH, ["Proofs.Graph"], beside=beside or ())


def kept(compiled: Path) -> list[Path]:
    opened = memory(compiled)
    return [opened.path(ModuleAnswers, "Proofs.Sum"), opened.path(GraphAnswers, "g")]


def test_what_was_remembered_is_recalled_as_it_was(compiled: Path) -> None:
    assert recalled(memory(compiled)) == (False, False)
    remember(compiled)
    assert recalled(memory(compiled)) == (True, True)
    assert recalled(memory(compiled, reads=False)) == (False, False)


def test_an_answer_is_about_what_its_subject_rests_on_and_nothing_else(compiled: Path) -> None:
    remember(compiled)
    assert recalled(memory(compiled, Beside="9")) == (True, True)
    assert recalled(memory(compiled, Graph="9")) == (True, False)
    assert recalled(memory(compiled, Sum="9")) == (False, False)


@pytest.mark.parametrize("suffix", [".olean", ".olean.private"])
@pytest.mark.parametrize(
    ("module", "expected"),
    [("Sum", (False, False)), ("Graph", (True, False)), ("Beside", (True, True))],
)
def test_every_byte_that_was_compiled_counts(
    compiled: Path, module: str, expected: tuple[bool, bool], suffix: str
) -> None:
    remember(compiled)
    (compiled / "Proofs" / f"{module}{suffix}").write_bytes(b"compilee")
    assert recalled(memory(compiled)) == expected


def test_what_lean_alone_said_holds_while_all_that_was_there_is_as_it_was(compiled: Path) -> None:
    remember(compiled, beside=KEYS)
    assert recalled(memory(compiled)) == (True, True)
    assert recalled(memory(compiled, Beside="9")) == (True, False)


def test_an_answer_about_what_is_declared_elsewhere_is_neither_kept_nor_recalled(compiled: Path) -> None:
    opened = memory(compiled)
    for places in (["Proofs.Beside"], ["Proofs.Graph", "Proofs.Beside"], []):
        opened.remember(GRAPH, places)
    assert not cache_directory().exists()
    remember(compiled)
    assert memory(compiled).recall(GraphAnswers, "g", ["Proofs.Beside"]) is None


def test_nothing_is_read_once_code_may_have_run(compiled: Path) -> None:
    opened = memory(compiled)
    remember(compiled)
    assert recalled(opened) == (False, False)
    with pytest.raises(AssertionError, match="code of the library may have run"):
        opened.look_up(ModuleAnswers, "Proofs.Graph", GRAPH_RESTS_ON)


def test_what_helped_to_answer_counts_only_where_it_is_compiled() -> None:
    def with_helper(digest: str | None) -> Memory:
        opened = Memory(user_seal(), KEYS)
        opened.look_up(ModuleAnswers, "Proofs.Sum", ["Proofs.Sum"], ["Proofs.Sum", "Proofs.Beside"])
        told = {"Proofs.Sum": "s", "Proofs.Beside": digest or ""}
        opened.settle(told.__getitem__)
        return opened

    with_helper("b").remember(SUM, ["Proofs.Sum"])
    assert with_helper("b").recall(ModuleAnswers, "Proofs.Sum", ["Proofs.Sum"]) == SUM
    assert with_helper(None).recall(ModuleAnswers, "Proofs.Sum", ["Proofs.Sum"]) == SUM
    assert with_helper("c").recall(ModuleAnswers, "Proofs.Sum", ["Proofs.Sum"]) is None


def test_a_copied_answer_is_none(compiled: Path) -> None:
    remember(compiled)
    of_module, of_graph = kept(compiled)
    shutil.copy(of_module, of_graph)
    assert recalled(memory(compiled)) == (True, False)


def test_an_answer_that_another_hand_wrote_is_none(compiled: Path) -> None:
    remember(compiled)
    path, _ = kept(compiled)
    magic = b"lean-bridge sealed record 1\n"
    payload = path.read_bytes()[len(magic) + 32 :]
    assert payload.endswith(SUM.model_dump_json().encode())
    for forged in (
        payload,
        magic + bytes(32) + payload,
        Seal(bytes(32)).close(payload, f"answers {path.name}") or b"",
    ):
        path.write_bytes(forged)
        assert recalled(memory(compiled)) == (False, True)


def test_an_edited_answer_is_none(compiled: Path) -> None:
    remember(compiled)
    for path in kept(compiled):
        path.write_bytes(path.read_bytes().replace(b"4.35.0", b"4.35.1"))
    assert recalled(memory(compiled)) == (False, False)


def test_a_cache_that_was_copied_without_the_key_answers_nothing(compiled: Path) -> None:
    remember(compiled)
    key_path().unlink()
    assert recalled(memory(compiled)) == (False, False)


def test_a_cache_that_cannot_be_written_is_no_fault(compiled: Path) -> None:
    cache_directory().write_text("no directory")
    remember(compiled)
    assert recalled(memory(compiled)) == (False, False)


def test_without_a_seal_nothing_is_kept_and_nothing_believed(compiled: Path) -> None:
    remember(compiled, seal=Seal(None, "nothing is remembered"))
    assert not any(path.exists() for path in kept(compiled))
    remember(compiled)
    assert recalled(memory(compiled, seal=Seal(None))) == (False, False)


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
        GRAPH.replaced(**changes)
