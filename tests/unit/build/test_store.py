from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lean_bridge.build.modules import Library, Module
from lean_bridge.build.store import RECENT, Entry, Refusal, Store, module_keys
from lean_bridge.sealed import Seal
from pybind_models import Diagnostic, ModuleReport, Toolchain

LEAN = Toolchain(provider="embedded", version="4.28.0-pre", identity="one", location="here")
LEAF = Module("A.Leaf", "A/Leaf.lean", b"module\n", (), (("autoImplicit", "false"),))
MIDDLE = Module("A.Middle", "A/Middle.lean", b"import A.Leaf\n", ("A.Leaf",), ())
TOP = Module("A.Top", "A/Top.lean", b"import A.Middle\n", ("A.Middle",), ())
OTHER = Module("A.Other", "A/Other.lean", b"module\n", (), ())
KEY = "ab" * 32
REFUSAL = Refusal(
    seconds=1.5,
    diagnostics=(Diagnostic(file="A/Leaf.lean", line=3, column=0, severity="error", text="unsolved goals"),),
)
OURS, THEIRS = Seal(b"ours" * 8), Seal(b"them" * 8)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, OURS)


def put(store: Store, key: str = KEY, module: str = "A.Leaf", content: bytes = b"olean") -> Entry:
    report = ModuleReport(module=module, file="A/Leaf.lean", state="built", seconds=1.5)
    with store.lock(key), store.scratch() as scratch:
        artifacts = scratch / "artifacts"
        artifacts.mkdir()
        (artifacts / "module.olean").write_bytes(content)
        (artifacts / "module.olean.private").write_bytes(b"private")
        return store.put(key, report, artifacts)


def keys_after(change: Module) -> set[str]:
    """Return the modules whose key differs once ``change`` takes the place of the module of its name."""
    before = module_keys(Library((LEAF, OTHER, MIDDLE, TOP)), LEAN)
    changed = [change if change.file == module.file else module for module in (LEAF, OTHER, MIDDLE, TOP)]
    after = module_keys(Library(tuple(changed)), LEAN)
    return {name for name in after if before.get(name) != after[name]}


def test_a_changed_source_changes_its_key_and_its_importers() -> None:
    assert keys_after(replace(LEAF, content=b"module \n")) == {"A.Leaf", "A.Middle", "A.Top"}
    assert keys_after(replace(TOP, content=b"module\nimport A.Middle\n")) == {"A.Top"}


def test_changed_options_change_the_key() -> None:
    assert keys_after(replace(MIDDLE, options=(("autoImplicit", "true"),))) == {"A.Middle", "A.Top"}


def test_equal_sources_of_different_modules_have_different_keys() -> None:
    twin = replace(LEAF, name="A.Twin", file="A/Twin.lean")
    keys = module_keys(Library((LEAF, twin)), LEAN)
    assert keys["A.Leaf"] != keys["A.Twin"]


def test_another_toolchain_changes_every_key() -> None:
    library = Library((LEAF, OTHER, MIDDLE, TOP))
    ours, theirs = (
        module_keys(library, LEAN),
        module_keys(library, LEAN.replaced(identity="two")),
    )
    assert all(ours[name] != theirs[name] for name in ours)
    by_lake = module_keys(library, LEAN.replaced(through_lake=True))
    assert all(ours[name] != by_lake[name] for name in ours), "what Lake left is taken for nothing else"


def test_what_a_library_is_built_upon_changes_every_key_by_its_name() -> None:
    plain, *upon = (
        module_keys(Library((LEAF, MIDDLE), built_upon), LEAN)
        for built_upon in ((), (Path("trees/one"),), (Path("trees/two"),), (Path("elsewhere/one"),))
    )
    assert all(len({plain[name], upon[0][name], upon[1][name]}) == 3 for name in plain)
    assert upon[0] == upon[2]


def test_where_the_toolchain_lies_does_not_matter() -> None:
    moved = LEAN.replaced(location="there")
    assert module_keys(Library((LEAF,)), LEAN) == module_keys(Library((LEAF,)), moved)


def test_an_entry_is_found_again(store: Store) -> None:
    assert store.find(KEY) is None
    put(store)
    entry = store.find(KEY)
    assert entry is not None
    assert entry.report.seconds == 1.5
    assert entry.digests.keys() == {".olean", ".olean.private"}


@pytest.mark.parametrize("file", ["module.olean", "module.olean.private", "result.sealed"])
def test_an_edited_or_missing_file_makes_an_entry_absent_until_it_is_made_again(
    store: Store, file: str
) -> None:
    put(store)
    (damaged,) = store.directory.glob(f"modules/*/*/{file}")
    damaged.write_bytes(b"OLEAN")
    assert store.find(KEY) is None
    damaged.unlink()
    assert store.find(KEY) is None
    put(store)
    assert store.find(KEY) is not None


@pytest.mark.parametrize("file", ["module.olean", "result.sealed"])
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_an_entry_with_something_else_in_the_place_of_a_file_is_absent(
    store: Store, file: str, kind: str
) -> None:
    put(store)
    (kept,) = store.directory.glob(f"modules/*/*/{file}")
    elsewhere = kept.rename(store.directory / "elsewhere")
    if kind == "pipe":
        os.mkfifo(kept)
    else:
        kept.symlink_to(elsewhere)
    assert store.find(KEY) is None
    put(store)
    assert store.find(KEY) is not None


def test_a_folder_that_is_a_link_is_replaced_and_where_it_leads_is_left_alone(
    store: Store, tmp_path: Path
) -> None:
    put(store)
    (folder,) = (path for path in store.directory.glob("modules/*/*") if path.is_dir())
    elsewhere = folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(elsewhere)
    put(store, content=b"other")
    assert not folder.is_symlink()
    assert (elsewhere / "module.olean").read_bytes() == b"olean"


def test_a_pipe_in_a_tree_is_replaced(store: Store) -> None:
    tree = placed(store)
    (tree / "A" / "Leaf.olean").unlink()
    os.mkfifo(tree / "A" / "Leaf.olean")
    placed(store)
    assert (tree / "A" / "Leaf.olean").read_bytes() == b"olean"


def test_an_entry_that_another_user_sealed_is_absent(store: Store) -> None:
    put(Store(store.directory, THEIRS))
    assert store.find(KEY) is None
    (theirs,) = store.directory.glob(f"modules/*/{KEY}-{THEIRS.mark}")
    shutil.copytree(theirs, theirs.with_name(f"{KEY}-{OURS.mark}"))
    assert store.find(KEY) is None
    put(store)
    assert store.find(KEY) is not None


@pytest.mark.parametrize("seal", [THEIRS, Seal(None)])
def test_another_seals_run_replaces_nothing_that_a_run_builds_upon(store: Store, seal: Seal) -> None:
    tree = placed(store)
    entry = store.find(KEY)
    assert entry is not None
    other = Store(store.directory, seal)
    made = put(other, content=b"not quite the same")
    other.place(KEY, made, other.tree({"A.Leaf": KEY}))
    assert store.is_intact(KEY, entry)
    assert (tree / "A" / "Leaf.olean").read_bytes() == b"olean"


def test_an_entry_of_another_key_is_absent(store: Store) -> None:
    put(store)
    other = "ac" * 32
    (kept,) = store.directory.glob(f"modules/*/{KEY}-{OURS.mark}")
    shutil.copytree(kept, store.directory / "modules" / "ac" / kept.name.replace(KEY, other))
    assert store.find(other) is None
    assert store.find(KEY) is not None


def test_without_a_key_entries_serve_the_build_that_made_them_and_no_other(tmp_path: Path) -> None:
    keyless = Store(tmp_path, Seal(None))
    put(keyless)
    assert keyless.find(KEY) is None
    assert Store(tmp_path, OURS).find(KEY) is None


def test_only_the_files_of_a_compiled_module_are_kept(store: Store, tmp_path: Path) -> None:
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    for name in ("module.olean", "other.olean", "result.sealed"):
        (artifacts / name).write_bytes(b"olean")
    report = ModuleReport(module="A.Leaf", file="A/Leaf.lean", state="built", seconds=1.5)
    with store.lock(KEY):
        store.put(KEY, report, artifacts)
    assert {path.name for path in store.directory.glob(f"modules/*/{KEY}-*/*")} == {
        "module.olean",
        "result.sealed",
    }
    assert store.find(KEY) is not None


def placed(store: Store) -> Path:
    put(store)
    tree, entry = store.tree({"A.Leaf": KEY}), store.find(KEY)
    assert entry is not None
    store.place(KEY, entry, tree)
    return tree


def listing(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir()}


LEAF_FILES = {"A/Leaf.olean", "A/Leaf.olean.private"}


def test_what_belongs_to_no_module_is_cleared_from_a_tree(store: Store, tmp_path: Path) -> None:
    tree = placed(store)
    (tree / "A" / "Planted.olean").write_bytes(b"olean")
    (tree / "Init").mkdir()
    (tree / "Init" / "Prelude.olean").write_bytes(b"olean")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "Std.olean").write_bytes(b"olean")
    (tree / "Lean").symlink_to(tmp_path / "elsewhere")
    store.clear(tree, spare=["A.Leaf"])
    assert listing(tree) == LEAF_FILES
    assert (tmp_path / "elsewhere" / "Std.olean").exists()


def test_a_module_whose_folder_is_a_link_is_placed_in_a_folder_of_its_own(
    store: Store, tmp_path: Path
) -> None:
    tree = placed(store)
    (tree / "A").rename(tmp_path / "elsewhere")
    (tree / "A").symlink_to(tmp_path / "elsewhere")
    store.clear(tree, spare=["A.Leaf"])
    assert placed(store) == tree
    assert listing(tree) == LEAF_FILES
    assert not (tree / "A").is_symlink()


def test_a_part_that_an_entry_does_not_have_is_taken_from_the_tree(store: Store) -> None:
    tree = placed(store)
    (tree / "A" / "Leaf.olean.server").write_bytes(b"planted")
    assert placed(store) == tree
    assert listing(tree) == LEAF_FILES


def test_a_tree_holds_modules_under_their_names(store: Store) -> None:
    put(store)
    entry = store.find(KEY)
    assert entry is not None
    tree = store.tree({"A.Leaf": KEY})
    store.place(KEY, entry, tree)
    assert (tree / "A" / "Leaf.olean").read_bytes() == b"olean"
    assert (tree / "A" / "Leaf.olean.private").read_bytes() == b"private"


def test_an_edited_file_in_a_tree_is_put_right(store: Store) -> None:
    put(store)
    tree = store.tree({"A.Leaf": KEY})
    entry = store.find(KEY)
    assert entry is not None
    store.place(KEY, entry, tree)
    (tree / "A" / "Leaf.olean").unlink()
    (tree / "A" / "Leaf.olean").write_bytes(b"OLEAN")
    store.place(KEY, entry, tree)
    assert (tree / "A" / "Leaf.olean").read_bytes() == b"olean"


def test_a_tree_that_is_a_link_is_replaced_and_where_it_leads_nothing_is_deleted(
    store: Store, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_bytes(b"")
    tree = store.tree({"A.Leaf": KEY})
    tree.rmdir()
    tree.symlink_to(elsewhere)
    again = store.tree({"A.Leaf": KEY})
    store.clear(again, spare=[])
    assert (again, again.is_symlink()) == (tree, False)
    assert (elsewhere / "precious").exists()


def test_different_builds_have_different_trees(store: Store) -> None:
    assert store.tree({"A": "1"}) != store.tree({"A": "2"})
    assert store.tree({"A": "1", "B": "2"}) == store.tree({"B": "2", "A": "1"})


def test_pruning_deletes_what_was_used_longest_ago(store: Store) -> None:
    for age, key in enumerate(["cc" * 32, "bb" * 32, "aa" * 32]):
        put(store, key, content=bytes(1000))
        (result,) = store.directory.glob(f"modules/*/{key}-*/result.sealed")
        then = time.time() - RECENT - 100 * (age + 1)
        os.utime(result, (then, then))
    assert store.find("aa" * 32) is not None  # the oldest, now the one used last
    freed = store.prune(3000)
    assert 1000 < freed < 2000
    assert [store.find(key * 32) is not None for key in ("aa", "bb", "cc")] == [True, False, True]


def test_pruning_spares_what_a_build_may_be_using(store: Store) -> None:
    put(store)
    tree = store.tree({"A.Leaf": KEY})
    assert store.prune(0) == 0
    assert store.find(KEY) is not None
    assert tree.is_dir()


def test_pruning_clears_old_trees_and_leftovers(store: Store) -> None:
    leftover = store.directory / "scratch" / "interrupted"
    leftover.mkdir(parents=True)
    tree = store.tree({"A.Leaf": KEY})
    for folder in (leftover, tree):
        os.utime(folder, (1, time.time() - 24 * RECENT))
    store.prune(0)
    assert tree.exists()
    for folder in (leftover, tree):
        os.utime(folder, (1, 1))
    store.prune(1 << 30)
    assert not leftover.exists()
    assert not tree.exists()


def test_where_a_file_lies_does_not_matter() -> None:
    library = Library((LEAF, MIDDLE))
    moved = Library(tuple(replace(each, file=f"elsewhere/{each.file}") for each in library.modules))
    assert module_keys(library, LEAN) == module_keys(moved, LEAN)


def test_a_refusal_is_found_again_by_whoever_sealed_it_under_its_key_alone(store: Store) -> None:
    assert store.refusal(KEY) is None
    store.refuse(KEY, REFUSAL)
    assert store.refusal(KEY) == REFUSAL
    other = "ac" * 32
    shutil.copy(store.directory / "refusals" / KEY, store.directory / "refusals" / other)
    assert store.refusal(other) is None
    assert Store(store.directory, THEIRS).refusal(KEY) is None


def test_pruning_counts_refusals_and_records_that_are_kept_elsewhere(store: Store, tmp_path: Path) -> None:
    store.refuse(KEY, REFUSAL)
    record = tmp_path / "answers" / "one"
    record.parent.mkdir()
    record.write_bytes(bytes(1000))
    kept = [store.directory / "refusals" / KEY, record]
    assert store.prune(0, [record]) == 0
    for path in kept:
        os.utime(path, (1, 1))
    assert store.prune(1 << 20, [record]) == 0
    assert store.prune(0, [record]) > 1000
    assert not any(path.exists() for path in kept)
