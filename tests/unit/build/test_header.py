from __future__ import annotations

import pytest

from lean_bridge.build.header import Header, Import, parse_header


def imports(text: str) -> list[tuple[str, int]]:
    return [(found.module, found.line) for found in parse_header(text).imports]


def test_every_form_of_import_is_read_with_its_line() -> None:
    text = """module

public import Init
import Proofs.Tape.Node
meta import Lean.Elab
public meta import Lean.Meta
import all Proofs.Tape.Core

public section
"""
    assert parse_header(text) == Header(
        is_module=True,
        is_prelude=False,
        imports=(
            Import("Init", 3),
            Import("Proofs.Tape.Node", 4),
            Import("Lean.Elab", 5),
            Import("Lean.Meta", 6),
            Import("Proofs.Tape.Core", 7),
        ),
    )


def test_a_prelude_module_imports_nothing_of_itself() -> None:
    assert parse_header("module\nprelude\n") == Header(is_module=True, is_prelude=True, imports=())


def test_an_empty_file_has_an_empty_header() -> None:
    assert parse_header("") == Header(is_module=False, is_prelude=False, imports=())


def test_comments_are_passed_over_and_counted() -> None:
    text = "/- a /- nested -/\nimport No -/ -- import No\nmodule -- really\n/- -/ import /- odd -/\n  Yes\n"
    assert parse_header(text).is_module
    assert imports(text) == [("Yes", 5)]


@pytest.mark.parametrize(
    "text",
    [
        "import A\n/-! import B -/\nnamespace X\nimport C\n",
        "import A\nset_option autoImplicit false\nimport C\n",
        "import A\n@[expose] public section\nimport C\n",
        "import A\n/-- unfinished import C",
        "import A\npublic section\nimport C\n",
    ],
)
def test_the_header_ends_at_the_first_command(text: str) -> None:
    assert imports(text) == [("A", 1)]


def test_several_imports_may_share_a_line() -> None:
    assert imports("import A import B.C") == [("A", 1), ("B.C", 1)]


def test_names_may_be_quoted_or_not_ascii() -> None:
    assert imports("import Γ₁.«a name».«B'»\n") == [("Γ₁.«a name».B'", 1)]
    assert imports("import Γ₁.«a.b».été'\n") == [("Γ₁.«a.b».été'", 1)]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_header("\ufeffmodule\nimport A").is_module
