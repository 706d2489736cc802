"""A repository whose Lean library lies in a directory of its own: a theorem on three files of lemmas."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TEXTS = {
    "A": "-- sorry, not here\ntheorem base (a b : Nat) : a + b = b + a := by\n  exact Nat.add_comm a b",
    "B": "theorem second (a b : Nat) : a + b + 0 = b + a := base a b",
    "C": "theorem third (a b : Nat) : a + b + 0 + 0 = b + a := second a b",
    "D": "theorem top (a b : Nat) : a + b = b + a ∧ True := ⟨third a b, trivial⟩",
}
CATALOGUE = (
    '[[declaration]]\nname = "Line.top"\nkind = "theorem"\ngroup = "Row"\n\n'
    '[[declaration]]\nname = "Line.third"\nkind = "theorem"\ngroup = "Row"\n'
)


def build(top: Path) -> None:
    """Write the repository with its library in proofs/lean, and pin what that says."""
    root = top / "proofs" / "lean"
    (root / "Line").mkdir(parents=True)
    (top / ".git").mkdir()
    before = ""
    for name, theorem in TEXTS.items():
        text = f"module\n{before}\npublic section\nnamespace Line\n\n{theorem}\n\nend Line\n"
        (root / "Line" / f"{name}.lean").write_text(text, encoding="utf-8")
        before = f"public import Line.{name}\n"
    (root / "lakefile.toml").write_text('name = "Line"\n\n[[lean_lib]]\nname = "Line"\nglobs = ["Line.+"]\n')
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (root / "catalogue.toml").write_text(CATALOGUE)
    done = command(top, "pin", "--project", "proofs/lean")
    assert done.returncode == 0, done.stderr


def command(top: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lean_bridge", *words],
        cwd=top,
        env={**os.environ, "LEAN_BRIDGE_TOOLCHAIN": "embedded", "XDG_DATA_HOME": str(top / ".data"), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def edit(top: Path, file: str, old: str, new: str) -> None:
    path = top / "proofs" / "lean" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
