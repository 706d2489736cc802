"""Compiled modules are held against sources that they are, and are not, the compiled form of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lean_bridge.build import account
from lean_bridge.build.account import READ_BY, check_plain, find_unaccounted, read_whole
from lean_bridge.codes import Code
from lean_bridge.errors import Declined, OleanError
from tests.olean_writer import write_module

DATA = Path(__file__).parents[2] / "data" / "olean"


def test_the_fixture_is_there() -> None:
    assert (DATA / "Cell.lean").is_file()
    assert (DATA / "Cell.olean").is_file()


def test_an_account_is_named_by_all_the_code_that_reads_a_source() -> None:
    """By whatever the account reads of its own room, and what it knows of names."""
    package, reached = Path(account.__file__).parents[1], ["build/account.py"]
    for file in reached:
        text = (package / file).read_text(encoding="utf-8")
        for module in re.findall(r"^from lean_bridge\.(build\.\w+|names) import", text, re.MULTILINE):
            found = f"{module.replace('.', '/')}.py"
            reached += [found] if found not in reached else []
    assert sorted(reached) == sorted(READ_BY)


def unaccounted(change: tuple[str, str] = ("", ""), append: str = "") -> str | None:
    source = (DATA / "Cell.lean").read_text(encoding="utf-8")
    assert change[0] in source
    edited = source.replace(*change, 1) if change[0] else source
    found = find_unaccounted("Cell.lean", edited + append, read_whole(DATA / "Cell.olean"))
    return found.text if found else None


def test_a_module_accounts_for_its_own_source() -> None:
    assert unaccounted() is None


@pytest.mark.parametrize(
    ("append", "expected"),
    [
        ("\ntheorem broken : 1 = 2 := rfl\n", "theorem broken"),
        ("\nnamespace Far.Away\nprivate theorem broken : T := t\nend Far.Away", "theorem Far.Away.broken"),
        ("\ninstance : Inhabited False := ⟨sorry⟩\n", "an instance without a name"),
        ("\n@[simp] protected\n  axiom broken : False", "axiom broken"),
        ("\nrun_cmd pure () def one := 1", "def one"),
        ("\nstructure Lost where", "structure Lost"),
        ("\ntheorem content_shown : 1 = 2 := rfl", "theorem content_shown"),
    ],
)
def test_what_the_source_has_and_the_module_has_not_is_named(append: str, expected: str) -> None:
    found = unaccounted(append=append)
    assert found is not None
    assert found.startswith(expected)


def test_what_is_declared_nowhere_is_not_missed() -> None:
    assert unaccounted(append="\n-- theorem broken : 1 = 2\n/- theorem broken -/\nrun_cmd pure ()\n") is None


def test_an_expected_failure_is_no_verdict() -> None:
    with pytest.raises(Declined, match="is expected to fail here") as caught:
        unaccounted(append="\n#guard_msgs in\ntheorem broken : 1 = 2 := rfl\n")
    assert caught.value.code is Code.SOURCE_NOT_ACCOUNTED


def test_a_string_of_unclear_end_is_no_verdict() -> None:
    with pytest.raises(Declined, match="its text alone does not tell") as caught:
        unaccounted(append='\n#eval fail "{"/-"}"\n')
    assert caught.value.code is Code.SOURCE_NOT_ACCOUNTED


def test_an_open_quotation_is_no_verdict() -> None:
    with pytest.raises(Declined, match="closed nowhere"):
        unaccounted(append="\n`( theorem broken : 1 = 2 := rfl\n")


def test_the_imports_are_those_of_the_header(tmp_path: Path) -> None:
    source = tmp_path / "A.lean"
    source.write_text("module\nimport Other.Module\n")
    found = find_unaccounted("A.lean", source.read_text(), read_whole(DATA / "Cell.olean"))
    assert found is not None
    assert found.text == ("the import of Other.Module stands in the source and is not in the compiled module")


def test_an_import_that_the_source_does_not_have_is_said_to_be_the_modules(tmp_path: Path) -> None:
    olean = write_module(tmp_path / "A.olean", {}, imports=["Far.Away"])
    found = find_unaccounted("A.lean", "prelude\n", read_whole(olean))
    assert found is not None
    assert found.text == "the compiled module imports Far.Away, which no import in the source names"


def test_a_part_that_is_cut_short_or_missing_makes_a_module_unreadable(tmp_path: Path) -> None:
    names = [path.name for path in DATA.glob("Cell.olean*")]
    for name in names:
        for damage in ("cut", "removed"):
            for other in names:
                (tmp_path / other).write_bytes((DATA / other).read_bytes())
            whole = (tmp_path / name).read_bytes()
            (tmp_path / name).write_bytes(whole[: len(whole) // 2])
            if damage == "removed":
                (tmp_path / name).unlink()
            with pytest.raises(OleanError):
                read_whole(tmp_path / "Cell.olean")


def test_links_are_not_taken_for_compiled_files(tmp_path: Path) -> None:
    (tmp_path / "module.olean").write_bytes(b"olean")
    check_plain(tmp_path)
    (tmp_path / "module.olean.private").symlink_to(tmp_path / "module.olean")
    with pytest.raises(OleanError, match="a link"):
        check_plain(tmp_path)
    (tmp_path / "module.olean.private").unlink()
    (tmp_path / "module.olean.private").hardlink_to(tmp_path / "module.olean")
    with pytest.raises(OleanError, match="a link"):
        check_plain(tmp_path)
