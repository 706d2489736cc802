"""What is asked afresh rests on nothing that an earlier run said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.project import Project
from lean_bridge.sealed import Seal

pytestmark = pytest.mark.lean

COMPILED = "compiled module "
"""How the record of a compiled module begins; it is held against its bytes and its source."""


def test_a_fresh_verdict_reads_no_record_but_those_of_compiled_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lakefile.toml").write_text('name = "A"\n[[lean_lib]]\nname = "A"\n')
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (tmp_path / "A.lean").write_text(
        "module\n\npublic theorem a (m n : Nat) : m + n = n + m := m.add_comm n\n"
    )
    (tmp_path / "catalogue.toml").write_text('[[declaration]]\nname = "a"\nkind = "theorem"\ngroup = "A"\n')
    read: list[str] = []
    kept = Seal.kept

    def watched(seal: Seal, path: Path, context: str) -> bytes | None:
        found = kept(seal, path, context)
        if found is not None:
            read.append(context)
        return found

    monkeypatch.setattr(Seal, "kept", watched)
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "embedded")

    def verify(*, fresh: bool) -> list[str]:
        read.clear()
        assert Project(tmp_path).verify(unpinned=True, workers=1, fresh=fresh).verdict == "accepted"
        return [each for each in read if not each.startswith(COMPILED)]

    verify(fresh=False)
    remembered = " ".join(verify(fresh=False))
    for each in ("toolchain ", "what the modules of Lean's own library declare", "answers ", " above "):
        assert each in remembered
    assert verify(fresh=True) == []
