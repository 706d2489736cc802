"""Where a declaration stands is read from its source as it was compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.audit.provenance import SourceFile, _read, _read_without
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


def test_without_lean_dojo_the_same_is_read() -> None:
    text = "module\n\n/-- α. -/ theorem «a:b/c» : 1 = 1 := by\n  -- ∀\n  rfl -- behind\n"
    wanted = [
        ("A.«a:b/c»", SourceFile("A/B.lean", text.encode()), DeclarationRange(3, 0, 5, 5)),
        ("A.b", SourceFile("A/B.lean", text.encode()), DeclarationRange(3, 10, 3, 17)),
        ("c", SourceFile("C.lean", text.replace("\n", "\r\n").encode()), DeclarationRange(3, 10, 4, 6)),
    ]
    assert _read_without(wanted) == _read(wanted)


PROGRAM = """
import os, sys, threading
{before}
from lean_bridge.audit.provenance import SourceFile, _read
from lean_bridge.olean.module import DeclarationRange
held = os.environ
seen = []
threading.Thread(target=lambda: [seen.append("HELD" in os.environ) for _ in range(100000)]).start()
found = _read([("a", SourceFile("A.lean", b"theorem a : 1 = 1 := rfl"), DeclarationRange(1, 0, 1, 24))])
left = sorted(set(os.environ) - {{"PATH", "HELD", "HOME", "PYTHONPATH", "LC_CTYPE"}})
print(found["a"].text, all(seen), left, os.environ["HELD"])
"""


@pytest.mark.parametrize(
    "before",
    [
        "",
        "sys.modules['lean_dojo'] = None",
        "os.environ['PATH'] = '/nowhere'",  # without git
        "sys.modules['git'] = None",
    ],
)
def test_the_environment_stays_and_nothing_is_made_at_home(tmp_path: Path, before: str) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    (tmp_path / ".env").write_text("FROM_DOTENV=1\nGITHUB_ACCESS_TOKEN=secret\n")
    root = Path(__file__).parents[3]
    environment = {"PATH": os.environ["PATH"], "HELD": "yes", "HOME": str(home), "PYTHONPATH": str(root)}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.stdout == "theorem a : 1 = 1 := rfl True [] yes\n", found.stderr
    assert list(home.iterdir()) == []
