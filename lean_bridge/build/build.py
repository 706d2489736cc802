"""Builds a library: every module once, imports before importers, and only what is not in the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import filelock

from lean_bridge.build.account import check_plain, find_unaccounted, read_whole
from lean_bridge.build.as_module import Handed, cannot_be_turned, handed, refused_import
from lean_bridge.build.bypass import check_options, check_was_read, ends_early, passes_the_kernel_by
from lean_bridge.build.cache import build_store, size_limit, tidy
from lean_bridge.build.elsewhere import with_whereabouts
from lean_bridge.build.grammar import LEAN_S, Grammar, read_grammar
from lean_bridge.build.lean_options import refused_option
from lean_bridge.build.modules import Library, Module, generated_library, read_library
from lean_bridge.build.schedule import Schedule
from lean_bridge.build.store import Entry, Refusal, module_keys, placed, source_place
from lean_bridge.codes import Code
from lean_bridge.errors import (
    Declined,
    LeanBridgeError,
    OleanError,
    ProjectNotFound,
    SourceOutside,
    ToolchainCrashed,
    ToolchainError,
)
from lean_bridge.events import BuildEvent, BuildStarted, ModuleFinished, ModuleStarted, Spent, spending
from lean_bridge.olean.module import read_module
from lean_bridge.toolchain.limits import limit_met
from lean_bridge.toolchain.provider import Job, Provider, WorkerPool
from pybind_models import BuildReport, Diagnostic, ModuleReport

_COMPILED = ("built", "cached")
TIME_LIMIT = 300.0
"""Seconds one file may take, unless the caller says otherwise."""


def build_library(
    root: Path,
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[BuildEvent], None] = lambda _: None,
    only: Collection[str] | None = None,
    time_limit: float = TIME_LIMIT,
) -> tuple[BuildReport, Path]:
    """Build the library under ``root`` and return the report and the directory of its compiled files.

    The directory serves as a search path. ``only`` names the modules to build, with what they import; without
    it all are. ``observe`` is called from this thread. A module in the store starts no Lean process.
    A module that names a way round Lean's kernel, or has an import that leads nowhere or in a circle, is
    ``failed``; ``unsupported``, if all there is against it is that what it declares cannot be told, or that
    other packages may have what it imports. Neither is compiled, nor is what imports it.
    Raises: ProjectNotFound, also for an option that Lean does not take; BuildFailed if the lakefile names a
    way round Lean's kernel; ToolchainError if Lean gives no answer.
    """
    library = read_library(root, provider.library)
    if only is not None:
        library = library.closure(only)
    return build_modules(library, provider, workers=workers, observe=observe, time_limit=time_limit)


def build_modules(
    library: Library,
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[BuildEvent], None] = lambda _: None,
    time_limit: float = TIME_LIMIT,
    fresh: bool = False,
) -> tuple[BuildReport, Path]:
    """Build a library whose sources were read; see :func:`build_library`.

    What is compiled is what was read, whatever becomes of the files meanwhile. What Lean refused before, with
    these messages, is not elaborated again, unless ``fresh``.
    """
    check_options(library.modules)
    return _build(library, provider, workers, observe, time_limit, finds_limits=True, fresh=fresh)


def build_generated(
    sources: Mapping[str, str],
    built_upon: Sequence[Path],
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[BuildEvent], None] = lambda _: None,
    time_limit: float = TIME_LIMIT,
) -> tuple[BuildReport, Path]:
    """Compile texts, by the names of their modules, upon built libraries; see :func:`build_library`.

    The texts may import each other. ``built_upon`` are directories that this function or
    :func:`build_library` returned; their names stand for their content in the keys, so no text is elaborated
    twice. No two may share the first component of a module name, nor may the texts with them. A module that
    Lean refuses is ``failed`` in the report, with Lean's messages. The directory returned holds these modules
    only.
    Raises: BuildFailed if the imports are at fault; ToolchainError if Lean gives no answer.
    """
    generated = generated_library(sources, built_upon, provider.library)
    return _build(generated, provider, workers, observe, time_limit)


def _build(
    library: Library,
    provider: Provider,
    workers: int,
    observe: Callable[[BuildEvent], None],
    time_limit: float,
    *,
    finds_limits: bool = False,
    fresh: bool = False,
) -> tuple[BuildReport, Path]:
    """Build a library. With ``finds_limits`` what Lean cannot do here is told from what it refuses."""
    began, most = time.monotonic(), size_limit()
    observe(BuildStarted(tuple(module.name for module in library.modules)))
    with ThreadPoolExecutor(workers) as executor, provider.pool(workers, time_limit=time_limit) as pool:
        build = _Build(library, provider, pool, observe, time_limit, finds_limits, fresh)
        earlier = pool.processes_started
        with spending(observe, "collect"):
            build.collect()
        build.run(executor, workers)
        with spending(observe, "settle"):
            build.settle()
        report = BuildReport(
            toolchain=provider.info,
            modules=tuple(build.reports[module.name] for module in library.modules),
            seconds=time.monotonic() - began,
            lean_processes=pool.processes_started - earlier,
            left_out=library.left_out,
        )
    tidy(most)
    return report, build.tree


class _Build:
    """One build under way; only ``_make`` runs outside the calling thread."""

    def __init__(
        self,
        library: Library,
        provider: Provider,
        pool: WorkerPool,
        observe: Callable[[BuildEvent], None],
        time_limit: float,
        finds_limits: bool,
        fresh: bool,
    ) -> None:
        self._library = library
        self._toolchain = provider.info
        self._finds_limits = finds_limits
        self._fresh = fresh
        # where nothing isolates, what Lean says may depend on anything; generated texts are few
        self._remembers_refusals = finds_limits and provider.info.isolation != "none"
        self._pool = pool
        self._observe = observe
        self._store = build_store()
        self._keys = module_keys(library, provider.info)
        self._handed = {module.name: handed(module, provider.info) for module in library.modules}
        self._not_asked = {name: said for name, said in self._beforehand() if said is not None}
        self._targets = library.names_without(self._not_asked)
        self._abandoned = threading.Event()
        self._time_limit = time_limit
        self._has_run = False
        self._entries: dict[str, Entry] = {}
        self._grammars: dict[str, Grammar] = {}
        self._spent: dict[str, tuple[Spent, ...]] = {}
        """What it took Lean to make modules that are not finished yet."""
        self.tree = self._store.tree(self._keys)
        self.reports: dict[str, ModuleReport] = {}

    def collect(self) -> None:
        """Take every module from the store that is there."""
        self._store.clear(self.tree, spare=self._keys)
        for module in self._library.modules:
            report = self._not_asked.get(module.name) or self._from_store(module)
            if report is not None:
                self._finish(report)

    def run(self, executor: ThreadPoolExecutor, workers: int) -> None:
        """Make the others, those first that the longest chain of importers waits for."""
        waiting = {each.name: each for each in self._library.modules if each.name not in self.reports}
        schedule = Schedule({name: module.imports for name, module in waiting.items()})
        running = set[Future[ModuleReport]]()
        try:
            while True:
                while len(running) < workers and (name := schedule.take()) is not None:
                    module = waiting[name]
                    if any(self.reports[imported].state not in _COMPILED for imported in module.imports):
                        self._finish(self._report(module, "blocked"))
                        schedule.finish(name)
                        continue
                    self._has_run = True
                    self._observe(ModuleStarted(name))
                    running.add(executor.submit(self._make, module))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    report = future.result()
                    self._finish(report)
                    schedule.finish(report.module)
        except BaseException:
            self._abandoned.set()
            raise

    def settle(self) -> None:
        """Leave the compiled modules in the tree, as they were stored, and nothing else.

        Where nothing was made since they were taken, they are there already.
        Raises: ToolchainError if one was changed since, as code that another module brings can do where
        nothing isolates it.
        """
        if not self._has_run:
            return
        self._store.clear(self.tree, spare=self._entries)
        for name, entry in self._entries.items():
            if self.reports[name].state == "built" and not self._store.is_intact(self._keys[name], entry):
                raise ToolchainError(
                    f"{self.reports[name].file}: its compiled files were changed while others were made; "
                    "see what else writes into the cache, and build again",
                    code=Code.NOT_AUTHENTIC,
                )
            self._store.place(self._keys[name], entry, self.tree)

    def _beforehand(self) -> Iterator[tuple[str, ModuleReport | None]]:
        """Yield what becomes of each source whatever Lean may say of it: such a one Lean is never handed."""
        for module in self._library.modules:
            yield module.name, self._unasked(module)

    def _unasked(self, module: Module) -> ModuleReport | None:
        if module.refused is not None:
            return self._unread(module, module.refused)
        if self._finds_limits and (bypass := passes_the_kernel_by(module)) is not None:
            report = self._report(module, "failed", diagnostics=(bypass,))
            return report.replaced(code=Code.KERNEL_SKIPPED)
        if self._finds_limits and (why := ends_early(module)) is not None:
            return self._declined(module, why)
        if module.bad_imports:
            return self._badly_importing(module)
        if (why := cannot_be_turned(module, self._toolchain)) is not None:
            return self._report(module, "failed").replaced(state="unsupported", limit=why)
        ordinary = {name for name in module.imports if self._handed[name].is_turned}
        said = refused_import(module, ordinary)
        return self._report(module, "failed", diagnostics=(said,)) if said is not None else None

    def _unread(self, module: Module, why: LeanBridgeError) -> ModuleReport:
        """Return the report of a module whose source was not read; a link is rejected."""
        said = Diagnostic(file=module.file, line=1, column=0, severity="error", text=str(why))
        if isinstance(why, SourceOutside):
            return self._report(module, "failed", diagnostics=(said,)).replaced(code=why.code)
        limit = f"{module.file}: {why}"
        return self._report(module, "failed").replaced(state="unsupported", limit=limit, code=why.code)

    def _declined(self, module: Module, why: str) -> ModuleReport:
        """Return the report of a module of which nobody can tell what its source declares."""
        report = self._report(module, "failed")
        return report.replaced(state="unsupported", limit=why, code=Code.SOURCE_NOT_ACCOUNTED)

    def _badly_importing(self, module: Module) -> ModuleReport:
        """Return the report of a module whose imports are bad, which Lean is not asked about."""
        report, bad = self._report(module, "failed"), module.bad_imports
        if all(each.is_elsewhere for each in bad):
            limit = f"{module.file}:{bad[0].line}: {bad[0].text}"
            return report.replaced(state="unsupported", limit=limit)
        said = tuple(
            Diagnostic(file=module.file, line=each.line, column=0, severity="error", text=each.text)
            for each in bad
        )
        return report.replaced(code=Code.BUILD_FAILED, diagnostics=said)

    def _report(
        self,
        module: Module,
        state: Literal["built", "failed", "blocked"],
        seconds: float = 0.0,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> ModuleReport:
        return ModuleReport(
            module=module.name,
            file=module.file,
            state=state,
            seconds=seconds,
            diagnostics=diagnostics,
            as_module=self._handed[module.name].is_turned,
        )

    def _finish(self, report: ModuleReport) -> None:
        self.reports[report.module] = report
        for each in self._spent.pop(report.module, ()):
            self._observe(each)
        self._observe(ModuleFinished(report))

    def _make(self, module: Module) -> ModuleReport:
        key = self._keys[module.name]
        with self._locked(module, key):
            made_meanwhile = self._from_store(module)
            if made_meanwhile is not None:
                return made_meanwhile
            with self._store.scratch() as scratch:
                # Lean gets bytes that the key is a digest of, whatever happens to the source meanwhile.
                snapshot = scratch / "source" / source_place(module.name)
                snapshot.parent.mkdir(parents=True)
                snapshot.write_bytes(self._handed[module.name].content)
                artifacts = scratch / "artifacts"
                artifacts.mkdir()
                elaboration = self._pool.elaborate(
                    Job(
                        source=snapshot,
                        root=scratch / "source",
                        search_path=(self.tree, *self._library.built_upon),
                        digests=self._placed_digests(),
                        olean=artifacts / "module.olean",
                        options=module.options,
                        file=module.file if self._library.lakefile is not None else None,
                        targets=self._targets,
                    )
                )
                self._spent[module.name] = elaboration.spent
                said = map(self._handed[module.name].told, elaboration.diagnostics)
                diagnostics = _about_file(module, said)
                if not elaboration.ok:
                    report = self._refused(module, elaboration.seconds, diagnostics)
                    if elaboration.is_final and report.state == "failed" and self._remembers_refusals:
                        self._store.refuse(key, Refusal(seconds=elaboration.seconds, diagnostics=diagnostics))
                    return report
                try:
                    check_was_read(module, diagnostics)
                    missing = _unaccounted(
                        module,
                        self._handed[module.name],
                        artifacts / "module.olean",
                        self._imported_grammar(module),
                    )
                except Declined as why:
                    return self._declined(module, str(why))
                if missing is not None:
                    failed = self._report(module, "failed", elaboration.seconds, (*diagnostics, missing))
                    return failed.replaced(code=Code.SOURCE_NOT_ACCOUNTED)
                report = self._report(module, "built", elaboration.seconds, diagnostics)
                self._take(module, self._store.put(key, report, artifacts))
                return report

    def _placed_digests(self) -> dict[str, str]:
        """Return the digest that each file of the tree has to have, by its place there."""
        return {
            placed(Path(), name, suffix).as_posix(): digest
            for name, entry in list(self._entries.items())
            for suffix, digest in entry.digests.items()
        }

    def _imported_grammar(self, module: Module) -> Grammar:
        """Return what the modules of this library that a module imports add to Lean's grammar."""
        found = LEAN_S
        for each in self._library.closure(module.imports).modules:
            if each.name not in self._grammars:
                path = placed(self.tree, each.name, ".olean")
                self._grammars[each.name] = read_grammar(read_module(path, parts="present"))
            found = found.upon(self._grammars[each.name])
        return found

    def _refused(self, module: Module, seconds: float, diagnostics: tuple[Diagnostic, ...]) -> ModuleReport:
        """Return the report of a module that Lean refuses.

        Raises: ProjectNotFound if an option of the lakefile is at fault.
        """
        _check_options(module, diagnostics)
        report = self._report(module, "failed", seconds, diagnostics)
        if not self._finds_limits:
            return report
        limit = limit_met(
            module.file,
            _text(module),
            diagnostics,
            toolchain=self._toolchain,
            is_module=module.is_module,
            ordinary=self._library.ordinary_below(module),
        )
        report = report.replaced(diagnostics=with_whereabouts(module, self._library, diagnostics))
        return report if limit is None else report.replaced(state="unsupported", limit=limit)

    def _from_store(self, module: Module) -> ModuleReport | None:
        key = self._keys[module.name]
        entry = self._store.find(key)
        try:
            entry = self._accounted(module, entry) if entry is not None else None
        except Declined as why:
            return self._declined(module, str(why))
        if entry is None:
            return self._refused_before(module)
        self._take(module, entry)
        diagnostics = _about_file(module, entry.report.diagnostics)
        return entry.report.replaced(state="cached", file=module.file, diagnostics=diagnostics)

    def _accounted(self, module: Module, entry: Entry) -> Entry | None:
        """Return an entry whose source is accounted for as this program asks; else, and not yet, ``None``.

        Whoever made it may have asked for less. Raises: Declined where the text alone cannot tell.
        """
        if self._store.is_accounted(entry):
            return entry
        if any(imported not in self._entries for imported in module.imports):
            return None  # asked again once they are there
        key = self._keys[module.name]
        try:
            compiled = read_module(self._store.compiled(key), parts="present")
            text = _decoded(self._handed[module.name].content)
            missing = find_unaccounted(module.file, text, compiled, self._imported_grammar(module))
        except OleanError:
            return None
        return self._store.account(key, entry) if missing is None else None

    def _refused_before(self, module: Module) -> ModuleReport | None:
        """Return Lean's refusal of a module in an earlier run: a rejection may be repeated, nothing else."""
        asks = self._fresh or not self._remembers_refusals
        refusal = None if asks else self._store.refusal(self._keys[module.name])
        if refusal is None:
            return None
        report = self._refused(module, refusal.seconds, _about_file(module, refusal.diagnostics))
        return report.replaced(remembered=True) if report.state == "failed" else None

    def _take(self, module: Module, entry: Entry) -> None:
        self._store.place(self._keys[module.name], entry, self.tree)
        self._entries[module.name] = entry  # others that are being made expect it in the tree from now on

    @contextmanager
    def _locked(self, module: Module, key: str) -> Iterator[None]:
        """Hold the lock of a module, waiting for another run as long as that may need to make it.

        Raises: ToolchainError where the other run does not come to an end.
        """
        lock, began = self._store.lock(key), time.monotonic()
        while True:
            try:
                with lock.acquire(timeout=0.5):
                    yield
                return
            except filelock.Timeout:
                if self._abandoned.is_set():
                    raise ToolchainError("the build was abandoned") from None
                if time.monotonic() - began > self._time_limit:
                    raise ToolchainError(
                        f"{module.file}: another run of lean-bridge has been compiling it for more than "
                        f"{self._time_limit:.0f} s; end that run, which holds {lock.lock_file}"
                    ) from None


def _text(module: Module) -> str:
    return _decoded(module.content)


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _check_options(module: Module, diagnostics: Iterable[Diagnostic]) -> None:
    """Raise where Lean does not take an option of the lakefile: the source is not at fault."""
    if (refused := refused_option(diagnostics, module.options)) is not None and refused[0] in module.places:
        raise ProjectNotFound(f"{module.places[refused[0]]}: {refused[1]}")


def _unaccounted(module: Module, text: Handed, olean: Path, imported: Grammar) -> Diagnostic | None:
    """Return the error that a module's compiled file does not account for the text that Lean was handed.

    ``imported`` is what the modules that it imports add to Lean's grammar.
    Raises: ToolchainCrashed if the file cannot be read; Declined where the text alone cannot tell.
    """
    try:
        check_plain(olean.parent)
        compiled = read_whole(olean)
        missing = find_unaccounted(module.file, _decoded(text.content), compiled, imported)
    except OleanError as error:
        what = f"{module.file}: Lean accepts it, and what it wrote cannot be read: {error}"
        raise ToolchainCrashed(what, code=Code.UNREADABLE) from error
    if missing is None:
        return None
    return Diagnostic(
        file=module.file,
        line=missing.line,
        column=text.column(missing.line, missing.column),
        severity="error",
        text=missing.text,
    )


def _about_file(module: Module, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return messages as ones about a module's file, whatever it was called where they were given."""
    return tuple(each.replaced(file=module.file) for each in diagnostics)
