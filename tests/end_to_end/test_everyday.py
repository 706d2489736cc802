"""Theorems such as people write are met by what is tried, without anything being named for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lean_bridge.project import Project
from pybind_models import VerifyReport

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

SOURCE = Path(__file__).parent / "everyday" / "Everyday.lean"
NAMES = re.findall(r"^theorem ([\w']+)", SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
ENTRY = '[[declaration]]\nname = "Everyday.{}"\nkind = "theorem"\ngroup = "Everyday"\n'


@pytest.fixture(scope="module", name="report")
def _report(tmp_path_factory: pytest.TempPathFactory) -> VerifyReport:
    root = tmp_path_factory.mktemp("everyday")
    (root / "Everyday.lean").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    (root / "lakefile.toml").write_text('name = "Everyday"\n\n[[lean_lib]]\nname = "Everyday"\n')
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (root / "catalogue.toml").write_text("\n".join(map(ENTRY.format, NAMES)))
    return Project(root).verify(unpinned=True)


@pytest.mark.full
def test_all_of_them_are_met(report: VerifyReport) -> None:
    assert len(NAMES) > 80
    assert {each.name: each.reason for each in report.declarations if not each.witnessed} == {}
    assert (report.verdict, report.reason) == ("accepted", None)
