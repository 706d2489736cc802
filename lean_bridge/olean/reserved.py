"""The names to which a kernel gives a meaning of its own, so that no module but Lean's own may declare them.

Taken from the two kernels themselves: Lean 4.28 as WebAssembly and the native Lean 4.35. A test looks through
the code of both for every text that they refer to, and holds what it finds against this list. A kernel knows
these constants by name alone: it computes with what the name means in Lean's library, whatever was declared.
"""

from __future__ import annotations

from typing import Final

from lean_bridge.olean.expr import Name

NAT_ARITHMETIC: Final = (
    *("add", "sub", "mul", "div", "mod", "gcd", "pow", "log2", "beq", "ble"),
    *("land", "lor", "xor", "shiftLeft", "shiftRight", "powMod"),
)
"""What the kernels compute on number literals; ``powMod`` in some releases only."""

_TYPES: Final = {
    "Nat": ("zero", "succ"),
    "Bool": ("false", "true"),
    "String": ("mk", "ofList", "ofByteArray"),
    "Char": ("mk", "ofNat"),
    "List": ("nil", "cons"),
    "Eq": ("refl",),
    "Quot": ("mk", "lift", "ind"),
}
"""Types of literals, of what arithmetic answers, of quotients, with the constants that make or take them."""

RESERVED_NAMES: Final[frozenset[Name]] = frozenset(
    {
        *_TYPES,
        *(f"{type_}.{name}" for type_, names in _TYPES.items() for name in (*names, "rec")),
        *(f"Nat.{name}" for name in NAT_ARITHMETIC),
        *("Lean.reduceBool", "Lean.reduceNat", "Lean.ofReduceBool", "Lean.ofReduceNat", "Lean.trustCompiler"),
        *("eagerReduce", "dontcare"),
        *("__expr_for_default_constructor__", "__local_decl_for_default_constructor"),
    }
)

RESERVED_PREFIXES: Final = ("_nested", "_kernel_fresh", "_ind_fresh", "_nested_fresh", "_uniq", "_util_fresh")
"""Beginnings of names that the kernels make up while they check."""


def is_reserved(name: Name) -> bool:
    """Whether a kernel takes a name for its own."""
    return name in RESERVED_NAMES or (name[:1] == "_" and name.partition(".")[0] in RESERVED_PREFIXES)
