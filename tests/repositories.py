"""A repository whose Lean library lies in a directory of its own: a theorem on three files of lemmas."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lines import write_line
from tests.running_lean import run_here

TEXTS = {
    "A": "-- sorry, not here\ntheorem base (a b : Nat) : a + b = b + a := by\n  exact Nat.add_comm a b",
    "B": "theorem second (a b : Nat) : a + b + 0 = b + a := base a b",
    "C": "theorem third (a b : Nat) : a + b + 0 + 0 = b + a := second a b",
    "D": "theorem top (a b : Nat) : a + b = b + a ∧ True := ⟨third a b, trivial⟩",
}


def build(top: Path) -> None:
    """Write the repository with its library in proofs/lean, and pin what that says."""
    root = top / "proofs" / "lean"
    write_line(root, TEXTS, {"B": "A", "C": "B", "D": "C"}, {"top": "Row", "third": "Row"})
    (top / ".git").mkdir()
    done = command(top, "pin", "--project", "proofs/lean")
    assert done.returncode == 0, done.stderr


def command(top: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run_here(*words, directory=top, env=env)


def edit(top: Path, file: str, old: str, new: str) -> None:
    path = top / "proofs" / "lean" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
