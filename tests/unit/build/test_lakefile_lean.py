"""What a lakefile.lean declares is read as Lake reads it, and whatever else stands there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.build.declared import Lakefile
from lean_bridge.build.lakefile import read_lakefile
from lean_bridge.build.modules import read_sources
from lean_bridge.codes import Code
from lean_bridge.errors import LeanBridgeError, ProjectNotFound

HEAD = "import Lake\nopen Lake DSL\n"
PROJECT = """\
/- Some project. /- Comments nest: lean_lib None -/ -/
import Lake
open System Lake DSL -- lean_lib None

/-- The package. -/
package «some-project» where
  version := v!"1.2.0"
  srcDir := "src" / "lean"
  leanOptions := #[⟨`autoImplicit, false⟩, { name := `pp.unicode.fun, value := true }]
  moreLeanArgs := #["-DmaxRecDepth=900"]
  buildType := .release

require "leanprover-community" / "mathlib" @ git "v4.28.0"
require batteries from git "https://x/batteries" @ "main" / "sub" / "dir"
require near from ".." / "near"
require "LeanBridge" @ "0.1.0"

@[default_target]
lean_lib A where
  roots := #[`A, `Extra.B]
  globs := #[.submodules `A, .one `A, Glob.andSubmodules `C, `D.+, `D.*, `«e f».G];

lean_lib «Tests» { globs := .submodules `Tests, leanOptions := #[⟨`maxRecDepth, .ofNat 1000⟩,] }

@[default_target, test_driver] lean_exe run where root := `Main; supportInterpreter := true
"""
TOML = """\
name = "some-project"
version = "1.2.0"
srcDir = "src/lean"
leanOptions = [["autoImplicit", false], { name = "pp.unicode.fun", value = true }]
moreLeanArgs = ["-DmaxRecDepth=900"]
defaultTargets = ["A", "run"]
testDriver = "run"
[[require]]
name = "mathlib"
scope = "leanprover-community"
version = "git#v4.28.0"
[[require]]
name = "batteries"
git = "https://x/batteries"
rev = "main"
subDir = "sub/dir"
[[require]]
name = "near"
path = "../near"
[[require]]
name = "LeanBridge"
version = "0.1.0"
[[lean_lib]]
name = "A"
roots = ["A", "Extra.B"]
globs = ["A.+", "A", "C.*", "D.+", "D.*", "«e f».G"]
[[lean_lib]]
name = "Tests"
globs = "Tests.+"
leanOptions.maxRecDepth = 1000
[[lean_exe]]
name = "run"
"""


def read(root: Path, text: str, name: str = "lakefile.lean") -> Lakefile:
    root.mkdir(exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return read_lakefile(root)


def without_lines(lakefile: Lakefile) -> object:
    libraries = [(e.name, e.directory, e.roots, e.globs, e.options, e.is_default) for e in lakefile.libraries]
    requires = [(e.name, e.path, e.git, e.revision, e.version) for e in lakefile.requires]
    return lakefile.name, lakefile.version, libraries, requires, sorted(lakefile.passed_over)


def test_it_says_what_the_table_says(tmp_path: Path) -> None:
    program, table = read(tmp_path / "a", PROJECT), read(tmp_path / "b", TOML, "lakefile.toml")
    assert without_lines(program) == without_lines(table)
    assert [each.name for each in program.libraries] == ["A", "Tests"]
    assert [each.line for each in program.libraries] == [19, 23]
    assert [each.line for each in program.requires] == [13, 14, 15, 16]
    assert program.file == "lakefile.lean"


def test_the_sources_of_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "A.lean").write_text("module\n")
    (tmp_path / "lakefile.lean").write_text(f"{HEAD}package a\nlean_lib A\n")
    assert read_sources(tmp_path).own == {"A"}


@pytest.mark.parametrize(
    ("text", "line", "construct"),
    [
        ("import Mathlib\n", 1, "another import than Lake's"),
        (f'{HEAD}def version := "1"\n', 3, "def"),
        (f"{HEAD}\nscript hello do\n  return 0\n", 4, "script"),
        (f"{HEAD}lean_lib A where\n  roots := names\n", 4, "names"),
        (f"{HEAD}lean_lib A where\n  roots := #[`A] ++ #[`B]\n", 4, "+"),
        (f"{HEAD}lean_lib A where\n  globs := Id.run do\n", 4, "Id.run"),
        (f"{HEAD}lean_lib A where\n  globs := fun\n", 4, "fun"),
        (f'{HEAD}lean_lib A where\n  srcDir := s!"x"\n', 4, "s!"),
        (f'{HEAD}lean_lib A where\n  srcDir := if x then "a" else "b"\n', 4, "if"),
        (
            f'{HEAD}lean_lib A where\n  srcDir := "a\\q"\n',
            4,
            "a text with another escape than \\n, \\t, \\x and \\u",
        ),
        (f'{HEAD}lean_lib A where\n  srcDir := "a"\n  srcDir := "b"\n', 5, "srcDir, set twice,"),
        (f"{HEAD}meta if true then\n", 3, "meta"),
        (f"{HEAD}target x : Nat := 3\n", 3, "target"),
        (f"{HEAD}extern_lib x pkg := 3\n", 3, "extern_lib"),
        (f'{HEAD}macro "lean_lib" : command => `(def x := 1)\n', 3, "macro"),
        (f"{HEAD}open Foo\n", 3, "Foo"),
        (f"{HEAD}package a\npackage b\n", 4, "a second package"),
        (f"{HEAD}package\n", 4, "the end of the file"),
        (f"{HEAD}@[simp] lean_lib A\n", 3, "the attribute simp"),
        (f"{HEAD}@[default_target] package A\n", 3, "the attribute default_target of a package"),
        (f'{HEAD}require a from git "x" with NameMap.empty\n', 3, "with"),
        (f"{HEAD}lean_lib A where\n  roots := #[`A\n", 5, "the end of the file"),
        (f"{HEAD}lean_lib A where\n  roots := (`A, `B)\n", 4, "a tuple"),
        (f"{HEAD}package A where\n  version := v! 3\n", 4, "3 in the place of a text"),
        (f"{HEAD}lean_lib A\nwhere x := 1\nlet y := 2\n", 5, "let"),
        (f'{HEAD}lean_lib A where\n  srcDir := "never closed\n', 4, '"'),
    ],
)
def test_what_is_a_program_s_is_refused_by_its_name_and_line(
    tmp_path: Path, text: str, line: int, construct: str
) -> None:
    with pytest.raises(ProjectNotFound) as refused:
        read(tmp_path, text)
    told = str(refused.value)
    assert told.startswith(f"{tmp_path / 'lakefile.lean'}:{line}: {construct} is not read here"), told
    assert told.endswith("or run `lake translate-config toml` where there is a Lake")
    assert refused.value.code is Code.NO_PROJECT


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (
            "lean_lib A where\n  glob := #[`A]\n",
            4,
            "lean_lib A: the key glob is not known; did you mean globs?",
        ),
        ("lean_lib A where\n  precompileModules := true\n", 4, "precompileModules changes what Lean does"),
        ('lean_lib A where\n  moreLeanArgs := #["-q"]\n', 4, "moreLeanArgs gives Lean '-q'"),
        ('package a where\n  srcDir := ".."\nlean_lib A\n', 4, "srcDir leads out of the project"),
        ("package a where\n  plugins := #[`x]\nlean_lib A\n", 4, "plugins changes what Lean does"),
    ],
)
def test_what_it_declares_is_held_to_what_a_table_is(tmp_path: Path, text: str, line: int, told: str) -> None:
    with pytest.raises(LeanBridgeError) as refused:
        read(tmp_path, HEAD + text)
    assert str(refused.value).startswith(f"{tmp_path / 'lakefile.lean'}:{line}: ")
    assert told in str(refused.value)


@pytest.mark.parametrize("comment", ["/- open", "/- /- -/", "/-- doc"])
def test_a_comment_that_does_not_end_hides_nothing(tmp_path: Path, comment: str) -> None:
    (tmp_path / "lakefile.lean").write_text(f"import Lake\n{comment}\nlean_lib Bar\n")
    with pytest.raises(ProjectNotFound, match=r"lakefile\.lean:2: a comment begins here and does not end"):
        read_lakefile(tmp_path)


def test_a_string_has_its_escapes_and_a_name_its_dots(tmp_path: Path) -> None:
    text = f'{HEAD}package "a b"\nlean_lib "C.D" where\n  srcDir := "x\\u0041\\"\\\\y"\n'
    lakefile = read(tmp_path, text)
    (library,) = lakefile.libraries
    assert (lakefile.name, library.name, library.roots) == ("a b", "«C.D»", ("«C.D»",))
    assert library.directory.as_posix() == 'xA"/y'


def test_a_file_without_a_library_is_none(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFound, match=r"lakefile\.lean: expected a \[\[lean_lib\]\], found none"):
        read(tmp_path, HEAD)
