"""The verdict on everything that modules declare, where no catalogue says what is to be judged.

It says less than one on a catalogue: nobody asked what the declarations ought to say (pins, words), whether
they are about anything (witnesses), nor what graphs compute.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from lean_bridge.audit.provenance import SourceFile, read_module_sources
from lean_bridge.audit.reading import Reading
from lean_bridge.audit.stumbles import Unread, why_not_found
from lean_bridge.audit.whole import Declared, audit_whole, declared_in, gathered, summaries
from lean_bridge.errors import NotCatalogued, ProjectNotFound
from lean_bridge.events import Observer
from lean_bridge.names import ends_with, module_name, suggestion
from lean_bridge.olean.environment import Environment
from lean_bridge.uncollected import uncollected
from lean_bridge.verdict.advisories import advisories_for
from lean_bridge.verdict.answered import about_modules, accepted_earlier, unsettled_modules
from lean_bridge.verdict.causes import with_causes
from lean_bridge.verdict.conclude import conclude, elaborated_as_modules
from lean_bridge.verdict.examples import examples_at_fault, examples_in
from lean_bridge.verdict.judge import Clock
from lean_bridge.verdict.remembered import ModuleAnswers, Recalled
from lean_bridge.verdict.rows import declaration_row
from lean_bridge.verdict.second_opinion import SecondOpinion, ask_second_kernel, no_second_kernel
from pybind_models import BuildReport, Source, VerifyReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of a project is to be judged, where that is not a catalogue."""

    modules: Sequence[str] = ()
    """Patterns for the names of modules; all, if there is none."""
    names: Sequence[str] = ()
    """Ends of names of declarations; all, if there is none."""
    is_public_only: bool = False
    """Whether what is private to a module is judged only as far as something else rests on it."""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.modules or self.names or self.is_public_only)

    def of_modules(self, modules: Collection[str], unread: Callable[[], Unread]) -> list[str]:
        """Return those that are chosen.

        Raises: ProjectNotFound for a pattern that is of none; where it is of a source ``unread``, with why.
        """
        for pattern in self.modules:
            if not any(fnmatchcase(module, pattern) for module in modules):
                left = unread()
                if (file := next((each for each in left.files if _may_be(each, pattern)), None)) is not None:
                    raise ProjectNotFound(
                        f"no compiled module of this project is like {pattern!r}; {file} is not compiled: "
                        f"{left.why(file)}"
                    )
                raise ProjectNotFound(
                    f"no module of this project is like {pattern!r}; {suggestion(pattern, modules)}"
                )
        return [
            module
            for module in modules
            if not self.modules or any(fnmatchcase(module, pattern) for pattern in self.modules)
        ]


def _may_be(file: str, pattern: str) -> bool:
    """Return whether a source may be of a module like a pattern, from whatever directory it is named."""
    parts = PurePosixPath(file).with_suffix("").parts
    return any(fnmatchcase(module_name(parts[at:]), pattern) for at in range(len(parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A project that was just built, all of which is to be judged, or what is chosen of it."""

    choice: Choice
    modules: Sequence[str]
    """Those of its own that are chosen."""
    sources: Mapping[str, SourceFile]
    """What the modules were compiled from, by their names."""
    build: BuildReport
    reading: Reading
    """Of an environment that holds the modules that compiled."""
    unread: Unread
    """The sources that no library of the project has."""
    recalled: Recalled = field(default_factory=Recalled)

    @property
    def environment(self) -> Environment:
        """The compiled declarations."""
        return self.reading.environment


def judge_whole(
    whole: Whole, *, require_confirmed: bool = False, observe: Observer = lambda _: None
) -> tuple[VerifyReport, tuple[ModuleAnswers, ...]]:
    """Return the verdict on everything that modules declare, and what to remember of it.

    Every constant of each module is judged, under the declaration that it belongs to. Raises: as
    :func:`lean_bridge.verdict.judge.judge_library`; NotCatalogued for a name that nothing has.
    """
    clock = Clock(observe)
    environment, reading, build = whole.environment, whole.reading, whole.build
    recalled = whole.recalled
    there = {module.module for module in build.modules if module.state in ("built", "cached")}
    modules = [module for module in whole.modules if module in there]
    with clock.stage("audit"), uncollected():
        declared = gathered(each for module in modules for each in declared_in(environment, module))
        chosen = _chosen(declared, whole, is_built=len(there) == len(build.modules))
        judged = audit_whole(chosen, reading, _stands(chosen, whole))
    asked = [module for module in unsettled_modules(environment, recalled) if module in modules]
    opinion = _ask(environment, asked, clock).beside(accepted_earlier(recalled))
    advisories = advisories_for(build.toolchain.version)
    checked = {(each.module, each.name): _checked(each, environment) for each in chosen}
    rows = [
        declaration_row(
            each,
            None,
            build.toolchain.kernel,
            opinion,
            advisories,
            constants=checked[each.group, each.name],
        )
        for each in judged
    ]
    rows = with_causes(rows, environment, whole.sources)
    if not (whole.choice.names or whole.choice.is_public_only):  # examples have no name, and are nobody's
        rows += examples_at_fault(build, whole.sources, modules, rows, reading)
    verdict, reason, code = conclude(
        build,
        rows,
        (),
        refused=opinion.refused,
        unsettled=opinion.unsettled,
        require_confirmed=require_confirmed,
    )
    report = VerifyReport(
        verdict=verdict,
        reason=reason,
        code=code,
        advisories=advisories,
        build=build,
        declarations=tuple(rows),
        whole=summaries(modules, declared, rows),
        seconds=sum(clock.seconds.values()),
        stages=clock.seconds,
        confirmation_required=require_confirmed,
        cached=bool(recalled.modules) and not (asked or build.lean_processes),
    )
    report = report.replaced(notes=tuple(_notes(report, whole)))
    return report, tuple(about_modules(environment, (), opinion, recalled))


def _chosen(declared: Sequence[Declared], whole: Whole, *, is_built: bool) -> list[Declared]:
    """Return what is to be judged. Raises: NotCatalogued for a name that nothing has in what is compiled."""
    choice = whole.choice
    found = [each for each in declared if each.is_public or not choice.is_public_only]
    if not choice.names:
        return found
    wanted: dict[int, Declared] = {}
    for name in choice.names:
        meant = [each for each in found if ends_with(each.shown, name)]
        if not meant and is_built:
            raise NotCatalogued(why_not_found(name, whole.environment, whole.unread))
        wanted |= {id(each): each for each in meant}
    return [each for each in found if id(each) in wanted]


def _stands(chosen: Iterable[Declared], whole: Whole) -> dict[tuple[str, str], Source]:
    """Return where declarations stand, by module and name."""
    by_module: dict[str, list[str]] = {}
    for each in chosen:
        by_module.setdefault(each.module, []).append(each.name)
    return {
        (module, name): source
        for module, names in by_module.items()
        if module in whole.sources
        for name, source in read_module_sources(
            whole.environment.module(module), whole.sources[module], names
        ).items()
    }


def _ask(environment: Environment, modules: Sequence[str], clock: Clock) -> SecondOpinion:
    """Have a second kernel check modules."""
    if (absent := no_second_kernel()) is not None:
        return absent
    if not modules:
        return SecondOpinion("second kernel")
    with clock.stage("second kernel"):
        return ask_second_kernel(environment, (), modules=modules, observe=clock.observe)


def _checked(declared: Declared, environment: Environment) -> tuple[str, ...]:
    """Return what a kernel can judge of a declaration and of all that belongs to it."""
    return tuple(
        name
        for name in declared.constants
        if all(outline.safety == "safe" for _, outline in environment.outlines(name))
    )


def _notes(report: VerifyReport, whole: Whole) -> Iterable[str]:
    """Yield what must not be missed about a verdict without a catalogue."""
    found = report.whole or ()
    count, parts = sum(each.judged for each in found), sum(each.auxiliaries for each in found)
    yield (
        f"judged whole: {count} declarations of {len(found)} modules, with {parts} that Lean made of them; "
        "nobody asked for pins, words, witnesses or graphs, which only a catalogue names"
    )
    if not (whole.choice.names or whole.choice.is_public_only) and (
        examples := examples_in(whole.sources, [each.module for each in found])
    ):
        yield (
            f"{examples} {'example is' if examples == 1 else 'examples are'} kept in no compiled file: known "
            "are the text, what it names, and Lean's warnings where nothing keeps them back, and not what "
            "macros and tactics use there"
        )
    yield from elaborated_as_modules(whole.build)
    if left := sum(each.left_out for each in found):
        yield f"{left} declarations of these modules were not to be judged, and were not"
    if whole.choice.modules and (others := len(whole.sources) - len(found)) > 0:
        yield f"{others} modules that these import were not to be judged, but where something rests on them"
    yield from (f"not judged: {line}" for line in whole.unread.told())
