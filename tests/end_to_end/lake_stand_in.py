"""Does as Lake does towards who calls it, and compiles by the embedded Lean.

It prints what Lake prints, ends as Lake ends, and leaves compiled files where Lake leaves them, with a trace
by which what is up to date is not compiled again.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from lean_bridge.build.modules import Library, Module, read_library
from lean_bridge.toolchain.embedded_worker import EmbeddedWorker
from lean_bridge.toolchain.messages import parse_messages
from lean_bridge.toolchain.node import node_binary
from lean_bridge.toolchain.node_process import Started
from lean_bridge.toolchain.provider import Job

TRANSLATED = "translated.toml"
"""What a package may have beside its lakefile, for what Lake would write it as."""


def main(toolchain: str, directory: str, calls: str) -> NoReturn:
    """Answer the command of this process."""
    with Path(calls).open("a") as log:
        log.write(" ".join(["lake", *sys.argv[1:]]) + "\n")
    match sys.argv[1:]:
        case ["build", *targets]:
            _build(Path(toolchain), directory, [each.removeprefix("+") for each in targets])
        case ["env"]:
            _say("LAKE=lake", f"LEAN_PATH=./{directory}:/nowhere", "PATH=/bin")
        case ["translate-config", "toml", out] if not Path(out).exists():
            if not Path(TRANSLATED).is_file():
                _fail("lakefile.lean:3:0: error: it does not elaborate", "error: ././lakefile.lean: failed")
            Path(out).write_text(Path(TRANSLATED).read_text())
        case _:
            _fail(f"error: unknown command {sys.argv[1:]}")
    sys.exit(0)


def _build(toolchain: Path, directory: str, targets: list[str]) -> None:
    if Path("broken-manifest").exists():
        _fail("error: dependency 'dep' not in manifest; use `lake update dep` to add it")
    library = read_library(Path.cwd(), toolchain / "lib").closure(targets)
    failed: list[str] = []
    worker = EmbeddedWorker(Started(node_binary(), toolchain))
    for number, module in enumerate(library.modules, 1):
        if set(module.imports) & {*failed}:
            failed.append(module.name)  # and nothing is said of it
            continue
        if not _make(
            worker, library.closure([module.name]), f"[{number}/{len(library.modules) + 1}]", directory
        ):
            failed.append(module.name)
    worker.close()
    if failed:
        _say("Some required targets logged failures:", *(f"- {each}" for each in failed))
        _fail("error: build failed")
    _say(f"Build completed successfully ({len(library.modules) + 1} jobs).")


def _make(worker: EmbeddedWorker, library: Library, number: str, directory: str) -> bool:
    module = library.modules[-1]
    olean = Path(directory, *module.name.split(".")).with_suffix(".olean").absolute()
    olean.parent.mkdir(parents=True, exist_ok=True)
    trace = olean.with_suffix(".trace")
    inputs = hashlib.sha256(
        repr([(each.content, each.options) for each in library.modules]).encode()
    ).hexdigest()
    kept = json.loads(trace.read_text()) if trace.is_file() else {}
    if kept.get("inputs") == inputs:
        _print("Replayed", number, module, kept["log"], fresh=False)
        return True
    answer = worker.run(
        Job(
            source=Path(module.file).absolute(),
            root=Path.cwd(),
            olean=olean,
            search_path=(Path(directory).absolute(),),
            options=module.options,
        ),
        100,
    )
    log = [
        f"{each.severity.removesuffix('rmation')}: {module.file}:{each.line}:{each.column}: {each.text}"
        for each in parse_messages(answer.stdout, module.file)
    ]
    _print("Built" if answer.status == 0 else "Building", number, module, log, fresh=True)
    if answer.status != 0:
        _say(f"error: Lean exited with code {answer.status}")
        return False
    trace.write_text(json.dumps({"inputs": inputs, "log": log}))
    return True


def _print(verb: str, number: str, module: Module, log: Iterable[str], *, fresh: bool) -> None:
    lines = list(log)
    icon = "✖" if verb == "Building" else "⚠" if lines else "✔"
    if fresh or lines:
        _say(f"{icon} {number} {verb} {module.name} (1.2s)")
    if verb == "Building":
        _say(f"trace: .> LEAN_PATH=./.lake/build/lib/lean lean {module.file}")
    _say(*lines)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _fail(*lines: str) -> NoReturn:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.exit(1)
