"""The real command in a directory of its own, with or without a second kernel to be found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lean_bridge.kernel.session import PACKAGE

HERE = Path(__file__).parents[2]
BEFORE = "before.sh"
TIME_LIMIT = 600.0
_WITHOUT = f"import sys; sys.modules['{PACKAGE}'] = None; "


@contextmanager
def without_second_kernel() -> Iterator[None]:
    """Have the second kernel's package not to be found until the context ends."""
    before = sys.modules.get(PACKAGE)
    sys.modules[PACKAGE] = None  # type: ignore[assignment]  # as documented: then no import finds it
    try:
        yield
    finally:
        if before is None:
            del sys.modules[PACKAGE]
        else:
            sys.modules[PACKAGE] = before


def run_command(
    arguments: Sequence[str], directory: Path, *, alone: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run ``lean-bridge`` there; ``alone``: where no second kernel is installed."""
    code = f"{_WITHOUT if alone else ''}from lean_bridge.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=directory,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT,
    )


def prepare(directory: Path) -> None:
    """Run a twin's ``before.sh`` in its directory, if it has one; it then is no longer there.

    The script finds the Python that runs this in ``PYTHON``.
    """
    script = directory / BEFORE
    if script.is_file():
        text = script.read_text(encoding="utf-8")
        script.unlink()
        subprocess.run(
            ["sh", "-e", "-c", text], cwd=directory, env=_environment(), check=True, timeout=TIME_LIMIT
        )


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
