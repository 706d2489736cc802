"""Checked reading of single runtime objects: constructors, arrays, strings, lists, numbers.

Every pointer must lead to a lower address than the object that holds it, so no damaged file can send a
reader round a cycle; and what has been read of variable size may not exceed a small multiple of the file,
so overlapping objects cannot exhaust memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TypeAlias

from lean_bridge.errors import OleanError
from lean_bridge.olean.address_space import Region, header_word

_LAST_CONSTRUCTOR = 243
_ARRAY, _SCALAR_ARRAY, _STRING, _BIGNUM = 246, 248, 249, 250
_CELLS = (251, 252, 253, 244)
"""Thunk, task, ref and promise: their first word is the value."""

_SLACK = 4


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A constructor object of unknown type: index, pointer fields, and scalar bytes with their padding."""

    tag: int
    fields: tuple[Value, ...]
    scalars: bytes


Value: TypeAlias = int | str | bytes | tuple["Value", ...] | Object
"""A runtime value; field-free constructors are ``int``, scalar arrays ``bytes`` and arrays tuples."""


class Objects:
    """Reads objects of one region by address.

    A *word* is a field as stored: odd for a boxed scalar, else an address. ``holder`` is the address of the
    object that holds the word. Raises: OleanError with file and byte offset.
    """

    def __init__(self, region: Region) -> None:
        self.region = region
        self._strings: dict[int, str] = {}
        self._lists: dict[int, tuple[int, ...]] = {1: ()}
        self._values: dict[int, Value] = {}
        self._budget = _SLACK * len(region.data) + 4096

    def error(self, address: int, message: str) -> OleanError:
        """Return an error that names the file and the byte of an address."""
        return self.region.error(address, message)

    def offset(self, word: int, holder: int) -> int:
        """Return the position in the region's bytes of the object that a word points to."""
        region = self.region
        if word % region.word or not region.low <= word < holder:
            found = f"boxed {word >> 1}" if word & 1 else f"{word:#x}"
            raise self.error(holder, f"expected a pointer to an earlier object, found {found}")
        return word - region.base

    def words(self, at: int, count: int) -> tuple[int, ...]:
        """Return ``count`` consecutive fields from a position in the region's bytes."""
        region = self.region
        if count > (len(region.data) - at) // region.word:
            raise self.error(region.base + at, f"{count} fields pass the end of the file")
        fields: tuple[int, ...] = struct.unpack_from(
            f"<{count}{'I' if region.word == 4 else 'Q'}", region.data, at
        )
        return fields

    def header(self, word: int, holder: int) -> int:
        """Return the eight header bytes of an object as one little-endian number."""
        at = self.offset(word, holder)
        header = int.from_bytes(self.region.data[at : at + 8], "little")
        if header & 0xFFFFFFFF:
            raise self.error(word, f"reference count {header & 0xFFFFFFFF}, expected 0")
        return header

    def constructor(
        self, word: int, holder: int, tag: int, pointers: int, scalars: int = 0
    ) -> tuple[int, ...]:
        """Return the pointer fields of a constructor object of exactly this form."""
        header = self.header(word, holder)
        if header != header_word(tag, pointers, scalars, self.region.word):
            raise self.error(
                word, f"expected constructor {tag} with {pointers} fields, found {_describe(header)}"
            )
        return self.words(word - self.region.base + 8, pointers)

    def scalar(self, word: int, pointers: int, index: int, limit: int = 2) -> int:
        """Return a scalar byte, smaller than ``limit``, of an object that was read as a constructor."""
        at = word - self.region.base + 8 + pointers * self.region.word + index
        if at >= len(self.region.data):
            raise self.error(word, "object passes the end of the file")
        value = self.region.data[at]
        if value >= limit:
            raise self.error(self.region.base + at, f"scalar field {value}, expected less than {limit}")
        return value

    def small(self, word: int, holder: int) -> int:
        """Return a natural number that is stored in the field itself."""
        if not word & 1:
            raise self.error(holder, f"expected a small number, found pointer {word:#x}")
        return word >> 1

    def integer(self, word: int, holder: int) -> int:
        """Return a natural number or integer of any size."""
        if word & 1:
            return word >> 1
        header = self.header(word, holder)
        size = header >> 32 & 0xFFFF
        if header >> 48 != _BIGNUM << 8:
            raise self.error(word, f"expected a number, found {_describe(header)}")
        region, at = self.region, word - self.region.base
        limb, start = (region.word, 16 + region.word) if region.gmp else (4, 8 + 3 * region.word)
        self._claim_inside(word, start)
        if region.gmp:
            _, signed = struct.unpack_from("<ii", region.data, at + 8)
            count, is_negative = abs(signed), signed < 0
        else:
            (count,) = self.words(at + 8 + region.word, 1)
            is_negative = bool(region.data[at + 8])
        (digits,) = self.words(at + start - region.word, 1)
        # the size field has 16 bits: the low part of the true size
        if (start + limb * count) & 0xFFFF != size or digits != word + start:
            raise self.error(word, f"big number of {count} digits does not fit its size field {size}")
        self._claim_inside(word, start + limb * count)
        value = int.from_bytes(region.data[at + start : at + start + limb * count], "little")
        return -value if is_negative else value

    def string(self, word: int, holder: int) -> str:
        """Return a string."""
        known = self._strings.get(word)
        if known is not None and word < holder:
            return known
        header = self.header(word, holder)
        if header != _STRING << 56 | 1 << 32:
            raise self.error(word, f"expected a string, found {_describe(header)}")
        at = word - self.region.base + 8
        size, capacity, length = self.words(at, 3)
        start = at + 3 * self.region.word
        self._claim_inside(word, 8 + 3 * self.region.word + size)
        if size == 0 or capacity != size or self.region.data[start + size - 1]:
            raise self.error(word, f"string of {size} bytes (capacity {capacity}) without its final zero")
        try:
            text = self.region.data[start : start + size - 1].decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.error(self.region.base + start + error.start, "string is not UTF-8") from error
        if len(text) != length:
            raise self.error(word, f"string of {len(text)} code points, its header says {length}")
        self._strings[word] = text
        return text

    def array(self, word: int, holder: int) -> tuple[int, ...]:
        """Return the words of an array."""
        header = self.header(word, holder)
        if header != _ARRAY << 56 | 1 << 32:
            raise self.error(word, f"expected an array, found {_describe(header)}")
        at = word - self.region.base + 8
        count, capacity = self.words(at, 2)
        if capacity != count:
            raise self.error(word, f"array of {count} elements has capacity {capacity}")
        self._claim_inside(word, 8 + (2 + count) * self.region.word)
        return self.words(at + 2 * self.region.word, count)

    def list(self, word: int, holder: int) -> tuple[int, ...]:
        """Return the words of a ``List``; each is held by an object below ``holder``."""
        cells: list[int] = []
        elements: list[int] = []
        at, above = word, holder
        while at not in self._lists:
            head, tail = self.constructor(at, above, 1, 2)
            self._check_below(head, at)
            cells.append(at)
            elements.append(head)
            at, above = tail, at
        self._check_below(at, above)
        if not cells:
            return self._lists[at]
        found = (*elements, *self._lists[at])
        self.claim(word, len(found) * self.region.word)
        self._lists[word] = found
        return found

    def graph(self, word: int, holder: int) -> Value:
        """Return the value of a word with all that it points to, as far as the objects tell their meaning.

        Shared objects are one Python object, so the result is a DAG.
        """
        known = self._values
        children: dict[int, tuple[int, ...]] = {}
        self._check_below(word, holder)
        stack = [word]
        while stack:
            at = stack[-1]
            if at in known:
                stack.pop()
            elif at & 1:
                known[at] = at >> 1
            elif at not in children:
                children[at] = self._children(at)
                for child in children[at]:
                    self._check_below(child, at)
                    stack.append(child)
            else:
                known[at] = self._value(at, tuple([known[child] for child in children.pop(at)]))
        return known[word]

    def _check_below(self, word: int, holder: int) -> None:
        if word >= holder and not word & 1:
            raise self.error(holder, f"expected a pointer to an earlier object, found {word:#x}")

    def _children(self, at: int) -> tuple[int, ...]:
        above = self.region.end
        header = self.header(at, above)
        tag, start = header >> 56, at - self.region.base + 8
        if tag <= _LAST_CONSTRUCTOR:
            fields, size = header >> 48 & 0xFF, header >> 32 & 0xFFFF
            if size % 8 or size < 8 + fields * self.region.word:
                raise self.error(at, f"constructor of {fields} fields has size {size}")
            self._claim_inside(at, size)
            return self.words(start, fields)
        if tag == _ARRAY:
            return self.array(at, above)
        if tag in _CELLS:
            return self.words(start, 1)
        if tag in (_SCALAR_ARRAY, _STRING, _BIGNUM):
            return ()
        raise self.error(at, f"unknown object {_describe(header)}")

    def _value(self, at: int, fields: tuple[Value, ...]) -> Value:
        above = self.region.end
        header = self.header(at, above)
        tag, start = header >> 56, at - self.region.base
        if tag == _STRING:
            return self.string(at, above)
        if tag == _BIGNUM:
            return self.integer(at, above)
        if tag == _SCALAR_ARRAY:
            return self._scalar_array(at, header >> 48 & 0x7F)
        if tag == _ARRAY:
            return fields
        if tag in _CELLS:
            return Object(tag, fields, b"")
        scalars = self.region.data[
            start + 8 + len(fields) * self.region.word : start + (header >> 32 & 0xFFFF)
        ]
        return Object(tag, fields, scalars)

    def _scalar_array(self, at: int, width: int) -> bytes:
        start = at - self.region.base + 8
        count, _ = self.words(start, 2)
        self._claim_inside(at, 8 + 2 * self.region.word + count * width)
        start += 2 * self.region.word
        return self.region.data[start : start + count * width]

    def claim(self, address: int, room: int) -> None:
        """Count room that decoding an object takes, against what an undamaged file of this size can need."""
        self._budget -= room
        if self._budget < 0:
            raise self.error(address, "decoding needs more room than the file has: objects overlap")

    def _claim_inside(self, address: int, size: int) -> None:
        """Check that an object of this size lies inside the file, and count it."""
        if size > self.region.end - address:
            raise self.error(address, f"object of {size} bytes passes the end of the file")
        self.claim(address, size)


def _describe(header: int) -> str:
    tag = header >> 56
    names = {
        _ARRAY: "an array",
        _SCALAR_ARRAY: "a scalar array",
        _STRING: "a string",
        _BIGNUM: "a big number",
    }
    what = names.get(tag, f"tag {tag} with {header >> 48 & 0xFF} fields")
    return f"{what} (size {header >> 32 & 0xFFFF})"
