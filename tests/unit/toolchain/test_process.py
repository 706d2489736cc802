"""A process that cannot be started is one line that names it, whoever wanted it and whatever the reason."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lean_bridge.audit import provenance
from lean_bridge.errors import NoVerdict, ToolchainError, ToolchainNotFound, of_the_machine
from lean_bridge.kernel.replay import replay, to_report
from lean_bridge.kernel.session import SecondKernel, find_second_kernel
from lean_bridge.olean.environment import Environment
from lean_bridge.toolchain import process
from tests.unit.kernel.declarations import DATA


def no_program(folder: Path) -> Path:
    return folder / "gone"


def no_rights(folder: Path) -> Path:
    (folder / "plain").write_text("#!/bin/sh\n")
    (folder / "plain").chmod(0o644)
    return folder / "plain"


def a_directory(folder: Path) -> Path:
    return folder


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "program"


def no_format(folder: Path) -> Path:
    (folder / "odd").write_bytes(b"\0\1\2\3")
    (folder / "odd").chmod(0o755)
    return folder / "odd"


def a_zero_byte(folder: Path) -> Path:
    return folder / "pro\0gram"


FAULTS: list[Callable[[Path], Path]] = [
    no_program,
    no_rights,
    a_directory,
    below_a_file,
    no_format,
    a_zero_byte,
]
fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)


@fault
def test_a_program_that_does_not_start_is_named(tmp_path: Path, fault: Callable[[Path], Path]) -> None:
    program = fault(tmp_path)
    with (
        tempfile.TemporaryFile() as log,
        pytest.raises(ToolchainError, match="cannot be started: ") as caught,
    ):
        process.start([program], cwd=tmp_path, stderr=log)
    assert str(caught.value).startswith(f"{program}: ")
    assert "\n" not in str(caught.value)


def test_more_words_than_a_process_takes_are_an_error_of_the_same_kind(tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as log, pytest.raises(ToolchainError, match="Argument list too long"):
        process.start([sys.executable, "x" * (1 << 22)], cwd=tmp_path, stderr=log)


@pytest.fixture
def no_files() -> Iterator[None]:
    """Have this process open no further file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with tempfile.TemporaryFile() as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno() + 1, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("no_files")
def test_where_there_is_no_file_to_be_had_that_is_said() -> None:
    with os.fdopen(2, "wb", closefd=False) as log, pytest.raises(ToolchainError, match="Too many open files"):
        process.start([sys.executable], cwd=Path("/"), stderr=log)


@fault
def test_a_second_kernel_that_does_not_start_confirms_nothing(
    tmp_path: Path, fault: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(fault(tmp_path)))
    with pytest.raises(ToolchainNotFound, match=r"no second kernel: .*cannot be started: "):
        find_second_kernel()
    environment = Environment([DATA])
    environment.load("Native")
    replayed = replay(environment, ["swap"], kernel=SecondKernel(Path("unused"), "4.35.0", "a test"))
    assert "cannot be started" in (replayed.fault or "")
    assert to_report(replayed, allowed_axioms=()).verdict == "no verdict"


@pytest.mark.parametrize("raised", [SystemExit(1), OSError(12, "Cannot allocate memory"), ImportError("git")])
def test_a_lean_dojo_that_does_not_load_costs_no_verdict(
    raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "lean_dojo":
                raise raised

    monkeypatch.delitem(sys.modules, "lean_dojo", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    before = dict(os.environ)
    provenance._lean_dojo.cache_clear()
    assert provenance._lean_dojo() is None
    provenance._lean_dojo.cache_clear()
    assert dict(os.environ) == before


REFUSALS = [
    (OSError(24, "Too many open files"), "Too many open files"),
    (FileNotFoundError(2, "No such file or directory", "a\nb"), r"a\nb: No such file or directory"),
    (FileNotFoundError(2, "No such file or directory", b"a\xff"), r"a\udcff: No such file or directory"),
    (TimeoutError("the lock\ncould not be had"), "the lock could not be had"),
    (MemoryError(), "there is not enough memory: for what was asked"),
    (RuntimeError("can't start new thread"), "there is no thread to be had"),
]


@pytest.mark.parametrize(("error", "said"), REFUSALS, ids=lambda each: type(each).__name__)
def test_what_the_machine_refuses_is_one_line_and_no_verdict(error: Exception, said: str) -> None:
    refusal = of_the_machine(error)
    assert isinstance(refusal, NoVerdict)
    assert str(refusal).startswith(said)
    assert "\n" not in str(refusal)


@pytest.mark.parametrize("error", [RuntimeError("a fault"), BrokenPipeError(32, "Broken pipe"), ValueError()])
def test_what_the_machine_has_nothing_to_do_with_is_not_put_down_to_it(error: Exception) -> None:
    assert of_the_machine(error) is None


def test_what_has_lean_or_node_find_something_else_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped = ("NODE_OPTIONS", "NODE_PATH", "LEAN_PATH", "LEAN_SYSROOT", "LEAN_CC", "LEAN_OF_TOMORROW")
    kept = ("LEAN_BRIDGE_CACHE", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS")
    for name in (*dropped, *kept):
        monkeypatch.setenv(name, "said")
    program = "import os; print(*sorted(name for name, text in os.environ.items() if text == 'said'))"
    with tempfile.TemporaryFile() as said:
        started = process.start([sys.executable, "-c", program], cwd=tmp_path, stdout=said, stderr=said)
        assert process.collect(started, time_limit=60) == 0
        said.seek(0)
        line = said.read()
    assert line.decode().split() == sorted(kept)


@pytest.mark.parametrize("limit", [1e300, float("inf"), 1e12])
def test_a_limit_that_no_clock_takes_is_one_that_nobody_waits_for(tmp_path: Path, limit: float) -> None:
    with tempfile.TemporaryFile() as log:
        started = process.start(["echo", "said"], cwd=tmp_path, stderr=log)
        assert list(process.read_lines(started, time_limit=limit)) == [b"said"]
        assert process.collect(started, time_limit=limit) == 0
        assert started.stdout is not None
        started.stdout.close()
