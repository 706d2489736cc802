"""Nothing that a lakefile says is ignored in silence: it is followed, said, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.build.lakefile import read_lakefile
from lean_bridge.build.modules import read_library, read_sources
from lean_bridge.codes import Code
from lean_bridge.errors import LeanBridgeError, ProjectNotFound, SourceOutside, UnsupportedSource

LIB = '[[lean_lib]]\nname = "A"\n'


def refusal(root: Path, text: str) -> LeanBridgeError:
    (root / "lakefile.toml").write_text(text)
    (root / "A.lean").write_text("module\n")
    with pytest.raises(LeanBridgeError) as refused:
        read_library(root, root / "none")
    assert "lakefile" in str(refused.value)
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a [[lean_lib]], found none; add one whose roots are to be judged"),
        ("lean_lib = 3\n", "expected tables [[lean_lib]], found lean_lib = 3"),
        ('[lean_lib]\nname = "A"\n', "expected tables [[lean_lib]]"),
        ('[[lean_libs]]\nname = "A"\n', "the key lean_libs is not known; did you mean lean_lib"),
        ('[[lean_lib]]\nglobs = ["A"]\n', "lean_lib 1: expected a name, found none"),
        ("[[lean_lib]]\nname = 3\n", "expected a text, found name = 3"),
        (LIB + 'glob = ["A"]\n', "lean_lib A: the key glob is not known; did you mean globs?"),
        (LIB + 'roots = "A"\n', "lean_lib A: expected a list of texts, found roots = 'A'"),
        (LIB + "globs = []\n", "names no module"),
        (LIB + "roots = []\n", "names no module"),
        (LIB + 'globs = ["A.**"]\n', "expected a module, `A`, `A.+` or `A.*`, found 'A.**'"),
        (LIB + 'globs = ["A/*.lean"]\n', "expected a module"),
        (LIB + 'globs = ["../A"]\n', "expected a module"),
        (LIB + 'roots = [""]\n', "expected a module"),
        (LIB + "leanOptions = [3]\n", "expected a name and a value, found 3"),
        (LIB + 'leanOptions = [["a", 1], ["a", 2]]\n', "a is set twice"),
        (LIB + 'leanOptions = [{ name = "a" }]\n', "lean_lib A, leanOptions: expected true, false, a number"),
        (LIB + "leanOptions = { maxRecDepth = [1] }\n", "expected true, false, a number or a text"),
        ('[leanOptions]\n"a.b" = 1\na.b = 2\n' + LIB, "leanOptions: a.b is set twice"),
        (
            'moreLeanArgs = ["--trust=1024"]\n' + LIB,
            "moreLeanArgs gives Lean '--trust=1024', and only options",
        ),
        (LIB + 'weakLeanArgs = ["-q"]\n', "lean_lib A: weakLeanArgs gives Lean '-q', and only options"),
        (LIB + 'moreLeanArgs = ["-D"]\n', "moreLeanArgs gives Lean '-D', and only options"),
        (LIB + 'moreLeanArgs = "-Da=b"\n', "expected a list of texts"),
        (
            LIB + 'leanOptions.a = true\nmoreLeanArgs = ["-Da=false"]\n',
            "moreLeanArgs sets a to false, which is set to true besides",
        ),
        ('defaultTargets = ["B"]\n' + LIB, "defaultTargets names 'B', which is no target; expected one of A"),
        (LIB + "[[require]]\n", "require 1: expected a name, found none"),
        (LIB + '[[require]]\nname = "B"\npaht = ".."\n', "the key paht is not known; did you mean path?"),
        (LIB + '[[require]]\nname = "B"\npath = 3\n', "require B: expected a text, found path = 3"),
        (LIB + '[[require]]\nnme = "B"\n', "require 1: expected a name, found none; write name for nme"),
        ('[[lean_lib]]\nnme = "A"\n', "lean_lib 1: expected a name, found none; write name for nme"),
        (LIB + '[[lean_exe]]\nname = "A"\n', "lean_exe A: a target of this name is there"),
        (LIB + LIB, "lean_lib A: a target of this name is there"),
        (
            LIB + '[[require]]\nname = "B"\npath = "x"\ngit = "y"\n',
            "require B: path and git name a source each, and Lake takes the first; keep that",
        ),
        (
            LIB + '[[require]]\nname = "B"\ngit = { url = "y", rev = "z" }\n',
            "require B, git: the key rev is not known; expected one of url",
        ),
        (
            LIB + '[[require]]\nname = "B"\nsource = { type = "git", ulr = "y" }\n',
            "require B, source: the key ulr is not known; did you mean url?",
        ),
        (
            LIB + '[[require]]\nname = "B"\nsource = { type = "hg", url = "y" }\n',
            "require B: expected type path or git, found type = 'hg'",
        ),
        (LIB + '[[require]]\nname = "B"\nsource = "y"\n', "expected a table, found source = 'y'"),
        (LIB + '[[require]]\nname = "B"\ngit = {}\n', "require B: expected a text, found git = ''"),
        (LIB + '[[require]]\nname = "B"\npath = "x"\nrev = "y"\n', "rev is of a repository, and a path is"),
        (LIB + '[[require]]\nname = "B"\nsubDir = "y"\n', "subDir is of a repository, and none is named"),
        (
            LIB + '[[require]]\nname = "B"\npath = "x"\n[[require]]\nname = "B"\npath = "y"\n',
            "require B: it is required from elsewhere at line 3, and Lake takes the last; keep one",
        ),
        (LIB + "leanOptions.autoImplicit = 3\n", "autoImplicit takes true or false, found '3'"),
        (LIB + 'leanOptions.weak.autoImplicit = "no"\n', "autoImplicit takes true or false, found 'no'"),
        (LIB + "leanOptions.maxRecDepth = true\n", "maxRecDepth takes a natural number, found 'true'"),
        (LIB + 'moreLeanArgs = ["-Dpp.all=1"]\n', "lean_lib A: moreLeanArgs: pp.all takes true or false"),
        ("leanOptions.linter.all = 1\n" + LIB, "leanOptions: linter.all takes true or false, found '1'"),
        (LIB + '[[require]]\nname = "B"\noptions.a = "b"\n', "options are for a lakefile that is a program"),
        (LIB + "precompileModules = true\n", "precompileModules changes what Lean does"),
        (LIB + 'plugins = ["x"]\n', "plugins changes what Lean does"),
        (LIB + 'extraDepTargets = ["x"]\n', "extraDepTargets changes what Lean does"),
        (LIB + 'defaultFacets = ["static"]\n', "defaultFacets changes what Lean does"),
        (
            "leanOption = { autoImplicit = false }\n" + LIB,
            "leanOption is not known; did you mean leanOptions?",
        ),
        ("x" * 3, "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
    ],
)
def test_a_key_that_is_not_followed_is_refused_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    error = refusal(tmp_path, text)
    assert message in str(error)
    assert isinstance(error, ProjectNotFound)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\nlean_lib = 3\n", 3),
        (f'name = "x"\n# comment\n{LIB}\n[[lean_lib]]\nname = 3\n', 7),
        (f"\n{LIB}globs = 3\n", 4),
        (f'{LIB}\n[[lean_lib]]\nname = "B"\nroots = ["A"]\nglobs = ["A", "A/*.lean"]\n', 7),
        (f'name = "x"\n{LIB}glob = ["A"]\n', 4),
        (f'{LIB}srcDir = "x"\nleanOptions = 3\n', 4),
        (f"[leanOptions]\na = true\nb = [1]\n{LIB}", 3),
        (f"\n{LIB}plugins = ['x']\n", 4),
        (f'{LIB}\nsrcDir = ".."\n', 4),
        (f'{LIB}\n[[require]]\nname = "mathlib"\n', 4),
        (f'{LIB}\n[[lean_lib]]\nglobs = ["A"]\n', 4),
        (f'{LIB}\n[[lean_lib]]\nname = "B"\n', 4),  # of which there is no source
        (f'{LIB}\n[[lean_lib]]\nname = "B"\nroots = ["A"]\nleanOptions.x = 1\n', 4),
        (f"[leanOptions]\nlinter.x = true\nlinter.all = 1\n{LIB}", 3),
        (f'moreLeanArgs = ["-Dpp.all=1"]\n{LIB}', 1),
        (f'{LIB}\n[[lean_lib]]\nrots = []\nnme = "A"\n', 6),
        (f'{LIB}[[require]]\nname = "B"\npath = "x"\n[[require]]\nname = "B"\n', 6),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    assert str(refusal(tmp_path, text)).startswith(f"{tmp_path / 'lakefile.toml'}:{line}: ")


@pytest.mark.parametrize("glob", ["A.B", "A.+", "C", "A.B.+", "A.lean"])
def test_a_glob_that_matches_nothing_is_refused(tmp_path: Path, glob: str) -> None:
    error = refusal(tmp_path, f'{LIB}globs = ["A", "{glob}"]\n')
    assert f"lean_lib A: no source file matches '{glob}'" in str(error)
    assert error.code is Code.NO_PROJECT


def test_a_root_or_a_library_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    assert "no source file matches 'B'" in str(refusal(tmp_path, f'{LIB}roots = ["A", "B"]\n'))
    assert "lean_lib B: no source file" in str(refusal(tmp_path, f'{LIB}[[lean_lib]]\nname = "B"\n'))


def test_a_module_and_all_below_it_takes_the_module(tmp_path: Path) -> None:
    (tmp_path / "C").mkdir()
    (tmp_path / "C" / "D.lean").write_text("module\n")
    error = refusal(tmp_path, f'{LIB}globs = ["A", "C.*"]\n')
    assert f"'C.*' is C and all below it, and there is no {tmp_path / 'C.lean'}; write 'C.+'" in str(error)


def test_a_root_alone_is_built_and_what_it_imports_and_the_rest_is_said(tmp_path: Path) -> None:
    (tmp_path / "A").mkdir()
    for name, text in {"A": "import A.B", "A/B": "", "A/C": "import A.D", "A/D": ""}.items():
        (tmp_path / f"{name}.lean").write_text(text)
    (tmp_path / "lakefile.toml").write_text(f'name = "x"\n{LIB}')
    sources = read_sources(tmp_path)
    assert sources.own == {"A", "A.B"}
    why = "no glob names it, and nothing imports it"
    assert sources.lakefile.passed_over == (f"A/C.lean: {why}", f"A/D.lean: {why}")


def test_a_library_that_is_no_default_target_is_built_where_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "B").mkdir()
    for name, text in {"A": "import B.C", "B": "", "B/C": ""}.items():
        (tmp_path / f"{name}.lean").write_text(text)
    (tmp_path / "lakefile.toml").write_text(
        f'name = "x"\ndefaultTargets = ["A"]\n{LIB}[[lean_lib]]\nname = "B"\n'
    )
    sources = read_sources(tmp_path)
    assert sources.own == {"A", "B.C"}
    assert sources.lakefile.passed_over == ("lean_lib B: not among the defaultTargets",)


def test_options_among_lean_s_arguments_are_options(tmp_path: Path) -> None:
    (tmp_path / "A.lean").write_text("module\n")
    (tmp_path / "lakefile.toml").write_text(
        'leanOptions = [["a", true], { name = "b.c", value = 3 }]\nmoreLeanArgs = ["-Dd=x"]\n'
        f'weakLeanArgs = ["-D", "weak.e=true"]\n{LIB}moreLeanArgs = ["-Db.c=4"]\n'
    )
    (module,) = read_library(tmp_path, tmp_path / "none").modules
    assert module.options == (("a", "true"), ("b.c", "4"), ("d", "x"), ("weak.e", "true"))


@pytest.mark.parametrize("directory", ["..", "../..", "x/../../y", "/etc", "\\\\..", "C:/x"])
@pytest.mark.parametrize("text", ["srcDir = '{}'\n" + LIB, LIB + "srcDir = '{}'\n"])
def test_a_source_directory_outside_the_project_is_refused(tmp_path: Path, directory: str, text: str) -> None:
    error = refusal(tmp_path, text.format(directory))
    assert isinstance(error, SourceOutside)
    assert error.code is Code.SOURCE_OUTSIDE
    assert error.exit_code == 1


def test_source_directories_add_up(tmp_path: Path) -> None:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "deep" / "A.lean").write_text("module\n")
    (tmp_path / "lakefile.toml").write_text(f'srcDir = "src"\n{LIB}srcDir = "deep"\n')
    (module,) = read_library(tmp_path, tmp_path / "none").modules
    assert (module.name, module.file) == ("A", "src/deep/A.lean")


def test_a_required_package_is_no_verdict(tmp_path: Path) -> None:
    error = refusal(tmp_path, f'[[require]]\nname = "mathlib"\nscope = "leanprover-community"\n{LIB}')
    assert "require mathlib: nothing is fetched here, and lake-manifest.json knows no such" in str(error)
    assert "run `lake update mathlib` where there is a Lake, or copy its sources here" in str(error)
    assert isinstance(error, UnsupportedSource)
    assert (error.code, error.exit_code) == (Code.LEAN_CANNOT, 2)


def test_of_two_lakefiles_none_is_read(tmp_path: Path) -> None:
    (tmp_path / "lakefile.lean").write_text("import Lake\nopen Lake DSL\nlean_lib A\n")
    error = refusal(tmp_path, LIB)
    assert "lakefile.lean: stands beside lakefile.toml, and Lake reads it alone; remove one" in str(error)


def test_one_glob_is_a_list_of_it(tmp_path: Path) -> None:
    (tmp_path / "A.lean").write_text("module\n")
    (tmp_path / "lakefile.toml").write_text(f'{LIB}globs = "A.*"\n')
    assert read_sources(tmp_path).own == {"A"}


def test_what_has_no_bearing_is_let_pass_and_what_is_not_done_is_said(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text(
        'name = "all"\nversion = "1.0"\ndefaultTargets = ["A"]\ntestDriver = "t"\nprecompileModules = false\n'
        f'{LIB}[[lean_exe]]\nname = "run"\nroot = "Main"\n'
    )
    lakefile = read_lakefile(tmp_path)
    assert lakefile.name == "all"
    assert lakefile.passed_over == ("testDriver: it is not run", "lean_exe run: programs are not built")


def test_options_of_lean_s_own_and_of_libraries_pass_with_where_they_are_set(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text(
        f'leanOptions.mine.x = 3\n{LIB}moreLeanArgs = ["-Dpp.all=true", "-Dweak.theirs=x"]\n'
        '[lean_lib.leanOptions]\nmaxRecDepth = 7\nlinter.all = "true"\n'
    )
    (library,) = read_lakefile(tmp_path).libraries
    assert [name for name, _ in library.options] == [
        *("linter.all", "maxRecDepth", "mine.x", "pp.all", "weak.theirs")
    ]
    file = tmp_path / "lakefile.toml"
    assert library.places == {
        "linter.all": f"{file}:7: lean_lib A, leanOptions",
        "maxRecDepth": f"{file}:6: lean_lib A, leanOptions",
        "mine.x": f"{file}:1: leanOptions",
        "pp.all": f"{file}:4: lean_lib A: moreLeanArgs",
        "weak.theirs": f"{file}:4: lean_lib A: moreLeanArgs",
    }


def test_a_package_without_a_name_is_read_and_it_is_said_that_lake_builds_none(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text(LIB)
    (said,) = read_lakefile(tmp_path).passed_over
    assert said == "a name: there is none, and Lake builds no package without one"
    (tmp_path / "lakefile.toml").unlink()
    (tmp_path / "lakefile.lean").write_text("import Lake\nopen Lake DSL\nlean_lib A\n")
    assert read_lakefile(tmp_path).passed_over == (said,)


def test_a_module_of_two_libraries_is_refused_unless_they_agree(tmp_path: Path) -> None:
    (tmp_path / "B").mkdir()
    (tmp_path / "B" / "A.lean").write_text("module\n")
    error = refusal(tmp_path, f'{LIB}[[lean_lib]]\nname = "B"\nroots = ["A"]\nsrcDir = "B"\n')
    assert "lean_lib B: A is of another library too" in str(error)
    error = refusal(tmp_path, f'{LIB}[[lean_lib]]\nname = "C"\nroots = ["A"]\nleanOptions.x = 1\n')
    assert "under other options" in str(error)
    (tmp_path / "lakefile.toml").write_text(f'{LIB}globs = ["A", "A.*"]\n')
    assert [module.name for module in read_library(tmp_path, tmp_path / "none").modules] == ["A"]


@pytest.mark.parametrize("file", ["A/b».lean", "A/b\nc.lean", "A/b\u202e/d.lean"])
def test_a_file_whose_path_is_no_module_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("module\n")
    (tmp_path / "lakefile.toml").write_text(f'{LIB}globs = ["A.+"]\n')
    with pytest.raises(ProjectNotFound, match="expected a path that is the name of a module"):
        read_library(tmp_path, tmp_path / "none")


def test_an_import_of_a_package_that_is_not_here_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text(LIB)
    (tmp_path / "A.lean").write_text("module\nimport Mathlib.Tactic\n")
    (bad,) = read_library(tmp_path, tmp_path / "none").modules[0].bad_imports
    assert (bad.line, bad.is_elsewhere) == (2, True)
    assert bad.text.startswith("imports Mathlib.Tactic, which is neither")
