"""The attack corpus: every folder with an ``attack.toml`` holds a good and a bad twin, one change apart."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.build.modules import read_library
from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.errors import LeanBridgeError
from lean_bridge.library import compilation
from lean_bridge.olean.library_names import LibraryNames, read_library_names
from lean_bridge.project import Project
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.provider import Provider
from pybind_models import VerifyReport
from tests.adversarial.command import prepare, run_command, without_second_kernel
from tests.adversarial.tampering import edit, leave_stale, own_cache, plant, rewrite
from tests.running_lean import WORKERS

CORPUS = Path(__file__).parent
SHIPPED = CORPUS.parent.parent / "lean"
_CODE = re.compile(r"\bLB\d{3}\b")

Twin: TypeAlias = Literal["good", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One way of being told that something holds which does not."""

    name: str
    title: str
    explanation: str
    expected: Code
    """What the bad twin is to be refused with."""
    because: str
    """Words of the reason that is to be given."""
    verdict: Literal["rejected", "no verdict"] = "rejected"
    """What the bad twin is to be called."""
    without_kernel: Code | Literal["accepted"] | None = None
    """What the bad twin is to be refused with where no second kernel is installed, if not with the same.

    ``accepted``: only a second kernel can find it.
    """
    require_confirmed: bool = False
    """Whether confirmation is required; then only a second kernel lets the good twin pass."""
    unpinned: bool | None = None
    """Whether what is not pinned is let pass; if nothing is said, it is where the attack has no manifest."""
    own_cache: bool = False
    """Whether the twins have a cache of their own."""
    cli: tuple[str, ...] = ()
    """The command that judges a twin, run in its directory; without one it is verified as a library is."""
    template: Literal["theorem", "graph", "none"] = "theorem"
    """What the library is like, but for what the attack changes."""
    builds_on: tuple[str, ...] = ()
    """Modules of the shipped library that the twins use, with what they import."""

    @property
    def directory(self) -> Path:
        """Where the twins lie: ``good``, ``bad``, and what they share."""
        return CORPUS / self.name

    @property
    def tampers(self) -> bool:
        """Whether it writes where compiled files are kept, and so needs a cache of its own."""
        writes = any((self.directory / part).exists() for part in ("earlier", "bad/planted", "bad/edit.toml"))
        return self.own_cache or writes

    @property
    def is_unpinned(self) -> bool:
        """Whether what is not pinned is let pass."""
        return not any(self.directory.glob(f"*/{MANIFEST}")) if self.unpinned is None else self.unpinned


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one twin."""

    verdict: str
    codes: tuple[str, ...]
    """Every different code of the report, sorted."""
    reasons: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether nothing at all was found wrong."""
        return self.verdict == "accepted" and not self.codes

    def is_refused_as(self, attack: Attack) -> bool:
        """Whether it was refused for the attack's own reason, and for no other."""
        has_reason = any(attack.because in reason for reason in self.reasons)
        return self.verdict == attack.verdict and self.codes == (attack.expected,) and has_reason

    def is_as_foretold_alone(self, attack: Attack) -> bool:
        """Whether it is what the attack says of a machine without a second kernel."""
        match attack.without_kernel:
            case None:
                return self.is_refused_as(attack)
            case "accepted":
                return self.is_accepted
            case code:
                return self.verdict != "accepted" and self.codes == (code,)


@dataclass(frozen=True, slots=True)
class Trial:
    """An attack with what became of its twins."""

    attack: Attack
    good: Outcome | None
    """Nothing if it was not tried, as is ``alone``."""
    bad: Outcome
    alone: Outcome | None
    """The bad twin, where no second kernel is installed."""

    @property
    def holds(self) -> bool:
        """Whether the good twin was accepted and the bad one refused for its own reason, as foretold."""
        as_foretold = self.alone is None or self.alone.is_as_foretold_alone(self.attack)
        passed = self.good is None or self.good.is_accepted
        return passed and self.bad.is_refused_as(self.attack) and as_foretold


def read_attacks() -> list[Attack]:
    """Return the corpus, by name. Raises: KeyError, TypeError or ValueError for a faulty ``attack.toml``."""
    attacks = []
    for path in sorted(CORPUS.glob("*/attack.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        expected = Code(told.pop("expected"))
        told["explanation"] = " ".join(told["explanation"].split())
        told |= {name: tuple(told[name]) for name in ("builds_on", "cli") if name in told}
        if (alone := told.get("without_kernel", "accepted")) != "accepted":
            told["without_kernel"] = Code(alone)
        attacks.append(Attack(name=path.parent.name, expected=expected, **told))
    return attacks


class TwinProject(Project):
    """A twin's library, built by a Lean that is already running."""

    def __init__(self, root: Path, lean: Provider) -> None:
        super().__init__(root)
        self._lean = lean

    def toolchain(
        self, *, install: bool = True, fresh: bool = False, progress: Progress | None = None
    ) -> Provider:
        """Return the Lean that is running."""
        del install, fresh, progress
        return self._lean


def run(
    attack: Attack, twin: Twin, lean: Provider, scratch: Path, *, alone: bool = False
) -> tuple[Outcome, Outcome | None]:
    """Have a twin judged as ``lean-bridge`` would judge it: with a second kernel, then where there is none.

    The second only where ``alone`` says so.
    """
    root = scratch / "library"
    lay_out(attack, twin, root)
    copy_library(attack.builds_on, lean, root)
    if (root / "rewrite.toml").is_file():
        rewrite(root)
    with own_cache(scratch) if attack.tampers else names_read_once():
        prepare(root)
        if attack.cli:
            done = outcome_of_command(run_command(attack.cli, root))
            return done, outcome_of_command(run_command(attack.cli, root, alone=True)) if alone else None
        project = TwinProject(root, lean)
        if (attack.directory / "earlier").is_dir():
            lay_out(attack, "earlier", scratch / "earlier")
            leave_stale(TwinProject(scratch / "earlier", lean), project)
        if (root / "planted").is_dir():
            plant(root / "planted", project, lean)
        if (root / "edit.toml").is_file():
            edit(root / "edit.toml", project)
        with_kernel = _verify(attack, project)
        if not alone:
            return with_kernel, None
        with without_second_kernel():
            return with_kernel, _verify(attack, project)


@contextmanager
def names_read_once() -> Iterator[None]:
    """Have what Lean's own library declares read for all twins together: it takes longer than most of them.

    A twin that writes where compiled files are kept has it read for itself.
    """

    def names_of(provider: Provider, *, fresh: bool = False) -> LibraryNames:
        del fresh
        return _names(provider.library)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compilation, "library_names", names_of)
        yield


_names = cache(read_library_names)


def _verify(attack: Attack, project: Project) -> Outcome:
    try:
        with planted(project.root / "faults.py"):
            report = project.verify(
                workers=WORKERS,
                fresh=True,
                require_confirmed=attack.require_confirmed,
                unpinned=attack.is_unpinned,
            )
    except LeanBridgeError as error:
        verdict = "rejected" if error.exit_code == 1 else "no verdict"
        return Outcome(verdict, (error.code,), (str(error),))
    return outcome_of(report)


def planted(faults: Path) -> AbstractContextManager[None]:
    """Give the context in which a twin's faults are in the program itself; it plants none without a file."""
    if not faults.is_file():
        return nullcontext()
    context: AbstractContextManager[None] = runpy.run_path(str(faults))["planted"]()
    return context


def try_twins(attack: Attack, lean: Provider, *, full: bool = True) -> Trial:
    """Have the twins judged, each in a place of its own; the bad one again without a second kernel.

    Unless ``full``, the good one is left out, and what takes no second kernel to be refused is not tried
    without one.
    """
    alone = full or attack.without_kernel is not None
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        good = run(attack, "good", lean, Path(first))[0] if full else None
        return Trial(attack, good, *run(attack, "bad", lean, Path(second), alone=alone))


def render_table(trials: Sequence[Trial]) -> str:
    """Return the trials as a Markdown table, with the counts before it."""
    refused = sum(trial.bad.is_refused_as(trial.attack) for trial in trials)
    accepted = sum(trial.good.is_accepted for trial in trials if trial.good is not None)
    tried = sum(trial.good is not None for trial in trials)
    lines = [
        f"{len(trials)} attacks; {refused} bad twins refused for the expected code; "
        f"{accepted} of {tried} good twins accepted.",
        "",
        "| attack | what it is | refused as | without the second kernel | good twin |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(_row(trial))} |" for trial in trials]
    return "\n".join(lines) + "\n"


def _row(trial: Trial) -> tuple[str, ...]:
    attack, good, bad = trial.attack, trial.good, trial.bad
    refusal = f"{attack.expected} {EXPLANATIONS[attack.expected].title}"
    if not bad.is_refused_as(attack):
        refusal = f"{_bold(bad)}, expected {refusal}"
    alone = _words_alone(trial)
    acceptance = "not tried" if good is None else "accepted" if good.is_accepted else _bold(good)
    return f"`{attack.name}`", attack.title, refusal, alone, acceptance


def _bold(found: Outcome) -> str:
    return f"**{', '.join(found.codes) or found.verdict}**"


def _words_alone(trial: Trial) -> str:
    if trial.alone is None:
        return "not tried"
    codes = trial.alone.codes
    words = "the same" if codes == trial.bad.codes else ", ".join(codes) or trial.alone.verdict
    return words if trial.alone.is_as_foretold_alone(trial.attack) else f"**{words}**"


def lay_out(attack: Attack, version: Twin | Literal["earlier"], root: Path) -> None:
    """Write a version of a library: the template, what all versions share, and what is its own."""
    template = CORPUS / "templates" / attack.template
    for part in (template, attack.directory / "shared", attack.directory / version):
        if part.is_dir():
            shutil.copytree(part, root, dirs_exist_ok=True)


def copy_library(modules: tuple[str, ...], lean: Provider, root: Path) -> None:
    """Copy the sources of modules of the shipped library, with those that they import."""
    if not modules:
        return
    for module in read_library(SHIPPED, lean.library).closure(modules).modules:
        (root / module.file).parent.mkdir(parents=True, exist_ok=True)
        (root / module.file).write_bytes(module.content)


def outcome_of(report: VerifyReport) -> Outcome:
    """Return what a report amounts to."""
    rows = [(report.code, report.reason)]
    rows += [(each.code, each.reason) for each in report.declarations]
    rows += [(each.code, each.reason) for each in report.graphs]
    codes = _own({code for code, _ in rows if code is not None})
    reasons = [reason for _, reason in rows if reason is not None]
    modules = report.build.modules if report.build is not None else ()
    reasons += [each.text for module in modules for each in module.diagnostics if each.severity == "error"]
    return Outcome(report.verdict, tuple(codes), tuple(reasons))


def outcome_of_command(done: subprocess.CompletedProcess[str]) -> Outcome:
    """Return what a command's exit status and words amount to."""
    verdict = {0: "accepted", 1: "rejected", 2: "no verdict"}.get(
        done.returncode, f"status {done.returncode}"
    )
    lines = (done.stdout + done.stderr).splitlines()
    codes = _own({code for line in lines for code in _CODE.findall(line)})
    return Outcome(verdict, tuple(codes), tuple(" ".join(line.split()) for line in lines))


def _own(codes: set[str]) -> list[str]:
    """Leave out that a kernel did not reach something for what is refused below: that is no other fault."""
    return sorted(codes - {Code.NOT_REACHED} or codes)
