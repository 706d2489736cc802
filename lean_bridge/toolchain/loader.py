"""Makes the embedded Lean's loader fast: 89 MB of JavaScript in, 0.7 MB out.

The published ``lean.js`` binds each of the 201,109 exports of ``lean.wasm`` to a variable, of which it uses
50, and puts every exported function into the table, in every thread. Here nearly all these exports are gone
(see :mod:`lean_bridge.toolchain.wasm`), and what ``lean_thread.js`` hands in stands for the rest. A Lean is
ready in 0.3 s; as published it takes 15.6 s.
"""

from __future__ import annotations

import re

from lean_bridge.errors import ToolchainDownloadFailed

PATCH_VERSION = 2
"""Part of the embedded toolchain's identity: to be raised when what is installed or what runs it changes."""

_ASSIGNMENTS = "function assignWasmExports(wasmExports){"

_REPLACEMENTS = (
    (  # every function has its place in the table already, the same in every thread
        "var updateGOT=(exports,replace)=>{",
        "var updateGOT=(exports,replace)=>{return;",
    ),
    (  # what is added is the loader's own, and new: no search through the table
        "var addFunction=(func,sig)=>{var rtn=getFunctionAddress(func);if(rtn){return rtn}",
        "var addFunction=(func,sig)=>{",
    ),
    ("functionsInTableMap.set(func,ret);return ret}", "return ret}"),
    # the host's file system is never mounted, and its constants are out of reach
    ("if(ENVIRONMENT_IS_NODE){NODEFS.staticInit()}", ""),
    # the runtime outlives the main that initialises it
    ("var noExitRuntime=false", "var noExitRuntime=true"),
    ("var pthreadPoolSize=4", "var pthreadPoolSize=2"),
)


def slim_loader(text: str) -> str:
    """Return the loader without its unused export bindings, and as ``lean_thread.js`` wants it.

    Raises: ToolchainDownloadFailed if the loader is not the one this was written for.
    """
    text = _drop_unused_exports(text)
    for published, ours in _REPLACEMENTS:
        if text.count(published) != 1:
            raise ToolchainDownloadFailed(
                f"lean.js: expected exactly one {published!r}, found {text.count(published)}"
            )
        text = text.replace(published, ours)
    return text


def used_exports(text: str) -> frozenset[str]:
    """Return the exports of ``lean.wasm`` that a loader names, and the one that ``lean_thread.js`` calls."""
    return frozenset(re.findall(r'wasmExports\["([^"]+)"\]', text)) | {"__main_argc_argv"}


def _drop_unused_exports(text: str) -> str:
    start = text.find(_ASSIGNMENTS)
    declaration = text.rfind("var ", 0, start)
    end = text.find("}", start)
    if min(start, declaration, end) < 0:
        raise ToolchainDownloadFailed(f"lean.js: expected {_ASSIGNMENTS!r} after its variables, found none")
    before, after = text[:declaration], text[end + 1 :]
    used = set(re.findall(r"[A-Za-z_$][\w$]*", before)) | set(re.findall(r"[A-Za-z_$][\w$]*", after))
    assignments = [
        assignment
        for assignment in text[start + len(_ASSIGNMENTS) : end].split(";")
        if assignment.partition("=")[0] in used
    ]
    names = ",".join(assignment.partition("=")[0] for assignment in assignments)
    return f"{before}var {names};{_ASSIGNMENTS}{';'.join(assignments)}}}{after}"
