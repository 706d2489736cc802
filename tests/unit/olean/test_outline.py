"""An outline is the one that the module's bytes have, whatever lies where outlines are kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.module import Module, read_module
from lean_bridge.olean.outline import KeptOutlines, Outline, outline
from lean_bridge.sealed import Seal
from tests.olean_writer import write_module

DATA = Path(__file__).parents[2] / "data" / "olean"
OURS, THEIRS = Seal(bytes(32)), Seal(bytes([1] * 32))
MODULES = {path.stem: path for path in sorted(DATA.glob("*.olean"))}
TRUE = Outline("theorem", "theorem", "safe", ("sorryAx",))
LIE = Outline("theorem", "theorem", "safe", ("propext",))


def kept(directory: Path, *, seal: Seal = OURS, program: str = "1", recalls: bool = True) -> KeptOutlines:
    return KeptOutlines(directory / "outlines", seal, program, recalls)


def written(path: Path, mentions: str) -> Module:
    write_module(path, {"t": ("theorem", [mentions])})
    return read_module(path, parts="present")


@pytest.mark.parametrize("module", MODULES)
def test_what_is_kept_of_every_constant_is_what_is_decoded(module: str, tmp_path: Path) -> None:
    compiled = read_module(MODULES[module], parts="present")
    first = kept(tmp_path)
    made = {name: first.of(compiled, name) for name in compiled.constant_names}
    assert made == {name: outline(compiled, name) for name in compiled.constant_names}
    first.keep()
    again = read_module(MODULES[module], parts="present")
    assert {name: kept(tmp_path).of(again, name) for name in again.constant_names} == made


def test_a_record_grows_by_what_is_asked_and_saves_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = read_module(MODULES["Zoo"], parts="present")
    names = compiled.constant_names[:4]
    made = {name: outline(compiled, name) for name in names}
    for part in (names[:2], names[2:]):
        outlines = kept(tmp_path)
        for name in part:
            outlines.of(compiled, name)
        outlines.keep()
    monkeypatch.setattr(Module, "constant", lambda *_: pytest.fail("it was decoded again"))
    outlines = kept(tmp_path)
    assert {name: outlines.of(compiled, name) for name in names} == made


def lying_record(directory: Path) -> tuple[Module, Path]:
    """Keep of a theorem that mentions ``sorryAx`` a record that opens and says otherwise."""
    module = written(directory / "M.olean", "sorryAx")
    outlines = kept(directory)
    assert outlines.of(module, "t") == TRUE
    outlines.keep()
    (record,) = (directory / "outlines").iterdir()
    context = outlines._context(module.digest)
    OURS.keep(record, context, json.dumps({"t": LIE}).encode())
    assert kept(directory).of(module, "t") == LIE, "this is how a record that opens would be believed"
    return module, record


def of_another_hand(record: Path, module: Module) -> None:
    payload = json.dumps({"t": LIE}).encode()
    THEIRS.keep(record, kept(record.parent.parent)._context(module.digest), payload)


def without_a_seal(record: Path, module: Module) -> None:
    del module
    record.write_bytes(json.dumps({"t": LIE}).encode())


def edited(record: Path, module: Module) -> None:
    del module
    record.write_bytes(record.read_bytes().replace(b"propext", b"propexT"))


def of_another_module(record: Path, module: Module) -> None:
    del module
    other = written(record.parent.parent / "Other.olean", "propext")
    outlines = kept(record.parent.parent)
    assert outlines.of(other, "t") == LIE
    outlines.keep()
    shutil.copy(record.with_name(other.digest), record)


@pytest.mark.parametrize("forge", [of_another_hand, without_a_seal, edited, of_another_module])
def test_a_record_that_our_runs_did_not_make_of_these_bytes_is_none(
    forge: Callable[[Path, Module], None], tmp_path: Path
) -> None:
    module, record = lying_record(tmp_path)
    forge(record, module)
    assert kept(tmp_path).of(module, "t") == TRUE


def test_a_record_is_of_these_bytes_this_user_and_this_program_only(tmp_path: Path) -> None:
    module, _ = lying_record(tmp_path)
    assert kept(tmp_path, program="2").of(module, "t") == TRUE
    assert kept(tmp_path, seal=THEIRS).of(module, "t") == TRUE
    assert kept(tmp_path, seal=Seal(None)).of(module, "t") == TRUE
    assert kept(tmp_path, recalls=False).of(module, "t") == TRUE
    data = bytearray(module.path.read_bytes())
    data[data.index(b"sorryAx")] = ord("S")
    module.path.write_bytes(data)
    assert kept(tmp_path).of(read_module(module.path, parts="present"), "t").mentions == ("SorryAx",)


def test_what_was_derived_is_of_exactly_these_modules_this_user_and_this_program(tmp_path: Path) -> None:
    def told(*modules: str, **others: Any) -> dict[str, Any]:
        """What is derived of some modules, in a run that adds to it and keeps it."""
        environment = Environment([tmp_path], outlines=kept(tmp_path, **others))
        environment.closure(modules)
        found = environment.derived("hashes")
        before = dict(found)
        found[",".join(modules)] = "said"
        environment.keep_outlines()
        return before

    write_module(tmp_path / "A.olean", {"a": ("axiom", [])})
    write_module(tmp_path / "B.olean", {"b": ("axiom", [])})
    assert told("A") == {}
    assert told("A") == {"A": "said"}
    assert told("A", program="2") == told("A", seal=Seal(None)) == told("A", recalls=False) == {}
    assert told("A", "B") == {}
    assert told("A", seal=THEIRS) == {}
    assert told("A") == {}, "theirs took its place"
    (record,) = [each for each in (tmp_path / "outlines").iterdir() if b'"A,B"' in each.read_bytes()]
    write_module(tmp_path / "A.olean", {"a": ("axiom", ["b"]), "b": ("axiom", [])})
    assert told("A") == {}
    for each in (tmp_path / "outlines").iterdir():
        if each != record:
            shutil.copy(record, each)
    assert told("A") == {}


def test_the_same_bytes_in_other_files_are_another_module(tmp_path: Path) -> None:
    whole = read_module(MODULES["Cell"], parts="all")
    joined = tmp_path / "Cell.olean"
    joined.write_bytes(whole._region.data)
    alone = read_module(joined, parts="exported")
    assert alone._region.data == whole._region.data
    both = set(alone.constant_names) & set(whole.constant_names)
    assert any(outline(alone, name) != outline(whole, name) for name in both)
    assert alone.digest != whole.digest


def test_records_that_cannot_be_written_are_made_again(tmp_path: Path) -> None:
    (tmp_path / "outlines").write_text("no directory")
    module = written(tmp_path / "M.olean", "sorryAx")
    for _ in range(2):
        outlines = kept(tmp_path)
        assert outlines.of(module, "t") == TRUE
        outlines.keep()
