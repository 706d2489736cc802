"""The provider for an installed Lean, on a ``lean`` command that answers through the embedded compiler."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.build.build import build_library
from lean_bridge.errors import ToolchainTimeout
from lean_bridge.toolchain import confine, digests, find, isolation
from lean_bridge.toolchain.digests import read_contents
from lean_bridge.toolchain.find import find_toolchain, look_for_installed
from lean_bridge.toolchain.health import check_health
from lean_bridge.toolchain.installed import InstalledProvider, read_installed
from lean_bridge.toolchain.installed_worker import InstalledWorker
from lean_bridge.toolchain.isolation import isolated
from lean_bridge.toolchain.provider import Job, Provider
from tests.end_to_end.installed_lean import Machine
from tests.end_to_end.lean_processes import children, is_running, wait_until
from tests.executables import answers_and_opens, answers_and_waits, runs, x86_64_linux

pytestmark = [pytest.mark.lean, pytest.mark.own_lean, x86_64_linux]

REQUIRED = "leanprover/lean4:v4.28.0"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: Provider) -> Machine:
    machine = Machine(tmp_path, embedded.info.location)
    monkeypatch.setenv("PATH", f"{machine.lean.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ELAN_HOME", str(tmp_path / "elan"))
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LEAN_BRIDGE_TOOLCHAIN", raising=False)
    # this lean starts Node, which no confined Lean could
    monkeypatch.setattr(isolation, "available", lambda: ("none",))
    return machine


@pytest.mark.parametrize("version", ["4.28.0", "4.28.0-pre"])
def test_an_installed_lean_of_the_required_version_is_preferred_and_asked_once(
    machine: Machine, version: str
) -> None:
    machine.install(version)
    provider = find_toolchain(REQUIRED, install=False)
    assert provider.info.provider == "installed"
    assert provider.info.version == version
    assert provider.library == machine.library
    assert provider.info.known is False
    assert find_toolchain(REQUIRED, install=False).info == provider.info
    assert machine.calls() == ["--version"]
    assert find_toolchain(REQUIRED, install=False, fresh=True).info == provider.info
    assert machine.calls() == ["--version", "--version"]


def test_a_replaced_lean_is_asked_again_and_has_another_identity(machine: Machine, tmp_path: Path) -> None:
    machine.install("4.28.0")
    before = find_toolchain(REQUIRED, install=False).info.identity
    machine.install("4.28.0-pre")
    machine.lean.write_bytes(machine.lean.read_bytes() + b"another")
    provider = find_toolchain(REQUIRED, install=False)
    assert (provider.info.identity != before, provider.info.version) == (True, "4.28.0-pre")
    assert tmp_path in provider.library.parents


def test_an_edited_library_gives_a_lean_another_identity_and_makes_every_module_again(
    machine: Machine,
) -> None:
    machine.install("4.28.0")
    before = find_toolchain(REQUIRED, install=False).info.identity
    edited = machine.library / "Init" / "Core.olean"
    data = edited.read_bytes()
    stamps = edited.stat()
    edited.unlink()  # a link to the embedded Lean's file
    edited.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(edited, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    assert find_toolchain(REQUIRED, install=False).info.identity != before
    edited.write_bytes(data)
    assert find_toolchain(REQUIRED, install=False).info.identity == before


def test_a_lean_in_the_table_is_known_with_its_version_and_its_program_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.install("4.28.0")
    assert find_toolchain(REQUIRED, install=False).info.known is False
    contents = read_contents(machine.lean, machine.library, lambda: "")
    known = {contents.identity("4.28.0"): "4.28.0", contents.library: "4.28.0"}
    monkeypatch.setattr(digests, "known_leans", lambda: known)
    assert find_toolchain(REQUIRED, install=False).info.known is True
    monkeypatch.setattr(digests, "known_leans", lambda: dict.fromkeys(known, "4.28.1"))
    assert find_toolchain(REQUIRED, install=False).info.known is False
    monkeypatch.setattr(digests, "known_leans", lambda: known)
    machine.lean.write_bytes(machine.lean.read_bytes() + b"another")
    assert find_toolchain(REQUIRED, install=False).info.known is False


def test_a_script_is_passed_over_and_said(
    machine: Machine, embedded: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.lean.write_text('#!/bin/sh\necho "Lean (version 4.28.0, x86_64, commit 0123456789ab, Release)"\n')
    machine.lean.chmod(0o755)
    monkeypatch.setattr(find, "find_embedded", lambda **_: embedded)
    assert find_toolchain(REQUIRED, install=False).info == embedded.info.replaced(
        passed_over=(
            f"{machine.lean}: is a script, beginning '#!/bin/sh', where the compiled Lean was expected",
        )
    )
    (candidate,) = look_for_installed(REQUIRED)
    assert candidate.provider is None
    assert "is a script, beginning '#!/bin/sh'" in candidate.reason
    (item,) = [item for item in check_health(REQUIRED) if item.name == "installed Lean"]
    assert "is a script" in item.detail


def test_a_program_without_a_library_of_leans_is_passed_over(machine: Machine) -> None:
    machine.install("4.28.0")
    machine.library.rename(machine.library.with_name("elsewhere"))
    (candidate,) = look_for_installed(REQUIRED)
    assert candidate.provider is None
    assert "expected Lean's library" in candidate.reason


def test_what_another_hand_remembers_of_a_lean_is_not_believed(machine: Machine, tmp_path: Path) -> None:
    machine.install("4.28.0")
    before = find_toolchain(REQUIRED, install=False).info
    (record,) = (tmp_path / "cache" / "installed").iterdir()
    record.write_bytes(record.read_bytes().replace(b"4.28.0", b"4.29.0"))
    assert find_toolchain(REQUIRED, install=False).info == before
    assert machine.calls() == ["--version", "--version"]


@pytest.mark.parametrize("version", ["4.27.0", "4.29.0-nightly-2026-01-01", "of today"])
def test_a_lean_of_another_version_is_passed_over_and_reported(machine: Machine, version: str) -> None:
    machine.install(version)
    (candidate,) = look_for_installed(REQUIRED)
    assert candidate.provider is None
    (item,) = [item for item in check_health(REQUIRED) if item.name == "installed Lean"]
    assert item.state == "broken"
    assert f"is {version.split()[0]}, and 4.28.0 is required; passed over" in item.detail
    assert not item.required


def test_a_library_is_built_by_one_process_per_file(machine: Machine, tmp_path: Path) -> None:
    machine.install("4.28.0")
    root = tmp_path / "lean"
    (root / "Small").mkdir(parents=True)
    (root / "lakefile.toml").write_text(
        'leanOptions = { autoImplicit = false }\n[[lean_lib]]\nname = "Small"\nglobs = ["Small.+"]\n'
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


@pytest.mark.parametrize("confined", [True, False])
def test_an_installed_lean_runs_confined_where_something_confines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, confined: bool
) -> None:
    if confined and isolation.available()[0] == "none":
        pytest.skip("nothing confines here")
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    if not confined:
        monkeypatch.setattr(isolation, "available", lambda: ("none",))
    secret = tmp_path / "secret"
    secret.write_text("secret")
    lean = installation(tmp_path, answers_and_opens("Lean (version 4.28.0, x86_64, Release)", secret))
    provider = read_installed(lean)
    assert provider.info.version == "4.28.0"
    assert (provider.info.isolation != "none") == confined
    source = tmp_path / "work" / "A.lean"
    source.parent.mkdir()
    source.write_text("")
    with provider.pool(1, time_limit=10) as pool:
        assert pool.elaborate(Job(source=source)).ok == confined  # it ends with 1 where it reads the secret


def installation(folder: Path, program: bytes) -> Path:
    """Install ``program`` as a ``lean`` and return its place."""
    lean, library = folder / "lean" / "bin" / "lean", folder / "lean" / "lib" / "lean"
    for each in (lean.parent, library):
        each.mkdir(parents=True)
    lean.write_bytes(program)
    lean.chmod(0o755)
    (library / "Init.olean").write_bytes(b"olean")
    return lean


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("by", isolation.available())
def test_no_lean_outlives_the_program(tmp_path: Path, end: signal.Signals, by: str) -> None:
    lean = installation(tmp_path, answers_and_waits("Lean (version 4.28.0, x86_64, Release)"))
    source = tmp_path / "work" / "A.lean"
    source.parent.mkdir()
    source.write_text("")
    program = f"""
import threading
from pathlib import Path
from lean_bridge.toolchain import installed, isolation
from lean_bridge.toolchain.provider import Job
isolation.available = lambda: ({by!r},)
with installed.read_installed(Path({str(lean)!r})).pool(1, time_limit=100) as pool:
    job = threading.Thread(target=pool.elaborate, args=[Job(source=Path({str(source)!r}))])
    job.start()
    job.join()
"""
    environment = os.environ | {"LEAN_BRIDGE_CACHE": str(tmp_path / "cache")}
    running = subprocess.Popen([sys.executable, "-c", program], env=environment)
    try:
        wait_until(lambda: bool(at_work(lean)), 60)
        running.send_signal(end)
        running.wait(30)
        wait_until(lambda: not at_work(lean), 30)
    finally:
        running.kill()
        running.wait()
        for pid in at_work(lean):
            os.kill(pid, signal.SIGKILL)


def at_work(lean: Path) -> list[int]:
    """Return the processes of this ``lean`` that were given a file."""
    listing = subprocess.run(["ps", "-Aww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 1) for line in listing.stdout.splitlines()]
    return [int(pid) for pid, command in rows if command.startswith(f"{lean} --json")]


def test_what_a_lean_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "available", lambda: ("none",))
    script, left = tmp_path / "script", tmp_path / "left"
    script.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {left}\n")
    script.chmod(0o755)
    lean = installation(tmp_path, runs(script))
    (tmp_path / "A.lean").write_text("")
    worker = InstalledWorker(lean, lean.parent.parent / "lib" / "lean")
    assert worker.run(Job(source=tmp_path / "A.lean"), 60).status == 0
    wait_until(lambda: not is_running(int(left.read_text())), 10)


def test_who_starts_a_lean_may_be_gone_before_it_begins(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    command = isolated(["/bin/sh", "-c", f"echo > {ran}"], by="none", attached=True).command
    adopted = f"import subprocess, sys; sys.exit(subprocess.run({command!r}).returncode)"
    said = subprocess.run([sys.executable, "-c", adopted], capture_output=True, text=True, check=False)
    assert said.returncode == confine.REFUSED
    assert "is gone" in said.stderr
    assert not ran.exists()


@pytest.mark.skipif("landlock" not in isolation.available(), reason="the kernel has no Landlock in force")
def test_a_confined_command_cannot_detach_itself() -> None:
    detach = "import ctypes; do = ctypes.CDLL(None).prctl; print(do(1, 0, 0, 0, 0), do(21, 0, 0, 0, 0))"
    confined = isolated(
        [Path(sys.executable).resolve(), "-I", "-S", "-c", detach],
        read=[Path(sys.base_prefix)],
        by="landlock",
        attached=True,
    )
    said = subprocess.run(confined.command, env=confined.env, capture_output=True, text=True, check=False)
    assert said.stdout == "-1 2\n", said.stderr  # the other call is answered: a filter is in force
