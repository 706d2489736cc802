"""What an attacker does who can write where compiled files are kept: old ones, edited ones, forged ones."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from lean_bridge.build.cache import build_store
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.project import Project
from lean_bridge.sealed import key_path, user_seal
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Job, Provider


@contextmanager
def own_cache(directory: Path) -> Iterator[None]:
    """Keep compiled files and answers in ``directory`` until the context ends.

    The Lean that was fetched is there too, with what its own library declares and the key that seals that:
    reading it again in every cache says nothing of a twin.
    """
    cache, seal = directory / "cache", user_seal()
    cache.mkdir()
    (cache / "toolchains").symlink_to(cache_directory() / "toolchains")
    if (names := cache_directory() / "names").is_dir():
        shutil.copytree(names, cache / "names")
    places = {"LEAN_BRIDGE_CACHE": str(cache), "XDG_DATA_HOME": str(directory / "data")}
    before = {name: os.environ.get(name) for name in places}
    os.environ |= places
    if seal.key is not None:
        key_path().parent.mkdir(parents=True, mode=0o700)
        key_path().touch(mode=0o600)
        key_path().write_bytes(seal.key)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def with_rules(primitive: Primitive, **rules: Any) -> Iterator[None]:
    """Give the executor's own record of a primitive other rules until the context ends."""
    before = {name: getattr(primitive, name) for name in rules}
    try:
        # frozen, and referred to from everywhere
        for name, rule in rules.items():
            object.__setattr__(primitive, name, rule)
        yield
    finally:
        for name, rule in before.items():
            object.__setattr__(primitive, name, rule)


def with_rules_of(primitive: Primitive, other: Primitive) -> AbstractContextManager[None]:
    """Give a primitive another one's rules until the context ends."""
    return with_rules(primitive, forward=other.forward, jvp=other.jvp, vjp=other.vjp)


def leave_stale(earlier: Project, project: Project) -> None:
    """Put what an earlier state of the sources compiled to wherever a build might look for this one's."""
    earlier.build()
    project.build()
    for place in (project.root, project.root / ".lake" / "build" / "lib" / "lean", project.compiled()):
        shutil.copytree(earlier.compiled(), place, dirs_exist_ok=True)


def plant(sources: Path, project: Project, lean: Provider) -> None:
    """Exchange a library's compiled modules for those that Lean makes of other sources."""
    project.build()
    with lean.pool(1, time_limit=120.0) as pool:
        for source in sources.rglob("*.lean"):
            relative = source.relative_to(sources).with_suffix("")
            made = pool.elaborate(
                Job(
                    source=source,
                    root=sources,
                    olean=source.with_suffix(".olean"),
                    search_path=(project.compiled(),),
                )
            )
            assert made.ok, made.diagnostics
            forge(
                ".".join(relative.parts),
                {path.name.removeprefix(source.stem): path.read_bytes() for path in made.artifacts},
            )


def rewrite(root: Path) -> None:
    """Replace text in sources that a twin shares with the shipped library, as ``rewrite.toml`` says."""
    for told in tomllib.loads((root / "rewrite.toml").read_text(encoding="utf-8"))["rewrite"]:
        path = root / told["file"]
        text = path.read_text(encoding="utf-8")
        assert told["find"] in text, f"{path}: there is nothing to replace"
        path.write_text(text.replace(told["find"], told["replace"]), encoding="utf-8")


def edit(instructions: Path, project: Project) -> None:
    """Replace text in the bytes of a compiled module, everywhere in its files, or remove one of them."""
    told = tomllib.loads(instructions.read_text(encoding="utf-8"))
    project.build()
    compiled = project.compiled().joinpath(*told["module"].split("."))
    paths = {suffix: compiled.with_suffix(suffix) for suffix in ARTIFACT_SUFFIXES}
    files = {suffix: path.read_bytes() for suffix, path in paths.items() if path.is_file()}
    if "remove" in told:
        del files[told["remove"]]
        paths[told["remove"]].unlink()
    else:
        found, replacement = (told[key].encode("latin-1") for key in ("find", "replace"))
        assert any(found in data for data in files.values()), "there is nothing to edit"
        files = {suffix: data.replace(found, replacement) for suffix, data in files.items()}
    forge(told["module"], files)


def forge(module: str, files: Mapping[str, bytes]) -> None:
    """Put other files into the store's only entry for a module, sealed as a build would have done it."""
    store = build_store()
    ((key, entry),) = (
        (key, found)
        for folder in store.directory.glob("modules/*/*")
        if folder.is_dir()
        and (found := store.find(key := folder.name.partition("-")[0]))
        and found.report.module == module
    )
    kept = store.compiled(key).parent
    assert set(files) <= set(entry.digests)
    artifacts = kept.with_suffix(".forged")
    artifacts.mkdir()
    for suffix, data in files.items():
        (artifacts / f"module{suffix}").write_bytes(data)
    with store.lock(key):
        store.put(key, entry.report, artifacts)
    artifacts.rmdir()
