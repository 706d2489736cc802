"""A library of one module, Small, with a catalogue of its theorems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from pybind_models import DeclarationReport, VerifyReport

_NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


def write_small(
    root: Path, source: str, names: Iterable[str], more: Mapping[str, str] = _NOTHING_MORE
) -> None:
    """Write the module, and a catalogue of some of its theorems, with ``more`` lines for some of these."""
    (root / "Small.lean").write_text(source, encoding="utf-8")
    (root / "lakefile.toml").write_text('name = "Small"\n\n[[lean_lib]]\nname = "Small"\n')
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    entries = (
        f'[[declaration]]\nname = "Small.{name}"\nkind = "theorem"\ngroup = "Small"\n{more.get(name, "")}'
        for name in names
    )
    (root / "catalogue.toml").write_text("\n".join(entries))


def row(report: VerifyReport, name: str) -> DeclarationReport:
    """Return what is reported of one of its theorems."""
    return next(each for each in report.declarations if each.name == f"Small.{name}")
