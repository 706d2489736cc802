"""Reports of every kind of outcome, for tests of what is made of them."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from lean_bridge.codes import Code
from pybind_models import (
    BuildReport,
    Certification,
    CheckResult,
    DeclarationReport,
    DGraph,
    Diagnostic,
    FieldEvidence,
    FieldPoint,
    GraphReport,
    KernelVerdict,
    LibraryIdentity,
    ModuleReport,
    Pin,
    Source,
    Toolchain,
    VerifyReport,
)

DATA = Path(__file__).parent / "data"
STATEMENT = (
    "{R : Type} [ScalarOps R] [Lean.Grind.CommRing R] {Γ ss : List Shape} (g : Graph R Γ ss) "
    "(x dx : Ctx R Γ) (seed : Ctx R (Γ ++ ss)) (more : Nat) (binders : Nat) (than : Nat) (fit : Nat) "
    "(into : Nat) (the : Nat) (rows : Nat) : dotList (g.jvpCtx x dx) seed = dotList dx (g.backpropCtx x seed)"
)

TOOLCHAIN = Toolchain(
    provider="embedded",
    version="4.28.0-pre",
    identity="5f" * 32,
    location="/cache/toolchains/lean4",
    isolation="landlock",
    known=True,
)
UNSOLVED = Diagnostic(
    file="Proofs/Sum.lean",
    line=42,
    column=7,
    severity="error",
    text="unsolved goals\nx y : R\n⊢ x + y = x - y",
)
UNUSED = Diagnostic(file="Proofs/Tape.lean", line=3, column=0, severity="warning", text="unused variable `h`")
PINNED = Pin(outcome="matches", hash="ab" * 20)
BUILT = KernelVerdict(kernel="Lean 4.28.0-pre, embedded", outcome="accepted")
CONFIRMED = KernelVerdict(kernel="Lean 4.35.0, native", outcome="accepted")
NOT_CONFIRMED = KernelVerdict(kernel="second kernel", outcome="not asked", detail="it is not installed")
CERTIFIED = Certification(
    outcome="certified", module="Certified.Graphs1", theorem="Certified.mha.declared", kernels=(CONFIRMED,)
)
FIELD = FieldEvidence(
    outcome="certified",
    prime=2**31 - 1,
    points=(FieldPoint(dims={"n": 2}, module="FieldEvidence.Points1", theorems=("FieldEvidence.mha.eval",)),),
    degree=300,
    error_bound=1.4e-7,
    kernels=(NOT_CONFIRMED,),
)
BACKPROP = DeclarationReport(
    name="Proofs.Autograd.Graph.backprop_correct",
    group="Tape/Algebra/Soundness",
    upstream="Proofs.Autograd.Graph.backprop_ctx",
    kind="theorem",
    status="proved",
    statement=STATEMENT,
    axioms=("propext", "Quot.sound", "Classical.choice"),
    library_theorems=214,
    declarations=120,
    source=Source(
        file="Proofs/Tape.lean", line=120, column=3, text="theorem Graph.backprop_correct", uid="3a" * 32
    ),
    pin=PINNED,
    kernels=(BUILT, CONFIRMED),
    standing="confirmed",
)
ATTENTION = DeclarationReport(
    name="Proofs.Autograd.Transformer.mhaResidualDGraph",
    group="Tape/Graphs/Transformer",
    upstream=None,
    kind="definition",
    status="defined",
    statement="(n dModel : Nat) : DGraph R (mhaCtx n dModel)",
    source=Source(
        file="Proofs/Attention.lean", line=60, column=1, text="def mhaResidualDGraph", uid="7c" * 32
    ),
    pin=PINNED,
    kernels=(BUILT, NOT_CONFIRMED),
    standing="proved, advisories",
)
SORRY = BACKPROP.replaced(
    status="rejected",
    reason="rests on sorryAx, which is not an allowed axiom",
    code=Code.SORRY,
    standing="not accepted",
    axioms=("propext", "sorryAx"),
    axiom_path=("Proofs.Autograd.Graph.backprop_correct", "Proofs.Autograd.dot_add", "sorryAx"),
)
MISSING = DeclarationReport(
    name="Proofs.Autograd.Graph.gone",
    group="Tape/Algebra/Soundness",
    upstream=None,
    kind=None,
    status="missing",
    reason="no compiled module defines it",
    code=Code.MISSING,
)
NOT_BUILT = BACKPROP.replaced(
    name="Proofs.Autograd.Graph.later",
    status="not built",
    reason="Proofs.Vec was not built",
    code=Code.BUILD_FAILED,
    standing="not accepted",
)
UNPINNED = BACKPROP.replaced(
    status="no verdict",
    reason="not pinned: the library has no manifest (certified.toml)",
    code=Code.NOT_PINNED,
    pin=Pin(outcome="not pinned", hash="ab" * 20, change="the library has no manifest"),
    standing="not accepted",
)
ADJOINT = CheckResult(
    name="adjoint identity", outcome="passed", detail="12 random points", error=3.1e-16, tolerance=2e-13
)
PYTORCH_ABSENT = CheckResult(name="PyTorch", outcome="not run", detail="torch is not installed")
PYTORCH_DIFFERS = CheckResult(
    name="PyTorch", outcome="failed", detail="output at H = 2", error=0.31, tolerance=1e-12
)


def attention_graph() -> DGraph:
    """Return the attention layer with its residual: 5 inputs, 15 nodes."""
    return DGraph.model_validate_json((DATA / "graphs" / "mhaResidual.json").read_text("utf-8"))


def module(name: str, state: str, *diagnostics: Diagnostic) -> ModuleReport:
    """Return the report of a module in ``Proofs/``."""
    return ModuleReport.model_validate(
        {
            "module": f"Proofs.{name}",
            "file": f"Proofs/{name}.lean",
            "state": state,
            "seconds": 3.0,
            "diagnostics": diagnostics,
        }
    )


def build(*modules: ModuleReport) -> BuildReport:
    """Return the report of a build of these modules by one Lean process."""
    return BuildReport(toolchain=TOOLCHAIN, modules=modules, seconds=12.5, lean_processes=1)


def agreeing_graph(*checks: CheckResult) -> GraphReport:
    """Return the report of a graph that agrees."""
    return GraphReport(
        name=ATTENTION.name,
        status="agrees",
        graph=attention_graph(),
        certified=True,
        certification=CERTIFIED,
        finite_field=FIELD,
        checks=checks,
        seconds=0.41,
    )


LIBRARY = LibraryIdentity(
    name="Sums",
    root="/sums/lean",
    digest="ab" * 32,
    commit="c0de" * 10,
    passed_over=("lean_exe x: said",),
)


def accepted() -> VerifyReport:
    """Return a report with every row good but a check that was not run."""
    return VerifyReport(
        verdict="accepted",
        build=build(module("Sum", "cached"), module("Tape", "built", UNUSED), module("Attention", "built")),
        library=LIBRARY,
        declarations=(BACKPROP, ATTENTION),
        graphs=(agreeing_graph(ADJOINT, PYTORCH_ABSENT),),
        seconds=14.0,
    )


def rejected() -> VerifyReport:
    """Return a report with a row of every kind that is not good."""
    differing = agreeing_graph(ADJOINT).replaced(
        checks=(ADJOINT, PYTORCH_DIFFERS),
        status="rejected",
        reason="PyTorch: output differs",
        code=Code.NUMBERS_DISAGREE,
    )
    unsupported = GraphReport(
        name="Proofs.Autograd.Transformer.encoderDGraph",
        status="no verdict",
        reason="no primitive for gelu",
        code=Code.UNSUPPORTED,
    )
    return VerifyReport(
        verdict="rejected",
        reason="Lean refuses Proofs/Sum.lean",
        code=Code.BUILD_FAILED,
        library=LIBRARY,
        build=build(module("Tape", "built"), module("Sum", "failed", UNSOLVED), module("Vec", "blocked")),
        declarations=(SORRY, NOT_BUILT, MISSING, ATTENTION),
        graphs=(differing, unsupported),
        seconds=14.0,
    )


def plain_console(width: int = 80) -> tuple[Console, io.StringIO]:
    """Return a console that is no terminal, and what it writes to."""
    stream = io.StringIO()
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False), stream
