"""Lean's own objects and exported functions, out of its shared library loaded into this process.

For the child process only: a fault in here takes the process with it. Objects are addresses; those made here
count as persistent (reference count 0), so Lean neither frees nor overwrites them, and the process is short
lived. The layouts are those of ``lean.h`` on a 64-bit little-endian machine.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

Address: TypeAlias = int
"""Of an object, or a small value itself: ``2n + 1`` stands for n."""
Function: TypeAlias = Callable[..., int]

_WORD = ctypes.c_size_t
_HEADER = struct.Struct("<iHBB")
"""Reference count, size, number of fields, tag."""
_GMP = struct.Struct("<iiQ")
"""Limbs allocated, limbs used, and the address of the first."""
_STRING, _BIG, _LARGEST_SMALL = 249, 250, (1 << 63) - 1
_STRING_DATA_AT = 32
_BIG_DATA_AT = 24


def box(value: int) -> Address:
    """Return the word that stands for a small number, or for a constructor without fields."""
    return value << 1 | 1


def freeze(address: Address) -> Address:
    """Take an object that Lean just made out of reference counting, and return it."""
    if not address & 1:
        ctypes.c_int32.from_address(address).value = 0
    return address


def tag_of(address: Address) -> int:
    """Return the constructor that an object was made by."""
    return address >> 1 if address & 1 else ctypes.c_uint8.from_address(address + 7).value


def field(address: Address, index: int) -> Address:
    """Return a field of a constructor object.

    Raises: ValueError if there is no such field.
    """
    if address & 1 or index >= ctypes.c_uint8.from_address(address + 6).value:
        raise ValueError(f"an object of Lean's has no field {index}")
    return _WORD.from_address(address + 8 + 8 * index).value


def flag(address: Address, fields: int, index: int) -> bool:
    """Return a Boolean that is stored behind the fields of a constructor object."""
    return ctypes.c_uint8.from_address(address + 8 + 8 * fields + index).value != 0


def read_nat(address: Address) -> int:
    """Return a small natural number. Raises: ValueError for a big one."""
    if not address & 1:
        raise ValueError("a number of Lean's is larger than any count can be")
    return address >> 1


def read_string(address: Address) -> str:
    """Return the text of a string object."""
    if address & 1 or tag_of(address) != _STRING:
        raise ValueError("expected a string of Lean's")
    size = _WORD.from_address(address + 8).value
    return ctypes.string_at(address + _STRING_DATA_AT, size - 1).decode("utf-8", "replace")


def read_list(address: Address) -> list[Address]:
    """Return the elements of a ``List``."""
    elements: list[Address] = []
    while not address & 1:
        elements.append(field(address, 0))
        address = field(address, 1)
    return elements


def read_name(address: Address) -> tuple[str | int, ...]:
    """Return the components of a ``Name``."""
    parts: list[str | int] = []
    while not address & 1:
        last = field(address, 1)
        parts.append(read_string(last) if tag_of(address) == 1 else read_nat(last))
        address = field(address, 0)
    return tuple(reversed(parts))


class Lean:
    """The initialised library.

    Raises: OSError if it cannot be loaded, AttributeError if it lacks a function.
    """

    def __init__(self, library: Path) -> None:
        # PyDLL keeps the interpreter's lock: one thread, a call per node
        self._library = ctypes.PyDLL(str(library))
        self.function("lean_initialize", 0)()
        self.function("lean_io_mark_end_initialization", 0)()
        self.version = read_string(_WORD.in_dll(self._library, "l_Lean_versionString").value)
        self._allocate = self.function("lean_alloc_object", 1)
        self._string = self.function("lean_mk_string_from_bytes", 2, text=True)

    def function(self, name: str, arity: int, *, text: bool = False, truth: bool = False) -> Function:
        """Return an exported function of ``arity`` words, which returns a word.

        With ``text`` the first argument is a byte string; with ``truth`` the result is one byte, and the rest
        of the word means nothing.
        """
        found = self._library[name]
        found.argtypes = [ctypes.c_char_p if text and not index else _WORD for index in range(arity)]
        found.restype = ctypes.c_uint8 if truth else _WORD
        return found

    def constructor(self, tag: int, fields: Sequence[Address], scalars: bytes = b"") -> Address:
        """Return a new constructor object."""
        size = 8 + 8 * len(fields) + (len(scalars) + 7) // 8 * 8
        at = self._allocate(size)
        content = _HEADER.pack(0, size, len(fields), tag) + struct.pack(f"<{len(fields)}Q", *fields) + scalars
        ctypes.memmove(at, content.ljust(size, b"\0"), size)
        return at

    def list(self, elements: Sequence[Address]) -> Address:
        """Return a ``List``."""
        cell = box(0)
        for element in reversed(elements):
            cell = self.constructor(1, [element, cell])
        return cell

    def string(self, text: str) -> Address:
        """Return a ``String``."""
        encoded = text.encode()
        return freeze(self._string(encoded, len(encoded)))

    def nat(self, value: int) -> Address:
        """Return a ``Nat``."""
        if value < 0:
            raise ValueError(f"{value} is no natural number")
        if value <= _LARGEST_SMALL:
            return box(value)
        # as a compiled file holds it: GMP's limbs, allocated and used, and where they are; linear in its size
        count = (value.bit_length() + 63) // 64
        at = self._allocate(_BIG_DATA_AT + 8 * count)
        head = _HEADER.pack(0, _BIG_DATA_AT, 0, _BIG) + _GMP.pack(count, count, at + _BIG_DATA_AT)
        content = head + value.to_bytes(8 * count, "little")
        ctypes.memmove(at, content, len(content))
        return at
