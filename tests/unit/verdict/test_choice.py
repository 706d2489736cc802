"""Modules are chosen by patterns; of what is chosen and not compiled it is told why."""

from __future__ import annotations

import pytest

from lean_bridge.audit.stumbles import Unread
from lean_bridge.errors import ProjectNotFound
from lean_bridge.verdict.whole import Choice

UNREAD = Unread(("other/Other/Deep.lean", "stray.lean"), owned={"other/Other/Deep.lean": "it is no target"})


def test_modules_are_those_that_are_like_a_pattern() -> None:
    assert Choice(modules=("A.*",)).of_modules(["A.B", "C"], lambda: UNREAD) == ["A.B"]
    assert Choice().of_modules(["A.B", "C"], lambda: UNREAD) == ["A.B", "C"]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("Other.Deep", "other/Other/Deep.lean is not compiled: it is no target"),
        ("Other.*", "other/Other/Deep.lean is not compiled: it is no target"),
        ("stray", "stray.lean is not compiled: no lean_lib of the lakefile has it"),
        ("Others", "expected one of A"),
    ],
)
def test_a_pattern_of_what_is_not_compiled_is_told_why(pattern: str, told: str) -> None:
    with pytest.raises(ProjectNotFound) as error:
        Choice(modules=(pattern,)).of_modules(["A"], lambda: UNREAD)
    assert told in str(error.value)
