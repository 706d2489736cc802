"""What a function that was captured amounts to, once the package that it became is judged."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from pybind_models.base import Model
from pybind_models.report import CheckResult, Verdict, VerifyReport


class BundleManifest(Model):
    """What a bundle says of itself; nobody vouches for that."""

    format: Literal["lean-bridge bundle 1"] = "lean-bridge bundle 1"
    package: str
    """The Lean package and module."""
    file: str
    """The file that the function was in."""
    name: str
    """The function."""
    outputs: tuple[str, ...]
    """The entries that it returns."""
    constants: dict[str, float]
    """The values of scalar parameters that are numbers in the function."""
    versions: dict[str, str]
    """What judged it: packages by their versions, this program by its content."""
    digests: dict[str, str]
    """The SHA-256 of every other file of the bundle."""


class CertifyReport(Model):
    """A captured function, and what holds of its graph."""

    target: str
    """The function, by its file and its name."""
    graph: str
    """The declaration that the package has of it."""
    package: str
    """The directory of the package."""
    outputs: tuple[str, ...]
    """The entries that the function returns."""
    verdict: Verdict
    reason: str | None = None
    code: str | None = None
    checks: tuple[CheckResult, ...]
    """What Python compared: the captured graph with the compiled one, and the function with the executor."""
    report: VerifyReport
    """What the package was judged to be, as ``lean-bridge verify`` judges it."""
    seconds: float

    @model_validator(mode="after")
    def _accepted_is_all(self) -> CertifyReport:
        whole = self.report.verdict == "accepted" and all(each.outcome == "passed" for each in self.checks)
        if (self.verdict == "accepted") != (whole and bool(self.checks)):
            raise ValueError("a captured graph is accepted exactly where its package and every check are")
        return self
