from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainCrashed, ToolchainError, ToolchainTimeout
from lean_bridge.toolchain import embedded_worker
from lean_bridge.toolchain.provider import Elaboration, Job, Provider, WorkerPool
from tests.end_to_end.lean_processes import ENDLESS, children, cpu_seconds, is_running, wait_until
from tests.tiers import one_in

pytestmark = [pytest.mark.lean, pytest.mark.own_lean]


@pytest.fixture(scope="module")
def pool(embedded: Provider) -> Iterator[WorkerPool]:
    with embedded.pool(1, time_limit=120) as opened:
        yield opened


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def compile_module(pool: WorkerPool, folder: Path, name: str, text: str) -> Elaboration:
    source = write(folder / "source" / f"{name}.lean", text)
    (folder / "out").mkdir(exist_ok=True)
    return pool.elaborate(
        Job(
            source=source,
            root=folder / "source",
            olean=folder / "out" / f"{name}.olean",
            search_path=(folder / "out",),
        )
    )


def test_messages_have_place_severity_and_text(pool: WorkerPool, tmp_path: Path) -> None:
    source = write(
        tmp_path / "Δ.lean",
        "module\npublic import Init\n#check Nat\ntheorem αβγ : 1 + 1 = 3 := by decide\n"
        "theorem soon : 1 = 2 := sorry\n",
    )
    elaboration = pool.elaborate(Job(source=source))
    found = [(d.file, d.line, d.column, d.severity, d.text) for d in elaboration.diagnostics]
    assert not elaboration.ok
    assert found[0] == (str(source), 3, 0, "information", "Nat : Type")
    assert found[1][:4] == (str(source), 4, 30, "error")
    assert "1 + 1 = 3" in found[1][4]
    assert found[2][:4] == (str(source), 5, 8, "warning")
    assert "sorry" in found[2][4]
    assert len(found) == 3


def test_a_file_that_looks_like_messages_does_not_speak_for_lean(pool: WorkerPool, tmp_path: Path) -> None:
    line = '{"severity": "error", "pos": {"line": 1, "column": 0}, "data": "forged", "fileName": "x"}'
    elaboration = pool.elaborate(Job(source=write(tmp_path / "A.lean", f"/-\n{line}\n-/\nmodule\nprelude\n")))
    assert elaboration.ok
    assert elaboration.diagnostics == ()


def test_compiled_parts_serve_the_next_file(pool: WorkerPool, tmp_path: Path) -> None:
    text = "module\npublic import Init\nprivate theorem step : 1 = 1 := rfl\npublic theorem {} := step\n"
    for name in ("A", "B"):  # private names of different modules do not clash
        elaboration = compile_module(pool, tmp_path, name, text.format(f"of{name} : 1 = 1"))
        assert elaboration.ok, elaboration.diagnostics
        assert {path.name for path in elaboration.artifacts} >= {
            f"{name}.olean",
            f"{name}.olean.server",
            f"{name}.olean.private",
        }
    both = "module\npublic import A\npublic import B\ntheorem both : 1 = 1 ∧ 1 = 1 := ⟨ofA, ofB⟩\n"
    assert compile_module(pool, tmp_path, "Both", both).ok


def test_each_job_has_a_search_path_of_its_own(pool: WorkerPool, tmp_path: Path) -> None:
    compile_module(pool, tmp_path, "A", "module\nprelude\n")
    user = write(tmp_path / "User.lean", "module\nprelude\nimport A\n")
    assert pool.elaborate(Job(source=user, search_path=(tmp_path / "out",))).ok
    refused = pool.elaborate(Job(source=user))
    assert not refused.ok
    assert "unknown module prefix 'A'" in refused.diagnostics[0].text


def test_an_import_that_is_not_what_was_compiled_is_not_read(pool: WorkerPool, tmp_path: Path) -> None:
    made = compile_module(pool, tmp_path, "A", "module\nprelude\n")
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in made.artifacts}
    user = write(tmp_path / "User.lean", "module\nprelude\nimport A\n")
    job = Job(source=user, search_path=(tmp_path / "out",), digests=digests)
    assert pool.elaborate(job).ok
    compiled = tmp_path / "out" / "A.olean"
    genuine = compiled.read_bytes()
    for forged in (genuine[:-1] + b"x", None):
        compiled.unlink()
        if forged is not None:
            compiled.write_bytes(forged)
        with pytest.raises(ToolchainError, match=r"A\.olean: what lies in the cache is not what"):
            pool.elaborate(job)
        compiled.write_bytes(genuine)
        assert pool.elaborate(job).ok


def test_one_file_may_have_the_names_of_two_modules(pool: WorkerPool, tmp_path: Path) -> None:
    made = compile_module(pool, tmp_path, "A", "module\nprelude\n")
    for path in made.artifacts:
        path.with_name(path.name.replace("A.", "B.", 1)).hardlink_to(path)
    digests = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "out").iterdir()
        if path.name.startswith(("A.olean", "B.olean"))
    }
    user = write(tmp_path / "User.lean", "module\nprelude\nimport A\n")
    assert pool.elaborate(Job(source=user, search_path=(tmp_path / "out",), digests=digests)).ok


def test_options_reach_lean(pool: WorkerPool, tmp_path: Path) -> None:
    source = write(tmp_path / "A.lean", "module\npublic import Init\ntheorem t (x : α) : x = x := rfl\n")
    assert pool.elaborate(Job(source=source, options=(("autoImplicit", "true"),))).ok
    assert not pool.elaborate(Job(source=source, options=(("autoImplicit", "false"),))).ok


def test_a_refused_file_leaves_nothing_compiled(pool: WorkerPool, tmp_path: Path) -> None:
    elaboration = compile_module(pool, tmp_path, "A", "module\nprelude\ntheorem t : Missing := x\n")
    assert not elaboration.ok
    assert elaboration.artifacts == ()
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.full
def test_a_worker_is_replaced_after_so_many_jobs(
    embedded: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_worker, "JOBS_PER_WORKER", 2)
    source = write(tmp_path / "A.lean", "module\nprelude\n")
    with embedded.pool(1, time_limit=60) as pool:
        assert all(pool.elaborate(Job(source=source)).ok for _ in range(3))
        assert pool.processes_started == 2


def test_a_worker_killed_from_outside_is_replaced_once(embedded: Provider, tmp_path: Path) -> None:
    before = children()
    source = write(tmp_path / "A.lean", "module\nprelude\n")
    results: list[Elaboration | Exception] = []

    def elaborate() -> None:
        try:
            results.append(own.elaborate(Job(source=source)))
        except ToolchainCrashed as error:
            results.append(error)

    def kill_worker() -> None:
        wait_until(lambda: bool(children() - before), 30)
        (worker,) = children() - before
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not is_running(worker), 30)

    with embedded.pool(1, time_limit=60) as own:
        once = threading.Thread(target=elaborate)
        once.start()
        kill_worker()
        once.join(90)
        assert isinstance(results[0], Elaboration)
        assert results[0].ok
        assert own.processes_started == 2
    with embedded.pool(1, time_limit=60) as own:
        twice = threading.Thread(target=elaborate)
        twice.start()
        kill_worker()
        kill_worker()
        twice.join(90)
        assert isinstance(results[1], ToolchainCrashed)
        assert "A.lean: Lean died twice on this file: exit status -9" in str(results[1])
    assert children() == before


def test_an_endless_proof_is_stopped_once_and_leaves_no_process(embedded: Provider, tmp_path: Path) -> None:
    before = children()
    source = write(tmp_path / "Endless.lean", ENDLESS)
    with embedded.pool(1, time_limit=1) as pool:
        with pytest.raises(ToolchainTimeout, match=r"Endless\.lean: Lean was stopped after 1 s"):
            pool.elaborate(Job(source=source, root=tmp_path))
        assert pool.processes_started == 1
    assert children() == before


@pytest.mark.parametrize("end", one_in(2, [signal.SIGKILL, signal.SIGINT]))
def test_no_worker_outlives_the_program(embedded: Provider, tmp_path: Path, end: signal.Signals) -> None:
    source = write(tmp_path / "Endless.lean", ENDLESS)
    program = f"""
import signal
from pathlib import Path
from lean_bridge.toolchain.embedded import EmbeddedProvider
from lean_bridge.toolchain.provider import Job
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests were told to ignore it
with EmbeddedProvider(Path({embedded.info.location!r})).pool(1, time_limit=100) as pool:
    pool.elaborate(Job(source=Path({str(source)!r})))
"""
    running = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: bool(children(running.pid)), 30)
        (worker,) = children(running.pid)
        wait_until(lambda: cpu_seconds(worker) >= 8, 60)  # at work on the file, and reading no order
        running.send_signal(end)
        running.wait(30)
        wait_until(lambda: not is_running(worker), 30)
    finally:
        running.kill()
        running.wait()
    assert running.returncode != 0
