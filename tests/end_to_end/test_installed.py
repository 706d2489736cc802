"""The provider for an installed Lean, on a ``lean`` command that answers through the embedded compiler."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lean_bridge.build.build import build_library
from lean_bridge.errors import ToolchainTimeout
from lean_bridge.toolchain.find import find_toolchain, look_for_installed
from lean_bridge.toolchain.health import check_health
from lean_bridge.toolchain.installed import InstalledProvider
from lean_bridge.toolchain.provider import Job, Provider
from tests.end_to_end.lean_processes import children

pytestmark = pytest.mark.lean

REQUIRED = "leanprover/lean4:v4.28.0"

LEAN = """#!{python}
import argparse, os, sys
from pathlib import Path
from lean_bridge.toolchain.embedded import EmbeddedWorker
from lean_bridge.toolchain.node import node_binary
from lean_bridge.toolchain.provider import Job

with open({calls!r}, "a") as calls:
    print(*sys.argv[1:], file=calls)
toolchain = Path({toolchain!r})
if sys.argv[1:] == ["--version"]:
    print("Lean (version {version}, wasm32, commit 0123456789ab, Release)")
elif sys.argv[1:] == ["--print-libdir"]:
    print(toolchain / "lib")
else:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", required=True)
    parser.add_argument("-D", action="append", default=[])
    parser.add_argument("--root", type=Path)
    parser.add_argument("-o", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    worker = EmbeddedWorker(node_binary(), toolchain)
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
    """A machine with a ``lean`` on its PATH."""

    def __init__(self, folder: Path, toolchain: str) -> None:
        self._toolchain = toolchain
        self.lean = folder / "bin" / "lean"
        self._calls = folder / "calls"
        self.lean.parent.mkdir()

    def install(self, version: str) -> None:
        self.lean.write_text(
            LEAN.format(
                python=sys.executable, calls=str(self._calls), toolchain=self._toolchain, version=version
            )
        )
        self.lean.chmod(0o755)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: Provider) -> Machine:
    machine = Machine(tmp_path, embedded.info.location)
    monkeypatch.setenv("PATH", f"{machine.lean.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ELAN_HOME", str(tmp_path / "elan"))
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LEAN_BRIDGE_TOOLCHAIN", raising=False)
    return machine


@pytest.mark.parametrize("version", ["4.28.0", "4.28.0-pre"])
def test_an_installed_lean_of_the_required_version_is_preferred_and_asked_once(
    machine: Machine, embedded: Provider, version: str
) -> None:
    machine.install(version)
    provider = find_toolchain(REQUIRED, install=False)
    assert provider.info.provider == "installed"
    assert provider.info.version == version
    assert provider.library == embedded.library
    assert find_toolchain(REQUIRED, install=False).info == provider.info
    assert machine.calls() == ["--version", "--print-libdir"]


def test_a_replaced_lean_is_asked_again_and_has_another_identity(machine: Machine) -> None:
    machine.install("4.28.0")
    before = find_toolchain(REQUIRED, install=False).info.identity
    machine.install("4.28.0-pre")
    assert find_toolchain(REQUIRED, install=False).info.identity != before


def test_a_lean_of_another_version_is_passed_over_and_reported(machine: Machine) -> None:
    machine.install("4.27.0")
    (candidate,) = look_for_installed(REQUIRED)
    assert candidate.provider is None
    (item,) = [item for item in check_health(REQUIRED) if item.name == "installed Lean"]
    assert item.state == "broken"
    assert "is 4.27.0, and 4.28.0 is required; passed over" in item.detail
    assert not item.required


def test_a_library_is_built_by_one_process_per_file(machine: Machine, tmp_path: Path) -> None:
    machine.install("4.28.0")
    root = tmp_path / "lean"
    (root / "Small").mkdir(parents=True)
    (root / "lakefile.toml").write_text(
        'leanOptions = { autoImplicit = false }\n[[lean_lib]]\nname = "Small"\n'
    )
    (root / "Small" / "A.lean").write_text("module\npublic import Init\npublic theorem a : 1 = 1 := rfl\n")
    (root / "Small" / "B.lean").write_text("module\nimport Small.A\ntheorem b : 2 = 2 := a\n")
    report, tree = build_library(root, find_toolchain(REQUIRED, install=False), workers=1)
    assert [(module.module, module.state) for module in report.modules] == [
        ("Small.A", "built"),
        ("Small.B", "failed"),
    ]
    assert report.lean_processes == 2
    (error,) = report.modules[1].diagnostics
    assert (error.file, error.line, error.column) == ("Small/B.lean", 3, 21)
    assert (tree / "Small" / "A.olean").is_file()
    assert any("-DautoImplicit=false" in call for call in machine.calls())


def test_a_slow_lean_is_stopped_with_all_it_started(machine: Machine, tmp_path: Path) -> None:
    machine.install("4.28.0")
    provider = find_toolchain(REQUIRED, install=False)
    assert isinstance(provider, InstalledProvider)
    (tmp_path / "A.lean").write_text("module\npublic import Init\n")
    before = children()
    with provider.pool(1, time_limit=0.5) as pool, pytest.raises(ToolchainTimeout, match=r"after 0\.5 s"):
        pool.elaborate(Job(source=tmp_path / "A.lean"))
    assert children() == before
