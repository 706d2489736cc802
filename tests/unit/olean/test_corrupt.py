"""Damaged and hostile files: each is refused with the file and the byte, in bounded time and memory."""

from __future__ import annotations

import os
import re
import shutil
import struct
from pathlib import Path

import pytest

from lean_bridge.errors import OleanError
from lean_bridge.olean.address_space import read_region
from lean_bridge.olean.module import Module, read_module
from tests.olean_writer import OleanWriter

DATA = Path(__file__).parents[2] / "data" / "olean"


def decode_all(module: Module) -> None:
    for name in module.constant_names:
        module.constant(name)
        module.original_kind(name)
    for extension in module.extensions:
        module.entries(extension)
    assert module.declaration_ranges is not None


def copy(name: str, to: Path) -> Path:
    for path in DATA.glob(f"{name}.olean*"):
        shutil.copy(path, to / path.name)
    return to / f"{name}.olean"


@pytest.mark.parametrize(
    ("at", "patch", "message"),
    [
        (0, b"ELF", "compiled Lean module"),
        (5, b"\x01", "format version 1, expected 2"),
        (5, b"\x03", "format version 3, expected 2"),
        (6, b"\x80", "unknown flags"),
        (7, b"\xff", "Lean version"),
        (0x50, b"\x01", "root pointer"),
    ],
)
def test_a_wrong_header_is_named(tmp_path: Path, at: int, patch: bytes, message: str) -> None:
    path = copy("Native", tmp_path)
    data = bytearray(path.read_bytes())
    data[at : at + len(patch)] = patch
    path.write_bytes(data)
    with pytest.raises(OleanError, match=message) as caught:
        read_module(path, parts="all")
    assert caught.value.path == str(path)
    assert caught.value.offset == at
    assert str(caught.value).startswith(f"{path}: byte {at:#x}: ")


@pytest.mark.parametrize("version", ["4.28.0", "4.32.0-rc1", "4.36.0"])
@pytest.mark.parametrize(("at", "patch"), [(5, b"\x03"), (6, b"\x80"), (0x50, b"\x01"), (-8, b"\xff" * 8)])
def test_whatever_is_wrong_with_a_file_the_lean_that_wrote_it_is_named(
    tmp_path: Path, version: str, at: int, patch: bytes
) -> None:
    path = copy("Native", tmp_path)
    data = bytearray(path.read_bytes())
    data[7:0x28] = version.encode().ljust(0x28 - 7, b"\0")
    path.write_bytes(data)
    module = read_module(path, parts="all")
    assert module.lean_version == version
    decode_all(module)
    if at < 0:  # that of its list of names leads nowhere
        at = module._root - module._region.base + 16
    data[at : at + len(patch)] = patch
    path.write_bytes(data)
    with pytest.raises(OleanError, match=re.escape(f"(written by Lean {version})")):
        decode_all(read_module(path, parts="all"))


@pytest.mark.parametrize("name", ["Zoo", "Native", "Cell"])
def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path, name: str) -> None:
    path = copy(name, tmp_path)
    whole = path.read_bytes()
    for size in [0, 4, 5, 0x28, 0x50, 0x58, *range(0x60, len(whole), len(whole) // 40), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(OleanError):
            read_module(path, parts="all")


def test_a_missing_or_foreign_part_is_named(tmp_path: Path) -> None:
    path = copy("Cell", tmp_path)
    private = tmp_path / "Cell.olean.private"
    private.unlink()
    with pytest.raises(OleanError, match="expected a file here, found none") as missing:
        read_module(path, parts="all")
    assert missing.value.path == str(private)
    shutil.copy(DATA / "Zoo.olean.private", private)
    with pytest.raises(OleanError, match="rebuild the module") as foreign:
        read_module(path, parts="all")
    assert foreign.value.path == str(private)


@pytest.mark.parametrize("kind", ["FIFO", "directory", "device"])
def test_what_is_no_regular_file_is_named_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "A.olean"
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(OleanError, match=rf"A\.olean.*is a {kind}; expected a regular file"):
        read_region([path])


def test_a_link_to_a_compiled_file_is_followed(tmp_path: Path) -> None:
    """A store of packages may consist of links."""
    real = DATA / "Native.olean"
    (tmp_path / "A.olean").symlink_to(real)
    assert read_region([tmp_path / "A.olean"]).parts[0].size == read_region([real]).parts[0].size


@pytest.mark.parametrize("word", [4, 8])
def test_upward_and_odd_pointers_are_refused(tmp_path: Path, word: int) -> None:
    for bad in (0, 1, 3, 6, 0x10000, 0x10050, 0x7FFFFFF0):
        writer = OleanWriter(word=word)
        prop = writer.expr(3, [1])
        path = writer.file_of_type(tmp_path / "P.olean", writer.expr(5, [prop, bad]))
        with pytest.raises(OleanError):
            read_module(path, parts="all").constant("t")


def test_a_term_that_holds_itself_is_refused(tmp_path: Path) -> None:
    writer = OleanWriter(word=4)
    loop = writer.base + len(writer.data)
    assert writer.expr(5, [loop, loop]) == loop
    path = writer.file_of_type(tmp_path / "C.olean", loop)
    with pytest.raises(OleanError, match="earlier object"):
        read_module(path, parts="all").constant("t")


@pytest.mark.parametrize(
    ("tag", "fields", "message"),
    [
        (2, 1, "expected an expression"),  # a metavariable
        (12, 1, "expected an expression"),
        (5, 3, "expected an expression"),
    ],
)
def test_what_is_no_expression_is_refused(tmp_path: Path, tag: int, fields: int, message: str) -> None:
    writer = OleanWriter(word=8)
    prop = writer.expr(3, [1])
    path = writer.file_of_type(tmp_path / "E.olean", writer.expr(tag, [prop] * fields))
    with pytest.raises(OleanError, match=message):
        read_module(path, parts="all").constant("t")


def test_a_string_is_checked(tmp_path: Path) -> None:
    for content, count in ((b"\xff\0", 1), (b"ab", 2), (b"ab\0", 3)):
        writer = OleanWriter(word=4)
        text = writer.place(writer.words(len(content), len(content), count) + content, tag=249, size=1)
        literal = writer.expr(9, [writer.constructor(1, [text])])
        with pytest.raises(OleanError, match="string"):
            read_module(writer.file_of_type(tmp_path / "S.olean", literal), parts="all").constant("t")


def test_counts_are_bounded_by_the_file(tmp_path: Path) -> None:
    for tag, words in ((246, (1 << 30, 1 << 30)), (249, (1 << 30, 1 << 30, 1 << 30))):
        writer = OleanWriter(word=4)
        huge = writer.place(writer.words(*words), tag=tag, size=1)
        name = writer.name("t")
        path = writer.file(tmp_path / "H.olean", [(name, huge)])
        with pytest.raises(OleanError):
            read_module(path, parts="all").constant("t")
        patched = bytearray(path.read_bytes())
        root = struct.unpack_from("<I", patched, 0x54)[0] - writer.base
        struct.pack_into("<I", patched, root + 12, huge)
        path.write_bytes(patched)
        with pytest.raises(OleanError):
            assert read_module(path, parts="all").constant_names


def test_a_number_of_impossible_length_is_refused(tmp_path: Path) -> None:
    writer = OleanWriter(word=4)
    at = writer.base + len(writer.data)
    huge = writer.place(bytes(4) + writer.words(1 << 28, at + 20, 7), tag=250)
    literal = writer.expr(9, [writer.constructor(0, [huge])])
    with pytest.raises(OleanError, match="digits"):
        read_module(writer.file_of_type(tmp_path / "B.olean", literal), parts="all").constant("t")


def test_names_cannot_grow_without_bound(tmp_path: Path) -> None:
    writer = OleanWriter(word=4)
    component = writer.string("a")
    name = 1
    for _ in range(20_000):
        name = writer.constructor(1, [name, component], bytes(8))
    path = writer.file(tmp_path / "N.olean", [(name, writer.axiom(name, writer.expr(3, [1])))])
    with pytest.raises(OleanError, match="more room"):
        assert read_module(path, parts="all").constant_names


def test_overlapping_objects_cannot_ask_for_more_than_the_file(tmp_path: Path) -> None:
    """Two thousand strings, each of which reaches over all that follow it."""
    writer = OleanWriter(word=4)
    count, step = 2_000, 24
    first = len(writer.data)
    for index in range(count):
        size = (count - index) * step
        writer.data += struct.pack("<IHBBIIII", 0, 1, 0, 249, size, size, size, 0)
    strings = [writer.base + first + index * step for index in range(count)]
    writer.data += bytes(step)
    function = writer.expr(3, [1])
    for text in strings:
        function = writer.expr(5, [function, writer.expr(9, [writer.constructor(1, [text])])])
    path = writer.file_of_type(tmp_path / "O.olean", function)
    with pytest.raises(OleanError, match="overlap"):
        read_module(path, parts="all").constant("t")


def test_two_constants_of_one_name_are_refused(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    name = writer.name("t")
    axiom = writer.axiom(name, writer.expr(3, [1]))
    path = writer.file(tmp_path / "T.olean", [(name, axiom), (name, axiom)])
    with pytest.raises(OleanError, match="different names"):
        read_module(path, parts="all").constant("t")


def test_a_constant_listed_under_another_name_is_refused(tmp_path: Path) -> None:
    writer = OleanWriter(word=8)
    axiom = writer.axiom(writer.name("t"), writer.expr(3, [1]))
    path = writer.file(tmp_path / "T.olean", [(writer.name("s"), axiom)])
    with pytest.raises(OleanError, match="constant t is listed as s"):
        read_module(path, parts="all").constant("s")


def test_the_unharmed_fixtures_decode_completely() -> None:
    for path in DATA.glob("*.olean"):
        decode_all(read_module(path, parts="all"))
        decode_all(read_module(path, parts="exported"))
