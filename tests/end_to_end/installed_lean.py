"""A machine with a ``lean`` on its PATH that answers through the embedded compiler, and maybe a ``lake``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.executables import runs

_TOP = str(Path(__file__).parents[2])
"""Whence the program is that is tested: what is confined has no environment to tell it."""

LEAN = """#!{python}
import argparse, os, sys
from pathlib import Path
sys.path.insert(0, {top!r})
from lean_bridge.toolchain.embedded_worker import EmbeddedWorker
from lean_bridge.toolchain.node import node_binary
from lean_bridge.toolchain.node_process import Started
from lean_bridge.toolchain.provider import Job

with open({calls!r}, "a") as calls:
    print(*sys.argv[1:], file=calls)
toolchain = Path({toolchain!r})
if sys.argv[1:] == ["--version"]:
    print("Lean (version {version}, wasm32, commit 0123456789ab, Release)")
else:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", required=True)
    parser.add_argument("-D", action="append", default=[])
    parser.add_argument("--root", type=Path)
    parser.add_argument("-o", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    worker = EmbeddedWorker(Started(node_binary(), toolchain))
    answer = worker.run(
        Job(
            source=arguments.file,
            root=arguments.root,
            olean=arguments.o,
            search_path=tuple(Path(entry) for entry in os.environ["LEAN_PATH"].split(":") if entry),
            options=tuple(tuple(option.split("=", 1)) for option in arguments.D),
        ),
        100,
    )
    worker.close()
    print(*answer.stdout, sep="\\n")
    print(*answer.stderr, sep="\\n", file=sys.stderr)
    sys.exit(answer.status)
"""


class Machine:
    """A machine with a ``lean`` on its PATH: a compiled program, which becomes a script."""

    def __init__(self, folder: Path, toolchain: str) -> None:
        self._toolchain = toolchain
        self.lean = folder / "lean" / "bin" / "lean"
        self.library = folder / "lean" / "lib" / "lean"
        self._script = folder / "answer.py"
        self._calls = folder / "calls"
        self.lean.parent.mkdir(parents=True)
        self.library.parent.mkdir()
        shutil.copytree(Path(toolchain) / "lib", self.library, copy_function=os.symlink)

    def install(self, version: str) -> None:
        self._script.write_text(
            LEAN.format(
                python=sys.executable,
                top=_TOP,
                calls=str(self._calls),
                toolchain=self._toolchain,
                version=version,
            )
        )
        self._script.chmod(0o755)
        self.lean.unlink(missing_ok=True)
        self.lean.write_bytes(runs(self._script))
        self.lean.chmod(0o755)

    def install_lake(self, directory: str = ".lake/build/lib/lean") -> None:
        """Put a Lake beside it that leaves what it compiles in ``directory``."""
        lake = self.lean.with_name("lake")
        words = (self._toolchain, directory, str(self._calls))
        lake.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {_TOP!r})\n"
            f"from tests.end_to_end.lake_stand_in import main\nmain(*{words!r})\n"
        )
        lake.chmod(0o755)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()
