"""The form of what is sent to the kernel's process and of what it answers: one JSON object a line.

A line to it may hold new ``names``, ``levels`` and ``exprs``, each a list of records that name earlier ones
by their places in tables that grow from line to line (name 0 is the anonymous one, level 0 is zero), and then
one request: ``add`` with a declaration, or ``equal`` with two expressions. Binder names and infos and
metadata, which no kernel looks at, are not sent; so equal terms of different modules are one.

It answers ``{"kernel": version}`` first, then one line per request in their order, then ``{"end": count}``:
an answer holds an ``outcome`` of :data:`Answer` and a ``message``, empty if accepted. Where a request allows
it by ``or_assume``, what was not accepted with its body is then taken as an axiom; the answer is that to the
axiom, and holds what became of the body under ``body``.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

BVAR: Final = 0
"""``[0, index]``"""
SORT: Final = 1
"""``[1, level]``"""
CONST: Final = 2
"""``[2, name, [level, …]]``"""
APP: Final = 3
"""``[3, function, argument]``"""
LAM: Final = 4
"""``[4, type, body]``"""
PI: Final = 5
"""``[5, type, body]``"""
LET: Final = 6
"""``[6, type, value, body]``"""
NAT: Final = 7
"""``[7, hexadecimal digits]``"""
STRING: Final = 8
"""``[8, text]``"""
PROJ: Final = 9
"""``[9, structure, index, expression]``"""

SUCC: Final = 1
"""``[1, level]``; a name's record is ``[prefix, last component]``."""
MAX: Final = 2
"""``[2, level, level]``"""
IMAX: Final = 3
"""``[3, level, level]``"""
PARAM: Final = 4
"""``[4, name]``"""

Answer: TypeAlias = Literal["accepted", "refused", "gave up"]
"""``gave up``: a limit was reached before the kernel knew."""
