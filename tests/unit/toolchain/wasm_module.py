"""A small WebAssembly module with the features of Lean's that the rewriter is about."""

from __future__ import annotations

from lean_bridge.toolchain.wasm import encode, encode_signed

ADDRESS = 938_500
"""Where its data symbol is: a number whose signed and unsigned encodings differ."""

MAIN = "__main_argc_argv"


def section(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + encode(len(body)) + body


def vector(entries: list[bytes]) -> bytes:
    return encode(len(entries)) + b"".join(entries)


def named(name: str) -> bytes:
    return encode(len(name)) + name.encode()


def constant(number: int) -> bytes:
    return b"\x41" + encode_signed(number) + b"\x0b"


def small_module(*, table: bytes = b"\x01\x70\x00\x03") -> bytes:
    """Return a module of four functions that answer 10, 11, 12 and 13.

    It imports a memory and a global, its table holds the functions 2 and 1 from place 1, and it exports the
    functions as ``zero``, ``one``, ``two`` and :data:`MAIN`, an address as ``data``, a variable as ``state``.
    """
    functions = [b"\x00\x41" + encode(10 + n) + b"\x0b" for n in range(4)]
    imports = [named("e") + named("m") + b"\x02\x03\x01\x02", named("e") + named("g") + b"\x03\x7f\x01"]
    exports = [named(name) + bytes([0, n]) for n, name in enumerate(["zero", "one", "two", MAIN])]
    exports += [named("data") + bytes([3, 1]), named("state") + bytes([3, 2]), named("table") + bytes([1, 0])]
    return b"".join(
        [
            b"\0asm\1\0\0\0",
            section(1, vector([b"\x60\x00\x01\x7f"])),
            section(2, vector(imports)),
            section(3, vector([b"\x00"] * 4)),
            section(4, table),
            section(6, vector([b"\x7f\x00" + constant(ADDRESS), b"\x7f\x01" + constant(7)])),
            section(7, vector(exports)),
            section(9, vector([b"\x00" + constant(1) + vector([b"\x02", b"\x01"])])),
            section(10, vector([encode(len(body)) + body for body in functions])),
        ]
    )
