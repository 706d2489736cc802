"""What the embedded Lean cannot do is no verdict, with its place and its mend; what is wrong stays rejected.

Held against ``docs/limits.md``: every limit there is met here, and its mend taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import UnsupportedSource
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import VerifyReport
from tests.adversarial.corpus import TwinProject
from tests.tiers import one_in

pytestmark = pytest.mark.lean

HEAD = "module\n\npublic import Init\n\n@[expose] public section\n\n"
FINE = "theorem {} : 1 + 1 = 2 := rfl\n"
PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Sources that this Lean cannot compile, and the same after the mend."""

    file: str
    line: int
    says: str
    """Words of the reason, which are in the documentation too."""
    sources: Mapping[str, str]
    mended: Mapping[str, str]


LIMITS = {
    "a word of modules in a file without module": Limit(
        file="Twin/A.lean",
        line=1,
        says="as modules do, and has no `module`",
        sources={"Twin/A.lean": "public section\n" + FINE.format("Twin.claim")},
        mended={"Twin/A.lean": FINE.format("Twin.claim")},
    ),
    "a macro that runs a definition in a file without module": Limit(
        file="Twin/A.lean",
        line=2,
        says="a macro, elaborator or command runs a definition of this library",
        sources={
            "Twin/A.lean": "def five : Nat := 5\n"
            'macro "five!" : term => return Lean.quote five\n' + FINE.format("Twin.claim")
        },
        mended={
            "Twin/A.lean": "module\n\npublic import Init\nmeta import Init\n\npublic section\n\n"
            'meta def five : Nat := 5\nlocal macro "five!" : term => return Lean.quote five\n'
            + FINE.format("Twin.claim")
        },
    ),
    "a definition": Limit(
        file="Twin/A.lean",
        line=7,
        says="a definition is compiled with code of Lean's library that this Lean lacks",
        sources={
            "Twin/A.lean": HEAD + "def both (l : List Nat) : List Nat := l ++ l\n"
            "def twice (l : List Nat) : List Nat := both (both l)\n" + FINE.format("Twin.claim")
        },
        mended={
            "Twin/A.lean": HEAD + "noncomputable section\ndef both (l : List Nat) : List Nat := l ++ l\n"
            "def twice (l : List Nat) : List Nat := both (both l)\nend\n" + FINE.format("Twin.claim")
        },
    ),
    "a derived instance": Limit(
        file="Twin/A.lean",
        line=9,
        says="an instance is derived with code of Lean's library that this Lean lacks",
        sources={
            "Twin/A.lean": HEAD
            + "structure Pair where\n  a : Option Nat\nderiving DecidableEq\n"
            + FINE.format("Twin.claim")
        },
        mended={"Twin/A.lean": HEAD + "structure Pair where\n  a : Option Nat\n" + FINE.format("Twin.claim")},
    ),
    "notation of another file": Limit(
        file="Twin/B.lean",
        line=1,
        says="notation, syntax or a macro of another file is used",
        sources={
            "Twin/A.lean": HEAD + 'notation "five!" => (5 : Nat)\n',
            "Twin/B.lean": "module\n\npublic import Twin.A\n\npublic section\n\n" + FINE.format("Twin.claim"),
        },
        mended={
            "Twin/A.lean": HEAD + 'local notation "five!" => (5 : Nat)\n',
            "Twin/B.lean": "module\n\npublic import Twin.A\n\npublic section\n\n" + FINE.format("Twin.claim"),
        },
    ),
    "an elaborator": Limit(
        file="Twin/A.lean",
        line=9,
        says="an elaborator, macro or command runs code of Lean's library that this Lean lacks",
        sources={
            "Twin/A.lean": "module\n\npublic import Init\npublic meta import Lean.Elab.Command\n\n"
            "public section\nopen Lean Elab Command\n\n"
            'elab "hello" : command => logInfo "hello"\nhello\n' + FINE.format("Twin.claim")
        },
        mended={"Twin/A.lean": HEAD + FINE.format("Twin.claim")},
    ),
    "print axioms": Limit(
        file="Twin/A.lean",
        line=2,
        says="`#print axioms` is refused, as this Lean compiles every file as a module",
        sources={"Twin/A.lean": FINE.format("Twin.claim") + "#print axioms Twin.claim\n"},
        mended={"Twin/A.lean": HEAD + FINE.format("Twin.claim")},
    ),
    "a package": Limit(
        file="Twin/A.lean",
        line=3,
        says="other packages are not fetched here",
        sources={"Twin/A.lean": "module\n\nimport Mathlib\n\npublic section\n" + FINE.format("Twin.claim")},
        mended={"Twin/A.lean": HEAD + FINE.format("Twin.claim")},
    ),
}


@pytest.fixture(name="lean", scope="module")
def _lean(embedded: Provider) -> Iterator[Provider]:
    with keep_warm(embedded, 1, time_limit=120.0) as lean:
        yield lean


def library(root: Path, sources: Mapping[str, str]) -> Path:
    told = {
        "lakefile.toml": 'name = "Twin"\n\n[[lean_lib]]\nname = "Twin"\nglobs = ["Twin.+"]\n',
        "lean-toolchain": "leanprover/lean4:v4.28.0\n",
        "catalogue.toml": '[[declaration]]\nname = "Twin.claim"\nkind = "theorem"\ngroup = "Twin"\n',
        **sources,
    }
    for name, text in told.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def judge(root: Path, lean: Provider) -> VerifyReport:
    return TwinProject(root, lean).verify(workers=1, unpinned=True)


@pytest.mark.parametrize("name", one_in(2, LIMITS))
def test_a_limit_is_no_verdict_and_its_mend_is_one(name: str, lean: Provider, tmp_path: Path) -> None:
    limit = LIMITS[name]
    found = reason_and_code(library(tmp_path / "limit", limit.sources), lean)
    assert found[0] == "no verdict"
    assert re.search(rf"{limit.file}:{limit.line}:(?:\d+:)? ", found[1])
    assert limit.says in found[1]
    assert found[2] == Code.LEAN_CANNOT
    assert judge(library(tmp_path / "mended", limit.mended), lean).verdict == "accepted"


def reason_and_code(root: Path, lean: Provider) -> tuple[str, str, str]:
    try:
        report = judge(root, lean)
    except UnsupportedSource as error:
        return "no verdict", str(error), error.code
    return report.verdict, report.reason or "", report.code or ""


FALSE = {
    "beside a definition": HEAD + "def both (l : List Nat) : List Nat := l ++ l\n"
    "theorem Twin.claim : 1 + 1 = 3 := rfl\n",
    "in its own right, as the code that it follows from is made": HEAD
    + 'syntax "nothing!" : term\ndef five : Nat := nothing!\n'
    + FINE.format("Twin.claim"),
    "in a file without module": "def both (l : List Nat) : List Nat := l ++ l\n"
    "theorem Twin.claim : 1 + 1 = 3 := by decide\n",
}


@pytest.mark.parametrize("name", FALSE)
def test_what_is_wrong_beside_a_limit_is_rejected(name: str, lean: Provider, tmp_path: Path) -> None:
    report = judge(library(tmp_path, {"Twin/A.lean": FALSE[name]}), lean)
    assert (report.verdict, report.code) == ("rejected", Code.BUILD_FAILED)


def test_what_is_wrong_in_another_file_is_rejected(lean: Provider, tmp_path: Path) -> None:
    sources = {
        "Twin/A.lean": LIMITS["a definition"].sources["Twin/A.lean"].replace("Twin.claim", "other"),
        "Twin/B.lean": HEAD + "theorem Twin.claim : 1 + 1 = 3 := sorry\n",
    }
    report = judge(library(tmp_path, sources), lean)
    assert (report.verdict, report.code) == ("rejected", Code.SORRY)
    assert report.build is not None
    limited, other = report.build.modules
    assert limited.state == "unsupported"
    assert other.state in ("built", "cached")  # the store is shared with every other test


def test_a_false_theorem_that_this_lean_cannot_tell_from_a_limit_is_not_accepted(
    lean: Provider, tmp_path: Path
) -> None:
    sources = {"Twin/A.lean": "theorem Twin.claim : 1 + 1 = 3 := rfl\n"}
    assert reason_and_code(library(tmp_path, sources), lean)[0] == "no verdict"


def test_the_documentation_has_every_limit() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    for name, limit in LIMITS.items():
        assert limit.says in page, name
