from __future__ import annotations

import os
from pathlib import Path

import pytest

from lean_bridge.build.modules import BadImport, Library, generated_library, read_library
from lean_bridge.errors import BuildFailed, ProjectNotFound


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    directory = tmp_path / "standard"
    (directory / "Init").mkdir(parents=True)
    (directory / "Init.olean").touch()
    (directory / "Init" / "Core.olean").touch()
    return directory


def project(root: Path, files: dict[str, str], lakefile: str | None = None) -> Path:
    root.mkdir()
    if lakefile is None:
        lakefile = (
            f'name = "a"\n[[lean_lib]]\nname = "A"\nglobs = ["{"A.*" if "A.lean" in files else "A.+"}"]\n'
        )
    (root / "lakefile.toml").write_text(lakefile)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def names(library: Library) -> list[str]:
    return [module.name for module in library.modules]


def test_imports_come_first_and_every_file_under_the_root_is_taken(tmp_path: Path, standard: Path) -> None:
    root = project(
        tmp_path / "lean",
        {
            "A.lean": "import A.Z",
            "A/Z.lean": "import Init.Core",
            "A/Deep/Unused.lean": "",
            "Elsewhere.lean": "import Nowhere",
        },
    )
    library = read_library(root, standard)
    assert sorted(names(library)) == ["A", "A.Deep.Unused", "A.Z"]
    assert names(library).index("A.Z") < names(library).index("A")
    (importer,) = [module for module in library.modules if module.name == "A"]
    assert importer.imports == ("A.Z",)
    assert importer.file == "A.lean"


def test_the_order_does_not_depend_on_the_file_system(tmp_path: Path, standard: Path) -> None:
    root = project(tmp_path / "lean", {f"A/{letter}.lean": "" for letter in "QMZB"})
    assert names(read_library(root, standard)) == ["A.B", "A.M", "A.Q", "A.Z"]


def test_globs_roots_and_options_of_the_lakefile_count(tmp_path: Path, standard: Path) -> None:
    lakefile = """
name = "x"
[leanOptions]
autoImplicit = false
maxRecDepth = 900
linter.missingDocs = true
[[lean_lib]]
name = "A"
globs = ["A.+"]
[[lean_lib]]
name = "B"
roots = ["C"]
srcDir = "src"
leanOptions = { maxRecDepth = 1000 }
"""
    root = project(
        tmp_path / "lean", {"A.lean": "", "A/B.lean": "", "src/C.lean": "", "B.lean": ""}, lakefile
    )
    below, other = read_library(root, standard).modules
    assert (below.name, below.file) == ("A.B", "A/B.lean")
    assert below.options == (
        ("autoImplicit", "false"),
        ("linter.missingDocs", "true"),
        ("maxRecDepth", "900"),
    )
    assert (other.name, other.file) == ("C", "src/C.lean")
    assert ("maxRecDepth", "1000") in other.options


def test_an_unknown_import_is_named_with_its_line(tmp_path: Path, standard: Path) -> None:
    root = project(tmp_path / "lean", {"A.lean": "module\n\nimport A.Missing"})
    text = "imports A.Missing, which is neither in this library nor in Lean's"
    assert read_library(root, standard).modules[0].bad_imports == (BadImport(3, text),)


def test_a_module_is_suggested_whose_name_differs_in_capitals_alone(tmp_path: Path, standard: Path) -> None:
    files = {"A/Case.lean": "import A.base", "A/Base.lean": ""}
    modules = {each.name: each for each in read_library(project(tmp_path / "lean", files), standard).modules}
    (bad,) = modules["A.Case"].bad_imports
    assert "did you mean A.Base" in bad.text


def test_a_mark_of_byte_order_is_told(tmp_path: Path, standard: Path) -> None:
    root = project(tmp_path / "lean", {"A.lean": "\ufeffmodule\n"})
    text = "begins with a mark of byte order, which Lean does not take; save it as UTF-8 without one"
    assert read_library(root, standard).modules[0].bad_imports == (BadImport(1, text),)


def test_what_a_project_s_directory_is_called_names_no_module(tmp_path: Path, standard: Path) -> None:
    assert names(read_library(project(tmp_path / "«a b»", {"A.lean": ""}), standard)) == ["A"]


def test_every_bad_import_is_of_its_module_alone(tmp_path: Path, standard: Path) -> None:
    files = {
        "A.lean": "import A.X\nimport A.Y",
        "A/X.lean": "import A.Gone\nimport A.Z\nimport Mathlib.Tactic",
        "A/Y.lean": "import A.Z",
        "A/Z.lean": "",
    }
    library = read_library(project(tmp_path / "lean", files), standard)
    assert names(library) == ["A.Z", "A.X", "A.Y", "A"]
    found = {
        module.name: [(bad.line, bad.is_elsewhere) for bad in module.bad_imports]
        for module in library.modules
    }
    assert found == {"A.Z": [], "A.X": [(1, False), (3, True)], "A.Y": [], "A": []}


def test_a_circle_of_imports_is_named_step_by_step(tmp_path: Path, standard: Path) -> None:
    root = project(
        tmp_path / "lean",
        {
            "A/X.lean": "\nimport A.Y",
            "A/Y.lean": "import A.Z",
            "A/Z.lean": "\n\nimport A.X",
            "A/W.lean": "",
            "A/V.lean": "import A.X\nimport A.W",
            "A.lean": "import A.V\nimport A.U",
            "A/U.lean": "import A\nimport A.W",
        },
    )
    modules = {module.name: module for module in read_library(root, standard).modules}
    found = {name: module.bad_imports for name, module in modules.items() if module.bad_imports}
    steps = ["A/X.lean:2 imports A.Y", "A/Y.lean:1 imports A.Z", "A/Z.lean:3 imports A.X"]
    circles = {"A.X": (2, steps), "A.Y": (1, steps[1:] + steps[:1]), "A.Z": (3, steps[2:] + steps[:2])}
    steps = ["A.lean:2 imports A.U", "A/U.lean:1 imports A"]
    circles |= {"A": (2, steps), "A.U": (1, steps[::-1])}
    assert found == {
        name: (BadImport(line, f"imports form a circle: {', '.join(steps)}"),)
        for name, (line, steps) in circles.items()
    }
    assert modules["A.V"].imports == ("A.W", "A.X")  # on no circle, for all that it imports one


def test_a_module_that_imports_itself_is_a_circle(tmp_path: Path, standard: Path) -> None:
    root = project(tmp_path / "lean", {"A.lean": "import A"})
    assert read_library(root, standard).modules[0].bad_imports == (
        BadImport(1, "imports form a circle: A.lean:1 imports A"),
    )


@pytest.mark.parametrize("lakefile", ["", "this is not TOML", '[[lean_lib]]\nname = "Absent"\n'])
def test_a_folder_without_a_library_is_no_project(tmp_path: Path, standard: Path, lakefile: str) -> None:
    with pytest.raises(ProjectNotFound):
        read_library(project(tmp_path / "lean", {"A.lean": ""}, lakefile), standard)


def test_a_folder_without_a_lakefile_is_no_project(tmp_path: Path, standard: Path) -> None:
    with pytest.raises(ProjectNotFound, match=r"lakefile\.toml: expected a file here, found none"):
        read_library(tmp_path, standard)


def test_a_closure_holds_what_the_named_modules_import(tmp_path: Path, standard: Path) -> None:
    files = {"A/X.lean": "import A.Y", "A/Y.lean": "import A.Z", "A/Z.lean": "", "A/W.lean": "import A.Z"}
    library = read_library(project(tmp_path / "lean", files), standard)
    assert names(library.closure(["A.Y"])) == ["A.Z", "A.Y"]
    with pytest.raises(ProjectNotFound, match=r"A\.V: the library has no such module"):
        library.closure(["A.V"])


def test_generated_modules_import_each_other_and_what_is_compiled(tmp_path: Path, standard: Path) -> None:
    built = tmp_path / "built"
    (built / "A").mkdir(parents=True)
    (built / "A" / "X.olean").touch()
    sources = {"Made.Two": "import Made.One", "Made.One": "import A.X\nimport Init"}
    library = generated_library(sources, [built], standard)
    assert names(library) == ["Made.One", "Made.Two"]
    assert [module.file for module in library.modules] == ["Made/One.lean", "Made/Two.lean"]
    assert library.built_upon == (built,)
    with pytest.raises(BuildFailed, match=r"^Made/One\.lean:1: imports A\.Y, which is neither"):
        generated_library({"Made.One": "import A.Y"}, [built], standard)
    with pytest.raises(BuildFailed, match=r"^A\.Z: expected a generated module outside A"):
        generated_library({"A.Z": ""}, [built], standard)


def test_files_whose_names_need_quoting_are_modules(tmp_path: Path, standard: Path) -> None:
    root = project(
        tmp_path / "lean",
        {
            "A.lean": "import A.«foo-bar»\nimport «A».«x.y».«1»\nimport A.été",
            "A/foo-bar.lean": "",
            "A/x.y/1.lean": "import A.«été»",
            "A/été.lean": "",
            "A/dir.lean/B.lean": "",
        },
    )
    modules = {module.name: module for module in read_library(root, standard).modules}
    assert modules["A"].imports == ("A.«foo-bar»", "A.«x.y».«1»", "A.été")
    assert modules["A.«x.y».«1»"].file == "A/x.y/1.lean"
    assert modules["A.«x.y».«1»"].imports == ("A.été",)
    assert modules["A.«dir.lean».B"].file == "A/dir.lean/B.lean"


@pytest.mark.parametrize("module", ["«../B»", "A.«..».«B»", "«/etc/B»"])
def test_an_import_cannot_lead_out_of_the_project(tmp_path: Path, standard: Path, module: str) -> None:
    root = project(tmp_path / "lean", {"A.lean": f"import {module}"})
    (tmp_path / "B.lean").write_text("")
    assert [bad.line for bad in read_library(root, standard).modules[0].bad_imports] == [1]


def test_what_editors_hide_is_passed_over_and_said(tmp_path: Path, standard: Path) -> None:
    root = project(tmp_path / "lean", {"A.lean": "", "A/B.lean": "", "A/.lake/C.lean": "", "A/.C.lean": "x"})
    (root / "A" / ".#B.lean").symlink_to("somebody@somewhere.1234")
    (root / "A" / "D.lean").mkdir()
    library = read_library(root, standard)
    assert [module.name for module in library.modules] == ["A", "A.B"]
    assert library.lakefile is not None
    hidden = (f"A/{name}: hidden, and not compiled" for name in (".#B.lean", ".C.lean", ".lake"))
    assert library.lakefile.passed_over == (*hidden, "A/D.lean: a directory, and no source")


@pytest.mark.parametrize("name", ["pipe.lean", "sub/pipe.lean"])
def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path, standard: Path, name: str) -> None:
    root = project(tmp_path / "lean", {"A.lean": "", "A/sub/B.lean": ""})
    os.mkfifo(root / "A" / name)
    refused = {module.file: module.refused for module in read_library(root, standard).modules}
    assert str(refused.pop(f"A/{name}")) == "is a FIFO; expected a regular file"
    assert not any(refused.values()), "and of the others it is said that they were read"


def test_an_unknown_module_is_suggested(tmp_path: Path, standard: Path) -> None:
    root = project(tmp_path / "lean", {"A.lean": "import A.Basci", "A/Basic.lean": ""})
    (bad,) = next(each for each in read_library(root, standard).modules if each.name == "A").bad_imports
    assert bad.text.endswith("; did you mean A.Basic?")
