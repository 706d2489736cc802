"""What a lakefile requires is read where it lies, or refused with what has to be done; nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lean_bridge.build.modules import read_library, read_sources
from lean_bridge.build.packages import required_packages, shipped_library
from lean_bridge.codes import Code
from lean_bridge.errors import LeanBridgeError, ProjectNotFound, SourceOutside, UnsupportedSource

LIB = '[[lean_lib]]\nname = "A"\n'
SHIPPED = Path(__file__).parents[3] / "lean"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def package(root: Path, lakefile: str, **sources: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "lakefile.toml").write_text(lakefile)
    for name, text in sources.items():
        path = root / f"{name.replace('__', '/')}.lean"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def requiring(root: Path, requirement: str, text: str = "module\npublic import B.C\n") -> Path:
    return package(root / "own", f"[[require]]\n{requirement}\n{LIB}", A=text)


def manifest(root: Path, *entries: dict[str, object], **more: object) -> None:
    said = {
        "version": "1.1.0",
        "packagesDir": ".lake/packages",
        "packages": list(entries),
        "name": "own",
    } | more
    (root / "lake-manifest.json").write_text(json.dumps(said))


def refusal(root: Path) -> LeanBridgeError:
    with pytest.raises(LeanBridgeError) as refused:
        read_sources(root)
    assert "\n" not in str(refused.value)
    return refused.value


def test_a_package_at_a_path_is_read_as_far_as_it_is_imported(tmp_path: Path) -> None:
    options = 'leanOptions.autoImplicit = false\n[[lean_lib]]\nname = "B"\n'
    package(tmp_path / "dep", options, B="import B.C\nimport B.Gone", B__C="import Init", B__D="")
    (tmp_path / "Init.olean").touch()
    root = requiring(tmp_path, 'name = "dep"\npath = "../dep"')
    sources = read_sources(root)
    assert sources.own == {"A"}
    assert sources.texts.keys() == {"A", "B.C"}
    assert sources.texts["B.C"].file == "../dep/B/C.lean"
    assert sources.texts["B.C"].options == (("autoImplicit", "false"),)
    library = read_library(root, tmp_path)
    assert [module.name for module in library.modules] == ["B.C", "A"]
    assert library.left_out == 0
    also = read_sources(root, also=["B.D", "Nowhere"])
    assert also.texts.keys() == {"A", "B.C", "B.D"}
    assert also.own == {"A"}


def test_packages_require_packages_and_the_nearest_is_taken(tmp_path: Path) -> None:
    package(tmp_path / "far", '[[lean_lib]]\nname = "D"\n', D="-- far\n")
    package(tmp_path / "near", '[[lean_lib]]\nname = "D"\n', D="-- near\n")
    of_dep = '[[require]]\nname = "d"\npath = "../far"\n[[require]]\nname = "own"\npath = "../own"\n'
    package(tmp_path / "dep", f'{of_dep}[[lean_lib]]\nname = "B"\n', B__C="import D")
    both = 'name = "dep"\npath = "../dep"\n[[require]]\nname = "d"\npath = "../near"'
    root = requiring(tmp_path, both)
    (root / "lakefile.toml").write_text(f'name = "own"\n{(root / "lakefile.toml").read_text()}')
    assert read_sources(root).texts["D"].content == b"-- near\n"
    (tmp_path / "only" / "own").mkdir(parents=True)
    alone = requiring(tmp_path / "only", 'name = "dep"\npath = "../../dep"')
    assert "A.lean: A is a module of own too, which the lakefile.toml requires; rename" in str(refusal(alone))


def test_a_package_that_lake_fetched_is_read_where_it_put_it(tmp_path: Path) -> None:
    root = requiring(tmp_path, 'name = "dep"\ngit = "https://x/dep"\nrev = "main"\nsubDir = "sub"')
    package(root / ".lake/packages/dep/sub", '[[lean_lib]]\nname = "B"\n', B__C="")
    entry: dict[str, object] = {
        "type": "git",
        "name": "dep",
        "rev": COMMIT,
        "inputRev": "main",
        "subDir": "sub",
    }
    manifest(root, entry)
    assert read_sources(root).texts["B.C"].file == ".lake/packages/dep/sub/B/C.lean"
    git = root / ".lake/packages/dep/.git"
    git.mkdir()
    (git / "HEAD").write_text(f"{COMMIT}\n")
    assert "B.C" in read_sources(root).texts
    (git / "HEAD").write_text(f"{COMMIT[::-1]}\n")
    assert f"stands at {COMMIT[::-1][:12]}, and lake-manifest.json has {COMMIT[:12]}" in str(refusal(root))
    (git / "refs/heads").mkdir(parents=True)
    (git / "refs/heads/main").write_text(f"{COMMIT[::-1]}\n")
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert f"stands at {COMMIT[::-1][:12]}" in str(refusal(root)), "on a branch, too"
    (git / "refs/heads/main").unlink()
    (git / "packed-refs").write_text(f"# pack-refs\n{COMMIT[::-1]} refs/heads/main\n")
    assert f"stands at {COMMIT[::-1][:12]}" in str(refusal(root)), "packed, too"
    git.rename(root / "git")
    git.write_text("gitdir: ../../../git\n")
    assert f"stands at {COMMIT[::-1][:12]}" in str(refusal(root)), "of a work tree, too"
    manifest(root, entry | {"inputRev": "v1"})
    assert "asks for main, and lake-manifest.json has v1; run `lake update dep`" in str(refusal(root))
    manifest(root, entry | {"type": "svn"})
    assert "expected type path or git, found 'svn'" in str(refusal(root))
    (root / "lakefile.toml").write_text((root / "lakefile.toml").read_text().replace('subDir = "sub"\n', ""))
    manifest(root, entry | {"subDir": None}, packagesDir="pkgs", version=7)
    package(root / "pkgs/dep", '[[lean_lib]]\nname = "B"\n', B__C="")
    assert read_sources(root).texts["B.C"].file == "pkgs/dep/B/C.lean"


OF_GIT: dict[str, object] = {
    "type": "git",
    "name": "dep",
    "rev": COMMIT,
    "url": "https://x/dep",
    "inputRev": None,
}
OF_PATH: dict[str, object] = {"type": "path", "name": "dep", "dir": "other"}


@pytest.mark.parametrize(
    ("requirement", "entry", "asked", "given"),
    [
        ('git = "https://y/dep"', OF_GIT, "https://y/dep", "https://x/dep"),
        ('git = { url = "https://y/dep" }', OF_GIT, "https://y/dep", "https://x/dep"),
        ('source = { type = "git", url = "https://y/dep" }', OF_GIT, "https://y/dep", "https://x/dep"),
        ('scope = "mine"', OF_GIT | {"scope": "theirs"}, "the scope mine", "the scope theirs"),
        ('scope = "mine"', OF_GIT | {"scope": ""}, "the scope mine", "none"),
        ('git = "https://x/dep"\nsubDir = "a/b"', OF_GIT, "its directory a/b", "its directory ."),
        ('git = "https://x/dep"', OF_GIT | {"subDir": "a"}, "its directory .", "its directory a"),
        ('git = "https://x/dep"\nrev = "v2"', OF_GIT, "v2", "none"),
        ('git = "https://x/dep"', OF_GIT | {"inputRev": "v1"}, "no revision", "v1"),
        ('scope = "s"\nversion = "git#v2"', OF_GIT | {"inputRev": "v1"}, "v2", "v1"),
        ('path = "../dep"', OF_GIT, "the path ../dep", "the repository https://x/dep"),
        ('path = "../dep"', OF_PATH, "the path ../dep", "the path other"),
        ('source = { type = "path", dir = "../dep" }', OF_PATH, "the path ../dep", "the path other"),
        ('git = "https://x/dep"', OF_PATH, "https://x/dep", "the path other"),
    ],
)
def test_a_manifest_of_another_source_is_told_with_both(
    tmp_path: Path, requirement: str, entry: dict[str, object], asked: str, given: str
) -> None:
    root = requiring(tmp_path, f'name = "dep"\n{requirement}')
    for place in (tmp_path / "dep", root / "other", root / ".lake/packages/dep"):
        package(place, '[[lean_lib]]\nname = "B"\n', B__C="")
    manifest(root, entry)
    error = refusal(root)
    told = f": require dep: asks for {asked}, and lake-manifest.json has {given}; run `lake update dep`"
    assert str(error) == f"{root / 'lakefile.toml'}:1{told}"
    assert isinstance(error, ProjectNotFound)


@pytest.mark.parametrize(
    ("requirement", "entry", "file"),
    [
        ('git = "https://x/dep"\nsubDir = "./a/"', OF_GIT | {"subDir": "a"}, ".lake/packages/dep/a/B/C.lean"),
        ('path = "../dep/."', OF_PATH | {"dir": "./../dep"}, "../dep/B/C.lean"),
        ('scope = "s"\nversion = ">= 0.1"', OF_GIT | {"inputRev": "v1", "scope": "s"}, None),
        ('scope = "s"', {"type": "git", "name": "«dep»", "rev": COMMIT}, None),
    ],
)
def test_the_same_source_in_other_words_is_the_same(
    tmp_path: Path, requirement: str, entry: dict[str, object], file: str | None
) -> None:
    root = requiring(tmp_path, f'name = "dep"\n{requirement}')
    for place in (tmp_path / "dep", root / ".lake/packages/dep/a", root / ".lake/packages/dep"):
        package(place, '[[lean_lib]]\nname = "B"\n', B__C="")
    manifest(root, entry)
    assert read_sources(root).texts["B.C"].file == (file or ".lake/packages/dep/B/C.lean")


def test_an_override_goes_before_manifest_and_lakefile_and_is_said(tmp_path: Path) -> None:
    root = requiring(tmp_path, 'name = "dep"\ngit = "https://x/dep"')
    package(root / "mine", '[[lean_lib]]\nname = "B"\n', B__C="-- mine\n")
    manifest(root, OF_GIT)
    overrides = root / ".lake/package-overrides.json"
    overrides.parent.mkdir()
    entry: dict[str, object] = {"type": "path", "name": "dep", "dir": "mine", "configFile": "lakefile.toml"}
    overrides.write_text(json.dumps({"version": "1.2.0", "packages": [entry]}))
    sources = read_sources(root)
    assert sources.texts["B.C"].file == "mine/B/C.lean"
    said = "the source of dep: mine in its place, as .lake/package-overrides.json says"
    assert said in sources.lakefile.passed_over
    overrides.write_text(json.dumps({"version": "1.2.0", "packages": [entry | {"configFile": "other.toml"}]}))
    assert "package-overrides.json has 'other.toml' for its lakefile, and" in str(refusal(root))
    overrides.write_text(json.dumps({"version": "1.2.0", "packages": [entry | {"type": "hg"}]}))
    assert "package-overrides.json: expected type path or git, found 'hg'" in str(refusal(root))
    overrides.write_text(json.dumps({"version": "1.2.0", "packages": [{"type": "path", "name": "dep"}]}))
    assert str(refusal(root)).endswith(
        "expected the dir of an entry of type path, found 'none'; correct it, or remove it"
    )
    overrides.write_text(json.dumps({"schemaVersion": "2.0.0", "packages": [entry]}))
    assert str(refusal(root)).endswith("of version 5 to 1.2, found '2.0.0'; correct it, or remove it")
    for text in ("{", "{}", '{"packages": []}'):
        overrides.write_text(text)
        assert str(refusal(root)).endswith(
            "expected what Lake takes in place of a manifest's packages, with schemaVersion "
            "(or version) and packages, found something else; correct it, or remove it"
        )


@pytest.mark.parametrize("key", ["version", "schemaVersion"])
def test_overrides_have_the_version_under_either_of_lake_s_names(key: str, tmp_path: Path) -> None:
    root = requiring(tmp_path, 'name = "dep"\ngit = "https://x/dep"')
    package(root / "mine", '[[lean_lib]]\nname = "B"\n', B__C="-- mine\n")
    entry = {"type": "path", "name": "dep", "dir": "mine", "inherited": False}
    (root / ".lake").mkdir()
    (root / ".lake/package-overrides.json").write_text(json.dumps({key: "1.1.0", "packages": [entry]}))
    assert read_sources(root).texts["B.C"].file == "mine/B/C.lean"


def test_a_package_does_not_require_itself(tmp_path: Path) -> None:
    root = requiring(tmp_path, 'name = "own"\npath = "."')
    (root / "lakefile.toml").write_text(f'name = "own"\n{(root / "lakefile.toml").read_text()}')
    assert "lakefile.toml:2: require own: it is this package itself; remove it" in str(refusal(root))


def test_what_cannot_be_had_is_one_line_with_the_mend(tmp_path: Path) -> None:
    root = requiring(tmp_path, 'name = "dep"\nscope = "somebody"')
    nothing = refusal(root)
    manifest(root, {"type": "git", "name": "dep", "rev": COMMIT})
    not_fetched = refusal(root)
    (root / "lake-manifest.json").unlink()
    nowhere = refusal(requiring(tmp_path, 'name = "dep"\npath = "../gone"'))
    for error, told in (
        (
            nothing,
            "nothing is fetched here, and lake-manifest.json knows no such package; run `lake update dep`",
        ),
        (not_fetched, "found no lakefile.toml; run `lake build` where there is a Lake"),
        (nowhere, f"expected a package in {tmp_path / 'gone'}, found no lakefile.toml; correct the path"),
    ):
        assert str(error).startswith(f"{root / 'lakefile.toml'}:1: require dep: ")
        assert told in str(error)
        assert (error.code, error.exit_code) == (Code.LEAN_CANNOT, 2)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 7, "packages": [3]}',
        '{"packages": []}',
        "3",
        "[" * 9999,
        '{"version": 7, "packagesDir": 3}',
    ],
)
def test_a_manifest_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    root = requiring(tmp_path, 'name = "dep"')
    (root / "lake-manifest.json").write_text(text)
    error = refusal(root)
    assert "lake-manifest.json: expected a manifest of Lake's" in str(error)
    assert isinstance(error, ProjectNotFound)


@pytest.mark.parametrize("version", [1, 99, "2.0.0", "1.9.0"])
def test_a_manifest_of_another_version_is_not_guessed_at(tmp_path: Path, version: object) -> None:
    root = requiring(tmp_path, 'name = "dep"')
    manifest(root, version=version)
    assert f"expected a manifest of version 5 to 1.2, found {version!r}" in str(refusal(root))


@pytest.mark.parametrize("name", ["LeanBridge", "lean_bridge", "lean-bridge"])
@pytest.mark.parametrize("version", ["", "0.1.0", "v0.1", ">= 0.1.0, < 0.2"])
def test_the_library_of_this_package_is_required_by_name(tmp_path: Path, name: str, version: str) -> None:
    more = f'\nversion = "{version}"' if version else ""
    text = "module\npublic import Proofs.Autograd.Tape.DGraph\n"
    root = requiring(tmp_path, f'name = "{name}"{more}', text)
    sources = read_sources(root)
    assert sources.own == {"A"}
    place = "LeanBridge@0.1.0/Proofs/Autograd/Tape/DGraph.lean"
    shipped = SHIPPED / "Proofs/Autograd/Tape/DGraph.lean"
    assert sources.texts["Proofs.Autograd.Tape.DGraph"].file == place
    assert sources.texts["Proofs.Autograd.Tape.DGraph"].content == shipped.read_bytes()
    assert shipped_library() == SHIPPED


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ('version = "0.2"', "expected version 0.2, and this package ships 0.1.0"),
        ('version = "> 0.1.0"', "install the lean-bridge that ships > 0.1.0"),
        ('version = "newest"', "expected a version such as 0.1.0 or >= 0.1.0, found 'newest'"),
        ('rev = "main"', "expected a version such as 0.1.0 or >= 0.1.0, found 'git#main'"),
        ('git = "https://x/y"', "run `lake update LeanBridge` where there is a Lake"),
    ],
)
def test_another_version_of_it_is_not_to_be_had(tmp_path: Path, requirement: str, told: str) -> None:
    error = refusal(requiring(tmp_path, f'name = "LeanBridge"\n{requirement}'))
    assert told in str(error)
    assert isinstance(error, UnsupportedSource)


def test_a_module_of_a_package_is_not_shadowed(tmp_path: Path) -> None:
    root = requiring(tmp_path, 'name = "LeanBridge"', "module\n")
    package(
        root, f'{(root / "lakefile.toml").read_text()}[[lean_lib]]\nname = "Spec"\nroots = ["Spec.Shape"]\n'
    )
    (root / "Spec").mkdir()
    (root / "Spec" / "Shape.lean").write_text("module\n")
    assert "Spec/Shape.lean: Spec.Shape is a module of LeanBridge too" in str(refusal(root))


def test_a_source_of_a_package_is_below_it(tmp_path: Path) -> None:
    package(tmp_path / "dep", '[[lean_lib]]\nname = "B"\n', B="")
    (tmp_path / "C.lean").write_text("")
    (tmp_path / "dep" / "B").mkdir()
    (tmp_path / "dep" / "B" / "C.lean").symlink_to(tmp_path / "C.lean")
    root = requiring(tmp_path, 'name = "dep"\npath = "../dep"')
    refused = {module.name: module.refused for module in read_library(root, tmp_path).modules}
    assert isinstance(refused.pop("B.C"), SourceOutside)
    assert not any(refused.values())


def test_nothing_required_is_nothing_read(tmp_path: Path) -> None:
    root = package(tmp_path, LIB, A="")
    (root / "lake-manifest.json").write_text("nothing of Lake's")
    sources = read_sources(root)
    assert required_packages(root, sources.lakefile) == ()
