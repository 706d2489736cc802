"""Small compiled programs for Linux on x86-64, byte by byte: a script would not be taken for one."""

from __future__ import annotations

import platform
import struct
import sys
from pathlib import Path

import pytest

_BASE, _HEADERS = 0x400000, 64 + 56

x86_64_linux = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the programs are for Linux on x86-64"
)


def runs(script: Path) -> bytes:
    """Return a program that becomes ``script``, with its own arguments and environment."""
    code = b"\x48\xbf" + struct.pack("<Q", _BASE + _HEADERS + 46)  # mov rdi, path
    code += b"\x48\x8d\x74\x24\x08"  # lea rsi, [rsp + 8]
    code += b"\x48\x8b\x04\x24\x48\x8d\x54\xc4\x10"  # mov rax, [rsp]; lea rdx, [rsp + 8 rax + 16]
    code += b"\xb8\x3b\x00\x00\x00\x0f\x05"  # execve
    return _program(code + _leave(127), 46, bytes(script) + b"\0")


def answers_and_opens(answer: str, path: Path) -> bytes:
    """Return a program that prints ``answer`` to one argument, else ends with 1 if it opens ``path``."""
    text = answer.encode() + b"\n"
    write = b"\xbf\x01\x00\x00\x00\x48\xbe" + struct.pack("<Q", _BASE + _HEADERS + 96)
    write += b"\xba" + struct.pack("<I", len(text)) + b"\xb8\x01\x00\x00\x00\x0f\x05" + _leave(0)
    code = b"\x83\x3c\x24\x02\x75" + bytes([len(write)]) + write  # cmp dword [rsp], 2; jne
    code += b"\x48\xbf" + struct.pack("<Q", _BASE + _HEADERS + 96 + len(text))  # mov rdi, path
    code += b"\x31\xf6\xb8\x02\x00\x00\x00\x0f\x05"  # open for reading
    code += b"\x48\x85\xc0\x78" + bytes([len(_leave(1))]) + _leave(1) + _leave(0)  # test rax, rax; js
    return _program(code, 96, text + bytes(path) + b"\0")


def answers_and_waits(answer: str) -> bytes:
    """Return a program that prints ``answer`` to one argument, else waits for a signal that ends it."""
    text = answer.encode() + b"\n"
    write = b"\xbf\x01\x00\x00\x00\x48\xbe" + struct.pack("<Q", _BASE + _HEADERS + 64)
    write += b"\xba" + struct.pack("<I", len(text)) + b"\xb8\x01\x00\x00\x00\x0f\x05" + _leave(0)
    code = b"\x83\x3c\x24\x02\x75" + bytes([len(write)]) + write  # cmp dword [rsp], 2; jne
    code += b"\xb8\x22\x00\x00\x00\x0f\x05\xeb\xf7"  # pause; jmp to it
    return _program(code, 64, text)


def _leave(status: int) -> bytes:
    return b"\xbf" + struct.pack("<I", status) + b"\xb8\x3c\x00\x00\x00\x0f\x05"


def _program(code: bytes, room: int, text: bytes) -> bytes:
    assert len(code) <= room
    content = code.ljust(room, b"\x90") + text
    size = _HEADERS + len(content)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return ident + header + segment + content
