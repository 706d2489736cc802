"""What of a library is compiled, by which Lean, and what that left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lean_bridge.build.build import build_modules
from lean_bridge.build.modules import Library, Sources
from lean_bridge.build.needed import modules_declaring
from lean_bridge.build.store import placed
from lean_bridge.codes import Code
from lean_bridge.errors import BuildFailed, UnsupportedSource
from lean_bridge.extract.symbolic import names_declaration
from lean_bridge.library.leans_own import library_names
from lean_bridge.names import private_name
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.module import read_module
from lean_bridge.olean.outline import KeptOutlines
from lean_bridge.program import program_digest
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain.location import cache_directory, chosen_directory
from lean_bridge.toolchain.provider import Provider
from lean_bridge.uncollected import uncollected
from lean_bridge.verdict.conclude import refusal_of
from pybind_models import BuildReport


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be compiled, and by which Lean."""

    provider: Provider
    sources: Sources
    library: Library
    """Those of the sources that are compiled."""
    names: frozenset[str] | None = None
    """The declarations that more than these sources are not needed for; ``None`` if it is all of them."""
    hints: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The modules whose text declares each of these."""

    def extended(self, only: Collection[str] | None, *, also: Collection[str] = ()) -> Chosen:
        """Choose of the same sources what other declarations need too, or everything; see :func:`choose`."""
        names = None if only is None or self.names is None else self.names.union(only)
        return choose(self.provider, self.sources, names, also=also)


def choose(
    provider: Provider, sources: Sources, only: Collection[str] | None = None, *, also: Collection[str] = ()
) -> Chosen:
    """Find out which sources some declarations need, beside modules ``also``; all, if nobody knows."""
    hints = modules_declaring(sources, {*only, *map(names_declaration, only)}) if only is not None else {}
    beside = sources.texts.keys() & set(also)
    if only is None or not all(hints[name] for name in only):  # a macro's, or nobody's
        return Chosen(provider, sources, sources.library(provider.library, sources.own | beside))
    modules = {module for found in hints.values() for module in found}
    library = sources.library(provider.library, modules | beside)
    return Chosen(provider, sources, library, frozenset(only), {name: hints[name] for name in only})


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a build left."""

    chosen: Chosen
    report: BuildReport
    directory: Path

    @property
    def provider(self) -> Provider:
        """The Lean that compiled it."""
        return self.chosen.provider

    def has(self, only: Collection[str] | None) -> bool:
        """Whether everything was compiled that some declarations need, or all of them; and is there still."""
        known = self.chosen.names
        has_them = known is None or (only is not None and known.issuperset(only))
        return has_them and self.directory.is_dir()  # else pruned since

    def declares(self, name: str, module: str) -> bool:
        """Whether a module's compiled file has a declaration, or one that its Lean made private to it."""
        compiled = read_module(placed(self.directory, module, ".olean"), parts="present")
        return name in compiled or private_name(module, name) in compiled

    def check(self) -> None:
        """Raise where a module is not compiled: BuildFailed, or UnsupportedSource for this Lean's limits."""
        if (refusal := refusal_of(self.report)) is not None:
            reason, code = refusal
            raise BuildFailed(f"{reason}; run `lean-bridge build` for all messages", code=code)
        for module in self.report.modules:
            if module.limit is not None:
                raise UnsupportedSource(module.limit, code=Code(module.code or Code.LEAN_CANNOT))

    def environment(self, *, fresh: bool = False) -> Environment:
        """Return the declarations of the modules that were compiled.

        With ``fresh`` no record of an earlier run is read of them. Raises: OleanError.
        """
        environment = Environment(
            [self.directory],
            library=self.provider.library,
            library_names=library_names(self.provider, fresh=fresh),
            outlines=KeptOutlines(
                cache_directory() / "outlines",
                user_seal(),
                f"{program_digest()} above {self.provider.info.identity}",
                recalls=not fresh and not self.report.lean_processes,
                given=chosen_directory() / "outlines",
            ),
        )
        modules = (module for module in self.report.modules if module.state in ("built", "cached"))
        with uncollected():
            environment.closure(module.module for module in modules)
        return environment


def compile_chosen(
    chosen: Chosen,
    provider: Provider | None = None,
    *,
    started: int = 0,
    workers: int = 2,
    fresh: bool = False,
    observe: Callable[[object], None] = lambda _: None,
) -> Compiled:
    """Compile what was chosen; and all the rest, should a declaration not be where its text stands.

    It is done by the chosen Lean, of which ``provider`` may have processes at hand. ``started`` Lean
    processes were started for it before. ``fresh`` asks Lean again about what it refused.
    Raises: ToolchainError if Lean gives no answer; BuildFailed, UnsupportedSource, Declined before any is
    started.
    """
    report, directory = build_modules(
        chosen.library, provider or chosen.provider, workers=workers, fresh=fresh, observe=observe
    )
    report = report.replaced(lean_processes=started + report.lean_processes)
    built = Compiled(chosen, report, directory)
    states = {module.module: module.state for module in report.modules}
    for name, modules in chosen.hints.items():
        is_compiled = all(states[module] in ("built", "cached") for module in modules)
        if is_compiled and not any(built.declares(name, module) for module in modules):
            beside = (module.name for module in chosen.library.modules)
            whole = chosen.sources.library(chosen.provider.library, chosen.sources.own.union(beside))
            return compile_chosen(
                replace(chosen, library=whole, names=None, hints={}),
                provider,
                started=report.lean_processes,
                workers=workers,
                fresh=fresh,
                observe=observe,
            )
    return built
