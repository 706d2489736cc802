"""A content-addressed store of compiled modules: each entry whole, and sealed by this user, or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from filelock import FileLock
from pydantic import ValidationError

from lean_bridge.build.account import account_digest
from lean_bridge.build.as_module import handed
from lean_bridge.build.modules import Library
from lean_bridge.names import module_path
from lean_bridge.sealed import Seal, user_seal
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES
from pybind_models import Diagnostic, Model, ModuleReport, Toolchain

FORMAT_VERSION = 3
"""Part of every key: to be raised with every change to what an entry holds or how it is made."""

RECENT = 3600
"""Seconds after its last use during which nothing is pruned."""
_LINGERS = 7 * 24 * RECENT
"""Seconds for which a search path directory stays: whoever built it may still read from it."""

_RECORD = "result.sealed"


class Entry(Model):
    """What the store remembers of one compiled module."""

    report: ModuleReport
    digests: dict[str, str]
    """SHA-256 of each file, by its suffix."""
    account: str = ""
    """By which account of its source it was found whole; another program may ask for more."""


class Refusal(Model):
    """What Lean has against a module, in the end and for good."""

    seconds: float
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """Compiled modules under ``directory``, each in a folder named by its key and the seal.

    An entry that was not sealed by this user, under its own key, is absent: whoever may write here can take
    entries away, and not put any in. Two seals share no place: Lean does not write the same bytes twice, and
    none may be replaced while another run builds upon them. What is not there is read from ``given``, where
    nothing is written.
    """

    directory: Path
    seal: Seal = field(default_factory=user_seal)
    given: Path | None = None

    def find(self, key: str) -> Entry | None:
        """Return the entry at ``key`` if it is there and every file of it is what was put there."""
        record = self._found(key) / _RECORD
        payload = self.seal.kept(record, _about(key))
        if payload is None:
            return None
        try:
            entry = Entry.model_validate_json(payload)
        except ValidationError:
            return None
        _use(record)
        return entry if self.is_intact(key, entry) else None

    def refusal(self, key: str) -> Refusal | None:
        """Return what was kept of Lean's refusal of a module, if this user's own runs kept it."""
        path = self._placed("refusals", key)
        payload = self.seal.kept(path, _about_refusal(key))
        if payload is None:
            return None
        try:
            found = Refusal.model_validate_json(payload)
        except ValidationError:
            return None
        _use(path)
        return found

    def refuse(self, key: str, refusal: Refusal) -> None:
        """Keep what Lean has against a module."""
        path = self.directory / "refusals" / key
        self.seal.keep(path, _about_refusal(key), refusal.model_dump_json().encode())

    def is_intact(self, key: str, entry: Entry) -> bool:
        """Say whether every file of an entry is still what was put there."""
        folder = self._found(key)
        try:
            return all(_digest(folder / f"module{s}") == digest for s, digest in entry.digests.items())
        except OSError:
            return False

    def lock(self, key: str) -> FileLock:
        """Return the lock under which the entry at ``key`` is made, by one build at a time."""
        folder = self._folder(key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(folder.with_suffix(".lock"))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder in which to make an entry; what is left of it afterwards is deleted."""
        parent = self.directory / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)

    def put(self, key: str, report: ModuleReport, artifacts: Path) -> Entry:
        """Move the files ``module.olean`` and so on from ``artifacts`` to ``key``; needs the lock."""
        files = {suffix: artifacts / f"module{suffix}" for suffix in ARTIFACT_SUFFIXES}
        digests = {suffix: _digest(file) for suffix, file in files.items() if file.is_file()}
        entry = Entry(report=report, digests=digests, account=account_digest())
        record = self.seal.close(entry.model_dump_json().encode(), _about(key))
        with self.scratch() as scratch:
            whole = scratch / "entry"
            whole.mkdir()
            for suffix in digests:
                files[suffix].rename(whole / f"module{suffix}")
            (whole / _RECORD).write_bytes(record or b"")
            folder = self._folder(key)
            if folder.is_dir() and not folder.is_symlink():  # damaged, or not ours
                shutil.rmtree(folder)
            else:
                folder.unlink(missing_ok=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            whole.rename(folder)
        return entry

    def is_accounted(self, entry: Entry) -> bool:
        """Say whether an entry was held against its source as this program does it."""
        return entry.account == account_digest()

    def account(self, key: str, entry: Entry) -> Entry:
        """Keep that an entry was held against its source as this program does it, and return it so."""
        accounted = entry.replaced(account=account_digest())
        if self._found(key) == self._folder(key):
            self.seal.keep(self._folder(key) / _RECORD, _about(key), accounted.model_dump_json().encode())
        return accounted

    def compiled(self, key: str) -> Path:
        """Return where the compiled file of an entry lies."""
        return self._found(key) / "module.olean"

    def tree(self, keys: Mapping[str, str]) -> Path:
        """Return the search path directory that belongs to exactly these modules at these keys."""
        tree = self.directory / "trees" / self.seal.mark / content_key(keys)
        if tree.is_symlink() or tree.is_file():  # leads where nothing of ours is, and nothing may be deleted
            tree.unlink()
        tree.mkdir(parents=True, exist_ok=True)
        os.utime(tree)
        return tree

    def place(self, key: str, entry: Entry, tree: Path) -> None:
        """Make the entry's files, and no others of its module, appear in ``tree`` under the module's name."""
        for suffix in ARTIFACT_SUFFIXES:
            source = self._found(key) / f"module{suffix}"
            target = placed(tree, entry.report.module, suffix)
            digest = entry.digests.get(suffix)
            if digest is None:
                target.unlink(missing_ok=True)
            elif not _holds(target, source, digest):
                target.parent.mkdir(parents=True, exist_ok=True)
                with self.scratch() as folder:
                    _link(source, folder / "link")
                    (folder / "link").replace(target)

    def clear(self, tree: Path, spare: Collection[str]) -> None:
        """Delete from ``tree`` whatever belongs to none of the modules to ``spare``, links included."""
        spared = {placed(tree, module, suffix) for module in spare for suffix in ARTIFACT_SUFFIXES}
        for folder, directories, files in os.walk(tree):
            links = [name for name in directories if Path(folder, name).is_symlink()]
            for path in (Path(folder, name) for name in (*links, *files)):
                if path not in spared or path.is_symlink():
                    path.unlink()

    def prune(self, max_bytes: int, records: Iterable[Path] = ()) -> int:
        """Delete what was used longest ago until at most ``max_bytes`` are kept, and return the bytes freed.

        ``records`` are files kept elsewhere that count, and go, like what is kept here. What was used within
        the last hour stays, and a search path directory for a week: somebody may be at work on it.
        """
        spared = time.time() - RECENT
        for leftover in [*self.directory.glob("scratch/*"), *self.directory.glob("trees/*/*")]:
            with suppress(OSError):
                if leftover.stat().st_mtime < time.time() - _LINGERS:
                    shutil.rmtree(leftover, ignore_errors=True)
        kept: list[tuple[float, int, Path]] = []
        modules = self.directory.glob(f"modules/*/*/{_RECORD}")
        for record in (*modules, *self.directory.glob("refusals/*"), *records):
            is_module = record.name == _RECORD
            with suppress(OSError):  # another run may prune too
                size = sum(
                    each.stat().st_size for each in (record.parent.iterdir() if is_module else [record])
                )
                kept.append((record.stat().st_mtime, size, record.parent if is_module else record))
        left = total = sum(size for _, size, _ in kept)
        for used, size, path in sorted(kept):
            if left <= max_bytes or used >= spared:
                break
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
                path.with_suffix(".lock").unlink(missing_ok=True)
            else:
                path.unlink(missing_ok=True)
            left -= size
        return total - left

    def _folder(self, key: str) -> Path:
        """Return where an entry is put."""
        return self.directory.joinpath(*self._place(key))

    def _found(self, key: str) -> Path:
        """Return where an entry is read."""
        return self._placed(*self._place(key))

    def _place(self, key: str) -> tuple[str, ...]:
        return "modules", key[:2], f"{key}-{self.seal.mark}"

    def _placed(self, *parts: str) -> Path:
        place = self.directory.joinpath(*parts)
        if self.given is None or os.path.lexists(place):
            return place
        return self.given.joinpath(*parts)


def module_keys(library: Library, toolchain: Toolchain) -> dict[str, str]:
    """Return the key of each module: a digest of all that its compiled files depend on."""
    keys: dict[str, str] = {}
    upon = [directory.name for directory in library.built_upon]
    for module in library.modules:  # in build order
        text = handed(module, toolchain)
        contents = (module.content, text.content) if text.is_turned else (module.content,)
        keys[module.name] = content_key(
            [
                FORMAT_VERSION,
                toolchain.identity,
                toolchain.isolation,
                *(["through Lake"] if toolchain.through_lake else []),
                *(each.text for each in module.bad_imports),  # as never compiled
                module.name,
                source_place(module.name).as_posix(),
                module.options,
                *(hashlib.sha256(content).hexdigest() for content in contents),
                [*(keys[imported] for imported in module.imports), *upon],
            ]
        )
    return keys


def source_place(module: str) -> PurePosixPath:
    """Return where Lean is handed a module's source, below the root of its name, wherever its file lies."""
    place = module_path(module, ".lean")
    assert place is not None, f"{module} was found as a file"
    return place


def _use(record: Path) -> None:
    """Mark a record as used, by which it is pruned later than others."""
    with suppress(OSError):  # where it can only be read, nobody prunes
        os.utime(record)


def _about(key: str) -> str:
    """Return what the record of an entry is sealed as being about."""
    return f"compiled module {key}"


def _about_refusal(key: str) -> str:
    return f"module {key} is refused"


def placed(tree: Path, module: str, suffix: str) -> Path:
    """Return where a file of a module lies in a search path directory."""
    place = module_path(module, suffix)
    assert place is not None, f"{module} was found as a file"
    return tree / place


def content_key(content: object) -> str:
    """Return the SHA-256 of a value as canonical JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _holds(target: Path, source: Path, digest: str) -> bool:
    """Say whether a file in a tree is the stored one, or is like it."""
    try:
        _check_plain(target)
        return target.samefile(source) or _digest(target) == digest
    except OSError:
        return False


def _check_plain(file: Path) -> None:
    """Check that a file is one: a link leads elsewhere, and whoever reads a pipe waits for ever."""
    if not stat.S_ISREG(file.lstat().st_mode):
        raise OSError(errno.EINVAL, "is no plain file", str(file))


def _digest(file: Path) -> str:
    _check_plain(file)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # not on this file system
        shutil.copyfile(source, target)
