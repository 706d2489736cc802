"""Lake, where it stands beside an installed Lean: it builds a project itself, and what it leaves is taken.

It runs what the project's lakefile says, with the rights of the user. What is compiled upon that is given to
the installed Lean, one file at a time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lean_bridge.errors import ToolchainError
from lean_bridge.names import module_name, module_path
from lean_bridge.toolchain import process
from lean_bridge.toolchain.installed import InstalledProvider
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Elaboration, Job, Provider, WorkerPool
from pybind_models import Diagnostic, Toolchain
from pybind_models.report import Severity

ANSWER_LIMIT: Final = 120.0
"""Seconds in which Lake has to answer what needs no build."""

_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_JOB: Final = re.compile(
    r"(?:[✔⚠✖ℹ] )?\[\d+/\d+\](?: \(Optional\))? \w+ (?P<caption>.*?)(?: \([\d.]+m?s\))?$"
)
"""What Lake says of a job, before its messages."""
_SAID: Final = re.compile(r"(?P<severity>error|warning|info|trace): (?P<rest>.*)$")
_OLDER: Final = re.compile(
    r"(?P<place>[^:\n]+\.lean:\d+:\d+): (?P<severity>error|warning|info): (?P<rest>.*)$"
)
"""A message as Lean prints it, which older Lakes pass on."""
_PLACED: Final = re.compile(
    r"(?P<file>[^:\n]+\.lean):(?P<line>\d+):(?P<column>\d+): (?P<rest>.*)$", re.DOTALL
)
_ENDS: Final = re.compile(r"Some required (?:targets|builds) logged failures:|Build completed successfully")
_FOLLOWS: Final = re.compile(r"(?:Lean|external command .*) exited with code (?P<code>\d+)$|build failed$")
"""Errors that say no more than that there was one, or that Lean crashed, which says nothing of the file."""
_MOST_LINES: Final = 5
"""Of one error of Lake's, where it is told in one line."""
_BESIDE: Final = (".ilean", ".ir")
"""What is compiled and no import reads that a proof could rest on."""
_LEVELS: Final[dict[str, Severity]] = {"error": "error", "warning": "warning", "info": "information"}


@dataclass(frozen=True, slots=True)
class Said:
    """What Lake said of one of its jobs."""

    job: str
    """The module, or what else Lake was at; empty for what it says of the whole."""
    diagnostics: tuple[Diagnostic, ...]
    """Their files are as Lake names them; empty, and line 1, where it names none."""


def parse_output(lines: Iterable[str]) -> Iterator[Said]:
    """Yield what Lake prints of its jobs, each as soon as it is complete."""
    job, severity = "", ""
    text: list[str] = []
    found: list[Diagnostic] = []
    for raw in lines:
        line = _ANSI.sub("", raw).rstrip()
        header, said, older = _JOB.match(line), _SAID.match(line), _OLDER.match(line)
        if not (header or said or older or _ENDS.match(line)):
            text.append(line)  # more of the same
            continue
        found += _message(severity, text)
        severity, text = "", []
        if header is not None or _ENDS.match(line):
            yield Said(job, tuple(found))
            job, found = header["caption"] if header is not None else "", []
        elif older is not None:
            severity, text = older["severity"], [f"{older['place']}: {older['rest']}"]
        elif said is not None:
            severity, text = said["severity"], [said["rest"]]
    yield Said(job, (*found, *_message(severity, text)))


def _message(severity: str, lines: Sequence[str]) -> Iterator[Diagnostic]:
    text = "\n".join(lines).rstrip()
    if severity in _LEVELS and not _FOLLOWS.match(text):
        place = _PLACED.match(text)
        yield Diagnostic(
            file=place["file"] if place else "",
            line=int(place["line"]) if place else 1,
            column=int(place["column"]) if place else 0,
            severity=_LEVELS[severity],
            text=place["rest"] if place else text,
        )


@dataclass(frozen=True, slots=True)
class LakeProvider:
    """An installed Lean whose own Lake builds the project at ``root``."""

    lean: InstalledProvider
    lake: Path
    root: Path

    @property
    def info(self) -> Toolchain:
        """Which Lean this is; what its Lake runs is confined by nothing."""
        return self.lean.info.replaced(isolation="none", through_lake=True)

    @property
    def library(self) -> Path:
        """See :class:`lean_bridge.toolchain.provider.Provider`."""
        return self.lean.library

    @contextmanager
    def pool(self, workers: int, *, time_limit: float) -> Iterator[WorkerPool]:
        """Open a pool; the limit is for each file that is not Lake's to compile."""
        with self.lean.pool(workers, time_limit=time_limit) as others:
            pool = LakePool(self.lake, self.root, others)
            try:
                yield pool
            finally:
                pool.close()

    def translated(self, package: Path) -> str:
        """Return the lakefile of a package as Lake writes it in TOML, for which Lake runs it.

        Raises: ToolchainError, with what Lake says, if it does not.
        """
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "lakefile.toml"
            status, said = _ask(self.lake, package, "translate-config", "toml", str(out))
            if status != 0 or not out.is_file():
                why = f"{_last(said)} ({process.ended(status)})"
                raise ToolchainError(f"{package}: Lake does not translate its lakefile: {why}")
            return out.read_text(encoding="utf-8", errors="replace")


def with_lake(lean: InstalledProvider, root: Path) -> LakeProvider | None:
    """Return a Lean whose own Lake builds the project at ``root``, or ``None`` where it has no Lake."""
    lake = lean.binary.with_name("lake.exe" if os.name == "nt" else "lake")
    return LakeProvider(lean, lake, root) if lake.is_file() else None


def translator(lean: Provider) -> Callable[[Path], str] | None:
    """Return what translates a lakefile that is a program, where a Lake is to be used."""
    return lean.translated if isinstance(lean, LakeProvider) else None


@dataclass(slots=True)
class _Build:
    """A run of ``lake build``."""

    said: list[Said] = field(default_factory=list)
    status: int | None = None
    """Lake's exit status, once it has ended."""
    search_path: tuple[Path, ...] = ()
    """Where Lake puts what it compiles, once it has ended."""
    failure: ToolchainError | None = None


class LakePool:
    """Has Lake compile what is of the project, in one run, and gives everything else to the Lean itself."""

    def __init__(self, lake: Path, root: Path, others: WorkerPool) -> None:
        self._lake = lake
        self._root = root
        self._others = others
        self._changed = threading.Condition()
        self._build: _Build | None = None
        self._thread: threading.Thread | None = None
        self._running: set[subprocess.Popen[bytes]] = set()
        self._digests: dict[str, str] = {}
        """Of the compiled files that Lake left, once it has ended."""
        self._is_closed = False
        self._started = 0

    @property
    def processes_started(self) -> int:
        """How many processes there have been so far, those of Lake among them."""
        return self._started + self._others.processes_started

    def elaborate(self, job: Job) -> Elaboration:
        """See :class:`lean_bridge.toolchain.provider.WorkerPool`; a refusal is told once Lake has printed it.

        A file is accepted where Lake says, with its exit status, that it is built as it stands.
        Raises: ToolchainError also where Lake fails for another reason than the file, or the file was edited.
        """
        if job.file is None or job.root is None or job.olean is None:
            return self._others.elaborate(job)
        module = module_name(job.source.relative_to(job.root).with_suffix("").parts)
        said, build = self._awaited(job, module)
        if build.status and not _has_error(said):
            said = self._alone(job, module)
        if is_refused := _has_error(said):
            artifacts: tuple[Path, ...] = ()
        else:
            self._check_unchanged(job)
            self._check_same(job, build.search_path)
            artifacts = self._taken(job, module, build.search_path)
        return Elaboration(
            source=job.source, ok=not is_refused, seconds=0.0, diagnostics=said, artifacts=artifacts
        )

    def close(self) -> None:
        """End Lake, and all that it started."""
        with self._changed:
            self._is_closed = True
            running = list(self._running)
            self._changed.notify_all()
        for lake in running:
            process.end(lake)
        if self._thread is not None:
            self._thread.join()

    def _awaited(self, job: Job, module: str) -> tuple[tuple[Diagnostic, ...], _Build]:
        """Return what Lake says of a file, as soon as it has refused it or ended."""
        with self._changed:
            if self._build is None:
                self._build = _Build()
                self._thread = threading.Thread(
                    target=self._run, args=(self._build, job.targets), daemon=True
                )
                self._thread.start()
            build = self._build
            while True:
                if self._is_closed:
                    raise ToolchainError("the pool was closed while Lake was building")
                if build.failure is not None:
                    raise build.failure
                said = self._about(build.said, job, module)
                if build.status is not None or _has_error(said):
                    return said, build
                self._changed.wait()

    def _run(self, build: _Build, targets: Iterable[str]) -> None:
        try:
            with self._started_lake("build", *(f"+{module}" for module in targets)) as lake:
                lines = process.read_lines(lake, time_limit=process.LONGEST)
                for said in parse_output(line.decode("utf-8", "replace") for line in lines):
                    with self._changed:
                        build.said.append(said)
                        self._changed.notify_all()
                status = process.collect(lake, time_limit=process.LONGEST)
            _, answer = _ask(self._lake, self._root, "env")
            paths = [line.removeprefix("LEAN_PATH=") for line in answer if line.startswith("LEAN_PATH=")]
            entries = paths[-1].split(os.pathsep) if paths else []
            with self._changed:
                build.search_path = tuple(self._root / entry for entry in entries if entry)
                build.status = status
                self._changed.notify_all()
        except (ToolchainError, OSError, ValueError) as error:
            with self._changed:
                build.failure = ToolchainError(f"{self._lake}: {error}")
                self._changed.notify_all()

    def _alone(self, job: Job, module: str) -> tuple[Diagnostic, ...]:
        """Return what Lake says of one module, where it failed over others.

        Raises: ToolchainError if it fails over this one, and has nothing against it.
        """
        with self._started_lake("build", f"+{module}") as lake:
            lines = [
                line.decode("utf-8", "replace")
                for line in process.read_lines(lake, time_limit=process.LONGEST)
            ]
            status = process.collect(lake, time_limit=process.LONGEST)
        said = self._about(parse_output(lines), job, module)
        if status != 0 and not _has_error(said):
            raise ToolchainError(
                f"{self._root}: Lake does not build {job.file}, and has nothing against it: {_last(lines)} "
                f"({process.ended(status)})"
            )
        return said

    @contextmanager
    def _started_lake(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with self._changed:
            if self._is_closed:
                raise ToolchainError("the pool was closed while Lake was building")
            lake = process.start(
                [self._lake, *words], cwd=self._root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            self._running.add(lake)
            self._started += 1
        try:
            yield lake
        finally:
            process.end(lake)
            if lake.stdout is not None:
                lake.stdout.close()
            with self._changed:
                self._running.discard(lake)

    def _about(self, said: Iterable[Said], job: Job, module: str) -> tuple[Diagnostic, ...]:
        """Return the messages about a file: those that name it, and those of its job that name none."""
        assert job.file is not None
        file = os.path.normpath(self._root / job.file)
        return tuple(
            each.replaced(file=job.name)
            for block in said
            for each in block.diagnostics
            if (os.path.normpath(self._root / each.file) == file if each.file else block.job == module)
        )

    def _check_unchanged(self, job: Job) -> None:
        assert job.file is not None
        try:
            is_same = (self._root / job.file).read_bytes() == job.source.read_bytes()
        except OSError:
            is_same = False
        if not is_same:
            raise ToolchainError(f"{job.file}: was edited while Lake was building it; run it again")

    def _check_same(self, job: Job, search_path: Iterable[Path]) -> None:
        """Raise where Lake compiled the file upon other compiled files than were taken before."""
        for name, digest in job.digests.items():
            if name.endswith(_BESIDE):
                continue
            if name not in self._digests:
                places = (directory / name for directory in search_path)
                content = next((place.read_bytes() for place in places if place.is_file()), b"")
                self._digests[name] = hashlib.sha256(content).hexdigest()
            if self._digests[name] != digest:
                raise ToolchainError(
                    f"{job.file}: Lake compiled it upon another {name} than was taken before; run "
                    "`lean-bridge cache clear`, and build again"
                )

    def _taken(self, job: Job, module: str, search_path: Iterable[Path]) -> tuple[Path, ...]:
        """Copy what Lake compiled of a module to where it is asked for, and return the copies."""
        assert job.olean is not None
        for directory in search_path:
            places = {suffix: module_path(module, suffix) for suffix in ARTIFACT_SUFFIXES}
            found = {s: directory / place for s, place in places.items() if place is not None}
            if found[".olean"].is_file():
                taken = [suffix for suffix, file in found.items() if file.is_file()]
                for suffix in taken:
                    shutil.copyfile(found[suffix], job.olean.with_suffix(suffix))
                return tuple(job.olean.with_suffix(suffix) for suffix in taken)
        raise ToolchainError(
            f"{job.file}: Lake builds it, and leaves no compiled file of it on its search path; where it has "
            "them in its cache alone, set restoreAllArtifacts in the lakefile"
        )


def _has_error(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(each.severity == "error" for each in diagnostics)


def _ask(lake: Path, directory: Path, *words: str) -> tuple[int, list[str]]:
    """Return Lake's exit status, and what it prints, where it builds nothing.

    Raises: ToolchainError if it does not answer.
    """
    with tempfile.TemporaryFile() as answer:
        asked = process.start([lake, *words], cwd=directory, stdout=answer, stderr=subprocess.STDOUT)
        try:
            status = process.collect(asked, time_limit=ANSWER_LIMIT)
        except subprocess.TimeoutExpired as error:
            what = f"{lake}: no answer to `lake {words[0]}` within {ANSWER_LIMIT:g} s"
            raise ToolchainError(what) from error
        answer.seek(0)
        return status, answer.read().decode("utf-8", "replace").splitlines()


def _last(lines: Sequence[str]) -> str:
    """Return what Lake said against it last, in one line: with what it goes on with below."""
    said = [line for raw in lines if (line := _ANSI.sub("", raw).strip())]
    errors: list[list[str]] = []
    is_open = False
    for line in said:
        if line.startswith("error: "):
            errors.append([line.removeprefix("error: ")])
        elif is_open and not any(each.match(line) for each in (_JOB, _SAID, _OLDER, _ENDS)):
            errors[-1].append(line)
            continue
        is_open = line.startswith("error: ")
    more = [
        each
        for each in errors
        if (match := _FOLLOWS.match(each[0])) is None or match["code"] not in (None, "1")
    ]
    last = (more or [said[-1:] or ["it said nothing"]])[-1]
    return " ".join(last[:_MOST_LINES]) + (" …" if len(last) > _MOST_LINES else "")
