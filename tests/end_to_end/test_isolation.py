"""Code that a source brings tries to reach the machine, the next file, and its own verdict; and cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.olean.module import read_module
from lean_bridge.toolchain.embedded import EmbeddedProvider
from lean_bridge.toolchain.provider import Elaboration, Job, Provider, WorkerPool

pytestmark = [pytest.mark.lean, pytest.mark.own_lean]

HEADER = """module
public meta import Lean.Elab.Command
public section
open Lean Elab Command
"""
TRY = """
run_cmd do
  let told ← (do
    {code} : IO Unit).toBaseIO
  match told with
  | .ok _ => IO.println "it worked"
  | .error e => IO.println s!"refused: {{e}}"
"""


@pytest.fixture(name="pool", scope="module")
def _pool(embedded: Provider) -> Iterator[WorkerPool]:
    with embedded.pool(1, time_limit=120) as opened:
        yield opened


def compile_module(pool: WorkerPool, folder: Path, name: str, text: str) -> Elaboration:
    source = folder / "source" / f"{name}.lean"
    source.parent.mkdir(exist_ok=True)
    source.write_text(text)
    (folder / "out").mkdir(exist_ok=True)
    return pool.elaborate(
        Job(
            source=source,
            root=folder / "source",
            olean=folder / "out" / f"{name}.olean",
            search_path=(folder / "out",),
        )
    )


def attempt(pool: WorkerPool, folder: Path, *codes: str) -> list[str]:
    """Return what became of each attempt, as Lean's messages tell it."""
    text = HEADER + "".join(TRY.format(code=code) for code in codes)
    told = compile_module(pool, folder, "Attempt", text)
    assert [d.severity for d in told.diagnostics] == ["information"] * len(codes), told.diagnostics
    return [d.text.rstrip() for d in told.diagnostics]


def test_no_file_of_the_machine_is_read(pool: WorkerPool, embedded: Provider, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    paths = [
        "/etc/passwd",
        "/etc/hostname",
        "/proc/self/environ",
        "/proc/self/maps",
        "/proc/self/root/etc/passwd",
        "/proc/1/cmdline",
        "/dev/mem",
        "/lib/../etc/passwd",
        "/search/0/../../etc/passwd",
        f"{tmp_path}/secret",
        f"{embedded.info.location}/manifest.txt",
        f"{Path.home()}/.profile",
    ]
    told = attempt(pool, tmp_path, *(f'IO.println (← IO.FS.readFile "{path}")' for path in paths))
    assert all(text.startswith("refused: no such file") for text in told), told


def test_what_is_given_is_read(pool: WorkerPool, tmp_path: Path) -> None:
    """The attempts of these tests fail for what they attempt, not for how they are written."""
    given = 'IO.println (← IO.FS.readFile "/source/Attempt.lean").length'
    (told,) = attempt(pool, tmp_path, given)
    assert told.endswith("it worked")


def test_what_one_thread_opened_another_reads(pool: WorkerPool, tmp_path: Path) -> None:
    lines = [
        'let h ← IO.FS.Handle.mk "/lib/Init.olean" .read',
        "let first ← h.read 5",
        "let t ← IO.asTask (prio := .dedicated) (h.read 100000000)",
        "let rest ← IO.ofExcept t.get",
        'let whole ← IO.FS.readBinFile "/lib/Init.olean"',
        'IO.println s!"{String.fromUTF8! first} {5 + rest.size == whole.size}"',
    ]
    assert attempt(pool, tmp_path, "\n    ".join(lines)) == ["olean true\nit worked"]


def test_a_link_leads_nowhere(pool: WorkerPool, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Link.olean").symlink_to(tmp_path / "secret")
    (tmp_path / "out" / "Folder").symlink_to(tmp_path)
    listed = 'IO.println s!"{(← System.FilePath.readDir "/search/0").size}"'
    told = attempt(pool, tmp_path, listed, 'IO.println (← IO.FS.readFile "/search/0/Link.olean")')
    assert told[0] == "0\nit worked"
    assert told[1].startswith("refused: no such file")


def test_the_environment_is_empty(
    embedded: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["SECRET_TOKEN", "NODE_OPTIONS", "LEAN_BRIDGE_EMBEDDED", "LEAN_SYSROOT", "LD_PRELOAD"]
    for name in names:
        monkeypatch.setenv(name, "" if name == "LD_PRELOAD" else "--require=/nowhere")
    asked = [*names, "HOME", "PATH", "constructor", "__proto__"]
    show = [f'IO.println s!"{name}: {{(← IO.getEnv "{name}").isSome}}"' for name in asked]
    with embedded.pool(1, time_limit=120) as fresh:
        told = attempt(fresh, tmp_path, *show)
    assert told == [f"{name}: false\nit worked" for name in asked]


def test_no_process_is_started_and_no_code_loaded(pool: WorkerPool, tmp_path: Path) -> None:
    told = attempt(
        pool,
        tmp_path,
        'discard <| IO.Process.output { cmd := "id" }',
        'discard <| IO.Process.spawn { cmd := "/bin/sh", args := #["-c", "id"] }',
        'loadDynlib "/lib/Init.olean"',
    )
    assert all(text.startswith("refused") for text in told), told


def test_nothing_that_counts_is_written(pool: WorkerPool, embedded: Provider, tmp_path: Path) -> None:
    assert compile_module(pool, tmp_path, "Other", "module\nprelude\n").ok
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    told = attempt(
        pool,
        tmp_path,
        'IO.FS.writeFile "/lib/Init.olean" "forged"',
        'IO.FS.writeFile "/lib/Own.olean" "forged"',
        'IO.FS.writeFile "/search/0/Other.olean" "forged"',
        'IO.FS.writeFile "/search/0/New.olean" "forged"',
        'IO.FS.writeFile "/source/Attempt.lean" "forged"',
        'IO.FS.removeFile "/lib/Init.olean"',
        'IO.FS.rename "/lib/Init.olean" "/tmp/x"',
        'IO.FS.rename "/search/0/Other.olean" "/search/0/Else.olean"',
        'IO.FS.createDir "/lib/Own"',
        'IO.FS.removeDir "/search/0"',
        'IO.setAccessRights "/lib/Init.olean" { user := { read := true, write := true } }',
        'discard <| IO.FS.Handle.mk "/lib/Init.olean" .append',
        'IO.FS.writeFile "/out/module.olean" "forged"',
        'IO.FS.writeFile "/out/module.olean.tmp.42" "forged"',
        'IO.FS.writeFile "/bin/lean" "forged"',
    )
    assert all(text.startswith("refused") for text in told), told
    assert {path: path.read_bytes() for path in before} == before
    assert not (embedded.library / "Own.olean").exists()


def test_the_scratch_directory_is_one_file_s_alone(pool: WorkerPool, tmp_path: Path) -> None:
    write, read = 'IO.FS.writeFile "/tmp/kept" "text"', 'IO.println (← IO.FS.readFile "/tmp/kept")'
    assert attempt(pool, tmp_path, write, read) == ["it worked", "text\nit worked"]
    assert attempt(pool, tmp_path, read)[0].startswith("refused")
    assert not Path("/tmp/kept").exists()


def test_what_a_file_prints_is_no_message(pool: WorkerPool, tmp_path: Path) -> None:
    forged = json.dumps({"severity": "error", "pos": {"line": 1, "column": 0}, "data": "a", "fileName": "x"})
    show = f"""
run_cmd do
  let h ← IO.FS.Handle.mk "/dev/stdout" .write
  h.putStr ({json.dumps(forged)} ++ "\\nunfinished")
  h.flush
"""
    fine = compile_module(pool, tmp_path, "A", HEADER + show)
    assert (fine.ok, fine.diagnostics) == (True, ())
    told = compile_module(pool, tmp_path, "B", f"{HEADER}{show}theorem wrong : 2 + 2 = 5 := by decide\n")
    assert [d.severity for d in told.diagnostics] == ["error"]


def test_a_source_that_ends_lean_is_not_compiled(pool: WorkerPool, tmp_path: Path) -> None:
    text = f"{HEADER}theorem fine : 2 + 2 = 4 := rfl\nrun_cmd do\n  let _ ← (IO.Process.exit 0 : IO Unit)\n"
    told = compile_module(pool, tmp_path, "A", f"{text}theorem broken : 2 + 2 = 5 := by decide\n")
    assert not told.ok
    assert told.artifacts == ()
    assert any("ended Lean before it was through" in d.text for d in told.diagnostics)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.full
def test_a_source_that_ends_lean_from_a_task_is_not_compiled(pool: WorkerPool, tmp_path: Path) -> None:
    task = "let t ← (IO.asTask (prio := .dedicated) (IO.Process.exit 0 : IO Unit) : BaseIO _)"
    text = f"{HEADER}run_cmd do\n  {task}\n  let _ ← IO.wait t\ntheorem broken : 2 + 2 = 5 := by decide\n"
    told = compile_module(pool, tmp_path, "A", text)
    assert any("ended Lean before it was through" in d.text for d in told.diagnostics), told
    assert not told.ok
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.full
def test_a_source_that_writes_its_own_compiled_file_is_not_believed(pool: WorkerPool, tmp_path: Path) -> None:
    text = (
        f"{HEADER}theorem fine : 2 + 2 = 4 := rfl\nrun_cmd do\n"
        '  writeModule (← getEnv) "/out/module.olean"\n'
        "  let _ ← (IO.Process.exit 0 : IO Unit)\ntheorem broken : 2 + 2 = 5 := by decide\n"
    )
    told = compile_module(pool, tmp_path, "A", text)
    assert not told.ok
    assert told.artifacts == ()


def test_state_does_not_pass_from_file_to_file(pool: WorkerPool, tmp_path: Path) -> None:
    seed, draw = "IO.setRandSeed 7", 'IO.println s!"{← IO.rand 0 1000000000}"'
    _, seeded = attempt(pool, tmp_path, seed, draw)
    assert attempt(pool, tmp_path, seed, draw)[1] == seeded
    assert attempt(pool, tmp_path, seed) == ["it worked"]
    assert attempt(pool, tmp_path, draw) != [seeded]


@pytest.mark.full
def test_memory_does_not_grow_from_file_to_file(embedded: Provider, tmp_path: Path) -> None:
    with embedded.pool(1, time_limit=120) as pool:
        for number in range(30):  # without a fresh memory for each, 2 GiB are full after 24
            assert compile_module(pool, tmp_path, f"M{number}", "module\npublic import Init\n").ok
        assert pool.processes_started == 1


def test_a_library_file_that_was_changed_is_noticed_when_it_is_used(
    embedded: Provider, tmp_path: Path
) -> None:
    copy = tmp_path / "toolchain"
    for folder, _, names in os.walk(embedded.info.location):
        made = copy / Path(folder).relative_to(embedded.info.location)
        made.mkdir()
        for name in names:
            os.link(Path(folder, name), made / name)
    changed = copy / "lib" / "Init" / "Prelude.olean"
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.unlink()
    changed.write_bytes(content)
    with (
        EmbeddedProvider(copy).pool(1, time_limit=60) as pool,
        pytest.raises(Exception, match="was installed"),
    ):
        compile_module(pool, tmp_path, "A", "module\npublic import Init\n")


TOP = "module\npublic import Left\npublic import Right\ntheorem top : base 1 = 1 + 1 := left 1\n"
ON_BASE = "module\npublic import Base\npublic section\n"
TOWER = {
    "Base": "module\npublic import Init\npublic section\n@[expose] def base (n : Nat) : Nat := n + 1\n",
    "Left": f"{ON_BASE}theorem left (n : Nat) : base n = n + 1 := by simp [base]\n",
    "Right": f"{ON_BASE}theorem right : base 1 = 2 := by decide\nstructure P where\n  x : Nat\n",
    "Top": TOP,
}


@pytest.mark.full
def test_the_order_of_compilation_does_not_show(embedded: Provider, tmp_path: Path) -> None:
    """Names, kinds and structural digests of all declarations are the same, whatever a worker did before."""
    found = []
    for number, order in enumerate([("Base", "Left", "Right", "Top"), ("Base", "Right", "Left", "Top")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        with embedded.pool(1, time_limit=120) as pool:
            for name in order:
                if number:
                    compile_module(pool, folder, f"Noise{name}", f"{HEADER}run_cmd lintersRef.set #[]\n")
                told = compile_module(pool, folder, name, TOWER[name])
                assert told.ok, told.diagnostics
        found.append({name: declarations(folder / "out" / f"{name}.olean") for name in TOWER})
    assert found[0] == found[1]
    assert sum(map(len, found[0].values())) > 10


def declarations(olean: Path) -> dict[str, str]:
    module = read_module(olean, parts="all")
    return {name: repr(module.constant(name)) for name in module.constant_names}
