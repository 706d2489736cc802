"""What would have Lean pass its kernel by is refused before Lean is asked."""

from __future__ import annotations

import re

import pytest

from lean_bridge.build.bypass import check_options, check_was_read, ends_early, passes_the_kernel_by
from lean_bridge.build.modules import Module
from lean_bridge.codes import Code
from lean_bridge.errors import BuildFailed, Declined
from pybind_models import Diagnostic


def module(text: str, *options: tuple[str, str]) -> Module:
    return Module("A", "A.lean", text.encode(), (), options)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("set_option debug.skipKernelTC true in", 1),
        ("\n\n  set_option «debug».«skipKernelTC» true", 3),
        ('-- a string\n#check "/-"\nset_option debug.skipKernelTC true -- -/', 3),
        ("import Lean\n\nrun_cmd env.addDeclWithoutChecking d", 3),
        ("-- as in a comment: debug.skipKernelTC", 1),
    ],
)
def test_a_source_that_names_a_way_round_the_kernel_is_refused_with_its_line(text: str, line: int) -> None:
    found = passes_the_kernel_by(module(text))
    assert found is not None
    assert (found.file, found.line, found.severity) == ("A.lean", line, "error")
    assert found.text.startswith("names ")
    assert text.splitlines()[line - 1][found.column :].startswith(found.text.split()[1].rstrip(","))


@pytest.mark.parametrize("value", ["true", "false"])
def test_an_option_of_the_lakefile_is_refused(value: str) -> None:
    with pytest.raises(BuildFailed, match="options of A: names debug") as refused:
        check_options([module("", ("autoImplicit", "false"), ("debug.skipKernelTC", value))])
    assert refused.value.code is Code.KERNEL_SKIPPED


def test_other_options_are_let_pass() -> None:
    other = module("set_option debug.proofAsSorry false", ("autoImplicit", "false"))
    assert passes_the_kernel_by(other) is None
    check_options([other])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("theorem t : True := trivial\n#exit", 2),
        ("\n-- behind `#exit`", 2),
        ("/-/- a remark -/ #exit", 1),
        ("variable («a\n/-» : Nat)\n#exittheorem t : False", 3),
        ("\nnode `Lean.Parser.Command.eoi stop", 2),
        ('\nsyntax "x" Lean.Parser.Command.commentBody : command', 2),
        ("node `Lean.Parser.Command.exit stop", 1),
        ("open Command in node ``Command.«exit» stop", 1),
    ],
)
def test_every_mention_of_an_exit_is_no_verdict(text: str, line: int) -> None:
    assert re.match(rf"A.lean:{line}: names \S+, behind which", str(ends_early(module(text))))


def test_another_exit_is_let_pass() -> None:
    assert ends_early(module("run_cmd IO.Process.exit 0")) is ends_early(module("# exit")) is None


def test_lean_s_own_word_that_it_stopped_is_no_verdict() -> None:
    said = "using 'exit' to interrupt Lean"
    stopped = Diagnostic(file="A.lean", line=9, column=0, severity="warning", text=said)
    check_was_read(module(""), [stopped.replaced(text="unused variable")])
    with pytest.raises(Declined, match=r"^A.lean:9: Lean read no further") as declined:
        check_was_read(module(""), [stopped])
    assert declined.value.code is Code.SOURCE_NOT_ACCOUNTED
