"""Small libraries named Line, each of a few modules with a theorem in each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_line(
    root: Path, theorems: Mapping[str, str], imports: Mapping[str, str], groups: Mapping[str, str]
) -> None:
    """Write a library: theorems and imports by their modules, and a catalogue of some, with their groups."""
    (root / "Line").mkdir(parents=True)
    for name, theorem in theorems.items():
        before = f"public import Line.{imports[name]}\n" if name in imports else ""
        text = f"module\n{before}\npublic section\nnamespace Line\n\n{theorem}\n\nend Line\n"
        (root / "Line" / f"{name}.lean").write_text(text, encoding="utf-8")
    (root / "lakefile.toml").write_text('name = "Line"\n\n[[lean_lib]]\nname = "Line"\nglobs = ["Line.+"]\n')
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    rows = (
        f'[[declaration]]\nname = "Line.{name}"\nkind = "theorem"\ngroup = "{group}"\n'
        for name, group in groups.items()
    )
    (root / "catalogue.toml").write_text("\n".join(rows))


def write_two_and_one_beside(root: Path) -> None:
    """Write two modules of which one imports the other, and one beside them."""
    theorems = {
        "A": "theorem base (a b : Nat) : a + b = b + a := Nat.add_comm a b",
        "B": "theorem top (a b : Nat) : a + b + 0 = b + a := base a b",
        "C": "theorem alone : 1 + 1 = 2 := rfl",
    }
    write_line(root, theorems, {"B": "A"}, {"base": "Row", "top": "Row", "alone": "Beside"})
