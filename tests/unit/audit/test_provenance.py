"""Where a declaration stands is read from its source as it was compiled."""

from __future__ import annotations

from lean_bridge.audit.provenance import SourceFile, _read
from lean_bridge.olean.module import DeclarationRange

TEXT = "module\n\ntheorem a : 1 = 1 :=\n  rfl\n"


def test_lines_that_end_as_windows_ends_them_are_the_same_lines() -> None:
    place = DeclarationRange(3, 0, 4, 5)
    found = [
        _read([("a", SourceFile("A.lean", text.encode()), place)])["a"]
        for text in (TEXT, TEXT.replace("\n", "\r\n"))
    ]
    assert found[0].text == found[1].text == "theorem a : 1 = 1 :=\n  rfl"
    assert (found[0].line, found[0].column) == (found[1].line, found[1].column) == (3, 1)
