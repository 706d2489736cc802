"""What is required of a Lean is looked at before it runs anything."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import ToolchainError
from lean_bridge.project import Project
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.provider import Provider, WorkerPool
from pybind_models import Toolchain

UNKNOWN = Toolchain(provider="installed", version="4.28.0", identity="one", location="/opt/lean")


class Refused:
    """A Lean that must not be used."""

    def __init__(self, info: Toolchain) -> None:
        self.info = info
        self.library = Path("/nowhere")

    def pool(self, workers: int, *, time_limit: float) -> AbstractContextManager[WorkerPool]:
        raise AssertionError((workers, time_limit))


class OnThisMachine(Project):
    """A library where that Lean is what is found."""

    def __init__(self, root: Path, lean: Provider) -> None:
        super().__init__(root)
        self._lean = lean

    def toolchain(
        self, *, install: bool = True, fresh: bool = False, progress: Progress | None = None
    ) -> Provider:
        del install, fresh, progress
        return self._lean


@pytest.mark.parametrize(
    ("lean", "requirement", "code"),
    [
        (UNKNOWN.replaced(isolation="landlock"), {"require_known": True}, Code.NOT_AUTHENTIC),
        (UNKNOWN.replaced(isolation="landlock"), {"require_confirmed": True}, Code.NOT_AUTHENTIC),
        (UNKNOWN.replaced(known=True), {"require_isolated": True}, Code.NOT_ISOLATED),
    ],
    ids=["known", "confirmed", "isolated"],
)
def test_a_lean_that_falls_short_is_no_verdict_and_does_not_run(
    tmp_path: Path, lean: Toolchain, requirement: Mapping[str, Any], code: Code
) -> None:
    (tmp_path / "lakefile.toml").write_text('[[lean_lib]]\nname = "A"\n')
    (tmp_path / "A.lean").write_text("module\nprelude\n")
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (tmp_path / "catalogue.toml").write_text('[[declaration]]\nname = "a"\nkind = "theorem"\ngroup = "A"\n')
    with pytest.raises(ToolchainError) as caught:
        OnThisMachine(tmp_path, Refused(lean)).verify(**requirement)
    assert caught.value.code is code
    assert caught.value.exit_code == 2
