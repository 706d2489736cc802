"""Forged compiled files and manifests through the verdict: nothing that means something else is accepted.

A small library that is accepted is changed in its content, written again, and judged as ``verify`` judges
what was built. What it then says and rests on is worked out from the content alone, apart from the audit.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomli_w

from lean_bridge.audit.audit import audit
from lean_bridge.audit.catalogue import CATALOGUE, read_catalogue
from lean_bridge.audit.manifest import MANIFEST, read_manifest
from lean_bridge.audit.pins import check_pins
from lean_bridge.audit.reading import Reading
from lean_bridge.errors import LeanBridgeError, OleanError
from lean_bridge.library.standing import Origin, read_graph
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Constant, Name
from lean_bridge.olean.module import read_module
from lean_bridge.project import Project
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.provider import Provider
from lean_bridge.verdict.judge import Subject, judge_library
from lean_bridge.verdict.remembered import Recalled, WitnessAnswers
from lean_bridge.verdict.second_opinion import ask_second_kernel
from pybind_models import BuildReport, Witness
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest
from tests.adversarial.corpus import CORPUS, copy_library
from tests.fuzz.encode import CSIMP, STORED_COUNTS, Content, Encoder, content_of
from tests.fuzz.forge import FORGERIES, forge, forge_one, used_constants
from tests.fuzz.forgery import Forgery
from tests.fuzz.meaning import ALLOWED, Meaning
from tests.fuzz.mutations import mutate, run_for

LIBRARY: Final = Path(__file__).parent / "library"
GRAPH: Final = Path(__file__).parent / "graph"
ACCEPTED: Final = ("proved", "defined")


def _met(catalogue: Catalogue) -> dict[Name, WitnessAnswers]:
    """Let all that theorems take count as met: the files are not Lean's, and it cannot read them."""
    met = Witness(outcome="met")
    return {
        entry.name: WitnessAnswers(
            name=entry.name, model=(*entry.model, *catalogue.model), open=entry.open, witness=met, kernel=None
        )
        for entry in catalogue.declarations
        if entry.kind == "theorem"
    }


@dataclass(frozen=True)
class Library:
    """The library as it was built, and what it is pinned to."""

    provider: Provider
    build: BuildReport
    compiled: Path
    lean: Environment
    """Holds Lean's own modules, and no other."""
    contents: Mapping[Name, Content]
    manifest: Mapping[str, Any]
    catalogue: Mapping[str, Any]
    statements: Mapping[Name, str]
    """What each pinned declaration says."""
    meaning: Meaning
    redefinable: Mapping[Name, Constant]

    @classmethod
    def of_theorems(cls, provider: Provider, root: Path) -> Library:
        """Build and pin a library of theorems and definitions under ``root``."""
        shutil.copytree(LIBRARY, root)
        return cls._built(provider, root)

    @classmethod
    def of_a_graph(cls, provider: Provider, root: Path) -> Library:
        """Build and pin a graph under ``root``, upon modules of the shipped library."""
        for source in (CORPUS / "templates" / "graph", GRAPH):
            shutil.copytree(source, root, dirs_exist_ok=True)
        upon = ("Proofs.Autograd.Nodes.Certified.Pointwise", "Proofs.Autograd.Tape.DGraph")
        copy_library(upon, provider, root)
        return cls._built(provider, root)

    @classmethod
    def _built(cls, provider: Provider, root: Path) -> Library:
        project = _Project(root, provider)
        build = project.build()
        assert all(module.state in ("built", "cached") for module in build.modules), build
        manifest, environment = project.pin(), project.environment()
        own = [name for name in environment.modules if not environment.is_library(name)]
        contents = {name: content_of(environment.module(name)) for name in own}
        lean = Environment([], library=provider.library)
        lean.closure(line for content in contents.values() for line in content.imports if line not in own)
        meaning = Meaning(contents, lean)
        used = sorted(
            {name for each in contents.values() for name in used_constants(each)} - set(meaning.versions)
        )
        catalogue = project.catalogue.model_dump(mode="json", by_alias=True, exclude_none=True)
        return cls(
            provider,
            build,
            project.compiled(),
            lean,
            contents,
            manifest.model_dump(mode="json", by_alias=True, exclude_none=True),
            catalogue,
            {each["name"]: meaning.statement(each["name"]) for each in catalogue["declaration"]},
            meaning,
            {name: constant for name in used if (constant := lean.constant(name)) is not None},
        )


class _Project(Project):
    """A library that a given Lean builds."""

    def __init__(self, root: Path, lean: Provider) -> None:
        super().__init__(root)
        self._lean = lean

    def toolchain(self, *, install: bool = True, fresh: bool = False, progress: object = None) -> Provider:
        del install, fresh, progress
        return self._lean


class Case:
    """One forged library after another, in a directory of its own."""

    def __init__(self, libraries: Sequence[Library], directory: Path, seed: int) -> None:
        self.libraries = libraries
        self.library = libraries[0]
        self._directory = directory
        self._rng = random.Random(seed)
        self.forgery: Forgery | None = None
        self.report: str = ""

    def __call__(self) -> str:
        """Forge a library, have it judged, and return the outcome; a false acceptance is a fault."""
        rng = self._rng
        self.library = self.libraries[0] if rng.random() < 0.8 else rng.choice(self.libraries)
        forgery, is_raw = self.begin(), rng.random() < 0.15
        if not is_raw or rng.random() < 0.5:
            forge(forgery, rng)
        return self.finish(forgery, is_damaged=is_raw, in_full=rng.random() < 0.15)

    def of_kind(self, kind: str) -> str:
        """The same, with one change, of a kind."""
        forgery = self.begin()
        forge_one(forgery, kind, self._rng)
        assert forgery.done == [kind]
        return self.finish(forgery, in_full=False)

    def rewritten(self, library: Library) -> str:
        """Judge a library whose every module was written again and says what it said: it is accepted."""
        self.library = library
        return self.finish(self.begin(), rewrites_all=True)

    def begin(self) -> Forgery:
        """Return the library as it is, to be changed."""
        self.report, library = "", self.library
        shutil.rmtree(self._directory, ignore_errors=True)
        (self._directory / "compiled").mkdir(parents=True)
        self.forgery = Forgery(
            {name: content.copy() for name, content in library.contents.items()},
            json.loads(json.dumps(library.manifest)),
            json.loads(json.dumps(library.catalogue)),
            library.redefinable,
        )
        return self.forgery

    def finish(
        self,
        forgery: Forgery,
        *,
        is_damaged: bool = False,
        in_full: bool = True,
        rewrites_all: bool = False,
    ) -> str:
        """Write a library, have it judged, and return the outcome; a false acceptance is a fault."""
        self._write(forgery, share=1.0 if rewrites_all else 0.1)
        if is_damaged:
            self._damage(forgery)
        outcome, reasons = self._judge(in_full=in_full)
        why = self._must_be_refused(forgery) if outcome.startswith("accepted") else None
        self.report = f"{forgery.done}: {outcome}: {reasons}; {why}"
        assert why is None, self.report
        if forgery.done in ([], ["nothing"]):
            assert outcome == "accepted", self.report
        return outcome

    def keep(self, faults: Path) -> None:
        """Copy the present case to the faults, with what was done."""
        kept = Path(tempfile.mkdtemp(dir=faults))
        shutil.copytree(self._directory, kept, dirs_exist_ok=True)
        done = self.forgery.done if self.forgery else []
        (kept / "report.txt").write_text(f"{done}\n{self.report}\n{traceback.format_exc()}", "utf-8")

    def _write(self, forgery: Forgery, *, share: float) -> None:
        """Write what was changed, and a share of what was not, and copy the rest."""
        changed = {
            name: content
            for name, content in forgery.contents.items()
            if content != self.library.contents.get(name) or self._rng.random() < share
        }
        for name in forgery.contents:
            path = Path(*name.split("."))
            target = self._directory / "compiled" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if name in changed:
                Encoder().write(changed[name], target.with_suffix(".olean"))
                continue
            for suffix in (".olean", ".olean.server", ".olean.private"):
                source = self.library.compiled / path.with_suffix(suffix)
                if source.exists():
                    shutil.copy(source, target.with_suffix(suffix))
        for file, told in ((MANIFEST, forgery.manifest), (CATALOGUE, forgery.catalogue)):
            (self._directory / file).write_text(tomli_w.dumps(told), "utf-8")

    def _damage(self, forgery: Forgery) -> None:
        """Damage bytes, and take what is left of the content for what the library says."""
        compiled = self._directory / "compiled"
        victim = self._rng.choice(sorted(path for path in compiled.rglob("*.olean*") if path.is_file()))
        data = bytearray(victim.read_bytes())
        mutate(data, self._rng)
        victim.write_bytes(data)
        forgery.done.append("bytes")
        forgery.poison, forgery.renamed = [], {}
        for name in list(forgery.contents):
            try:
                forgery.contents[name] = _readable(compiled / Path(*name.split(".")).with_suffix(".olean"))
            except OleanError:
                del forgery.contents[name]

    def _judge(self, *, in_full: bool) -> tuple[str, str]:
        """Return the outcome, by its code unless it was accepted, and why."""
        library, compiled = self.library, self._directory / "compiled"
        try:
            manifest, catalogue = read_manifest(self._directory), read_catalogue(self._directory)
            environment = library.lean.extended(compiled)
            environment.closure(module.module for module in library.build.modules)
            known = [entry.name for entry in catalogue.declarations]
            if catalogue.graphs:
                return self._judge_graph(environment, catalogue, manifest)
            declared = audit(environment, catalogue, sources={}, failed_modules={})
            pins = check_pins(environment, catalogue, manifest, {}, known=known)
            codes = [str(each.code) for each in declared if each.status not in ACCEPTED]
            codes += [str(code) for pin, code in pins.values() if code or pin.outcome != "matches"]
            if codes and not in_full:
                return codes[0], ""
            report, _ = judge_library(
                Subject(
                    sources={},
                    provider=library.provider,
                    build=library.build,
                    compiled=compiled,
                    reading=Reading(environment),
                    catalogue=catalogue,
                    known=known,
                    manifest=manifest,
                    recalled=Recalled(witnesses=_met(catalogue)),
                )
            )
        except LeanBridgeError as error:
            if "\n" in str(error):
                raise ValueError(f"an error of several lines: {error}") from error
            return str(error.code), str(error)
        if report.verdict == "accepted":
            standings = {each.standing for each in report.declarations}
            assert not codes, f"accepted by the verdict, though the audit or the pins say {codes}"
            return "accepted" if standings == {"confirmed"} else "accepted, not confirmed", ""
        return str(report.code), str(report.reason)

    def _judge_graph(
        self, environment: Environment, catalogue: Catalogue, manifest: Manifest | None
    ) -> tuple[str, str]:
        """Return the standing that the graph would run with; accepted also takes a second kernel's word."""
        origin = Origin(
            environment=environment,
            library="forged",
            toolchain=self.library.provider.info,
            manifest=manifest,
            known=[entry.name for entry in catalogue.declarations],
            files={},
        )
        graph, standing = read_graph(origin, catalogue.graphs[0])
        assert standing.status == "accepted", standing
        opinion = ask_second_kernel(environment, [], observe=lambda _: None)
        outcomes = Counter(verdict.outcome for verdict in opinion.verdicts.values())
        if set(outcomes) != {"accepted"}:
            return f"kernel: {sorted(set(outcomes) - {'accepted'})}", str(opinion.why_not)
        assert graph.digest == self.library.manifest["declaration"][0]["graph"], graph
        return "accepted", ""

    def _must_be_refused(self, forgery: Forgery) -> str | None:
        """Return why the library may not be accepted, if so."""
        return self._wrong_pins(forgery) or self._wrong_content(forgery)

    def _wrong_pins(self, forgery: Forgery) -> str | None:
        wanted = {each["name"]: each for each in forgery.catalogue["declaration"]}
        pinned = {each["name"]: each for each in forgery.manifest["declaration"]}
        before = {each["name"]: each for each in self.library.manifest["declaration"]}
        for name, pin in before.items():
            if name not in wanted:
                if name in pinned:
                    return f"{name} is pinned and not catalogued"
                continue
            if wanted[name]["kind"] != pin["kind"]:
                return f"{name} is catalogued as a {wanted[name]['kind']}"
            if name not in pinned:
                return f"{name} is not pinned"
            if pinned[name]["hash"] != pin["hash"]:
                return f"{name} is pinned to something else"
            if set(pin["axioms"]) - set(pinned[name]["axioms"]):
                return f"{name} rests on more than it is pinned with"
        others = set(wanted) - set(before)
        return f"{others} never were" if others else None

    def _wrong_content(self, forgery: Forgery) -> str | None:
        library = self.library
        loaded = _loaded(forgery.contents, [module.module for module in library.build.modules])
        meaning = Meaning(loaded, library.lean, forgery.renamed)
        names = [each["name"] for each in forgery.catalogue["declaration"]]
        for name in names:
            if name not in meaning.versions:
                return f"{name} is not there"
            if meaning.statement(name) != library.statements[name]:
                return f"{name} says something else"
        reached = meaning.reached(names, proofs=True)
        for name in reached:
            if fault := self._fault_of(name, meaning):
                return fault
        ring = meaning.cycle(reached)
        if ring and all(len(meaning.versions.get(name, ())) == 1 for name in ring):
            return f"{ring} rest on themselves"
        for name in meaning.mentioned(list(reached)):
            found = library.lean.constant(name)
            if name not in meaning.versions and found is None:
                return f"{name} is mentioned and not there"
            is_axiom = found is not None and library.lean.original_kind(name) == "axiom"
            if is_axiom and name not in ALLOWED:
                return f"rests on {name}"
        replaced = {name for content in loaded.values() for name, _ in content.csimp}
        if compiled := replaced & {*reached, *meaning.mentioned(list(reached))}:
            return f"{compiled} is replaced ({CSIMP})"
        for name, value in forgery.poison:
            versions = meaning.versions.get(name, ())
            if name in reached and versions and all(each.value is value for _, each in versions):
                return f"{name} has no proof"
        return None

    def _fault_of(self, name: Name, meaning: Meaning) -> str | None:
        """Return why a constant of the library's own may not be rested on, if so."""
        lean, before, versions = self.library.lean, self.library.meaning, meaning.versions[name]
        if name in lean and not meaning.says_what_lean_says(name):
            return f"{name} is Lean's"
        for content, constant in versions:
            if constant.kind == "axiom" and name not in content.hidden:
                return f"{name} is an axiom"
            if constant.safety != "safe":
                return f"{name} is {constant.safety}"
            if name in content.listed_as:
                return f"{name} is listed under another name"
            if any(name in names for names in content.marks.values()):
                return f"{name} is compiled as something else"
        if all(name in content.hidden for content, _ in versions):
            return f"{name} hides what it is"
        if len(versions) == 1 and not meaning.renamed and name in before.versions:
            (_, now), (_, was) = versions[0], before.versions[name][0]
            if now.kind in STORED_COUNTS and now.kind == was.kind:
                counts = (*STORED_COUNTS[now.kind], "safety")
                changed = [field for field in counts if getattr(now, field) != getattr(was, field)]
                if changed:
                    return f"{name}: {changed} changed"
                family = [each for each in (*now.all, *was.all) if each in meaning.versions]
                family += [c for each in family for c in meaning.versions[each][0][1].constructors]
                family = [each for each in family if each in meaning.versions]
                same = all(meaning.says(each) == before.says(each) for each in family)
                if now.kind == "recursor" and same and meaning.says(name) != before.says(name):
                    return f"{name}: a rule changed"
        return None


def _loaded(contents: Mapping[Name, Content], roots: list[Name]) -> dict[Name, Content]:
    """Return the modules that are imported from the roots."""
    found: dict[Name, Content] = {}
    pending = list(roots)
    while pending:
        at = pending.pop()
        if at in contents and at not in found:
            found[at] = contents[at]
            pending += contents[at].imports
    return found


def _readable(path: Path) -> Content:
    """Return what can be read of a damaged module. Raises: OleanError where nothing can."""
    module = read_module(path, parts="present")
    content = Content([line.module for line in module.imports], {}, module.lean_version)
    for name in module.constant_names:
        try:
            constant = module.constant(name)
            kind = module.original_kind(name)
        except OleanError:
            continue
        content.constants[name] = constant
        if constant.kind != kind:
            content.hidden[name] = kind
    content.csimp = list(module.replacements.items())
    content.instances, content.classes = sorted(module.instances), sorted(module.classes)
    return content


def main() -> None:
    """Run, print the counts, and fail if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=Path, default=Path("fuzz-faults"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        lean = find_embedded(install=True)
        libraries = [
            Library.of_theorems(lean, Path(scratch) / "theorems"),
            Library.of_a_graph(lean, Path(scratch) / "graph"),
        ]
        case = Case(libraries, Path(scratch) / "case", options.seed)
        for library in libraries:
            case.rewritten(library)
        tally = run_for(options.minutes, case, case.keep, options.faults)
    print(f"{len(FORGERIES)} kinds of forgery; {tally}")  # noqa: T201 - this is a command
    raise SystemExit(any(outcome.startswith("FAULT") for outcome in tally.outcomes))


if __name__ == "__main__":
    main()
