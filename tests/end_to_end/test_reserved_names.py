"""The list of names that the kernels know, held against the code of both kernels."""

from __future__ import annotations

import re

import pytest

from lean_bridge.kernel.session import installed_library
from lean_bridge.olean.reserved import RESERVED_NAMES, RESERVED_PREFIXES, is_reserved
from lean_bridge.toolchain.provider import Provider
from tests.kernel_texts import native_texts, wasm_texts

pytestmark = pytest.mark.lean

LISTED = {
    *RESERVED_NAMES,
    *RESERVED_PREFIXES,
    *(component for name in RESERVED_NAMES for component in name.split(".")),
}
REVIEWED = {
    "names of bound variables": {*"abfqrtuvlαβ", "_", "motive", "_ih"},
    "of the elaborator: recursors, options, traces": {
        *("casesOn", "debug", "max_memory", "timeout", "trace", "verbose", "s", "ms"),
        *("l_true", "l_false", "l_undef", "is_definitionally_equal"),
    },
    "of files, of C++, of the program": {".tmp.", "LEAN_NAT_MAX_SIZE", "vector", "basic_string"},
    "punctuation": {"'", ".", "?", ".!"},
    "the ends of longer texts, at places that are numbers": {"lThms", "ondMayThrow"},
}
_NAME = re.compile(r"[\w.'!?]+")
_NO_NAME = re.compile(r"Z\w|N[A-Z]?\d|NSt|[0-9a-f]{40}$|[\w.]*StructInst\.0\.")
"""Types of C++, the compiler's commit, and the end of a longer name."""


@pytest.mark.parametrize("kernel", ["native", "wasm"])
def test_every_name_that_a_kernel_refers_to_is_listed_or_was_looked_at(
    kernel: str, embedded: Provider
) -> None:
    if kernel == "native":
        library = installed_library()
        assert library is not None
        texts = native_texts(library)
    else:
        texts = wasm_texts(embedded.library.parent / "lean.wasm")
    # that nothing is found must not look like nothing being there
    assert {"_nested", "eagerReduce", "gcd", "shiftRight", "Quot", "lift", "Char", "ofNat"} <= texts
    assert {"is_definitionally_equal", "kernel exception"} <= texts
    names = {text for text in texts if _NAME.fullmatch(text) and not _NO_NAME.match(text)}
    assert names - LISTED - set().union(*REVIEWED.values()) == set()


def test_names_are_reserved_whole_and_made_up_ones_by_their_beginning() -> None:
    for name in ("Nat", "Nat.gcd", "Nat.rec", "Eq.refl", "_nested", "_nested.T_1", "_uniq.7"):
        assert is_reserved(name), name
    for name in ("Nat.gcd_self", "Nat.add.eq_1", "Nats", "my._nested", "_nestedly", "«Nat.gcd»"):
        assert not is_reserved(name), name
