"""Makes the embedded Lean's loader fast: 89 MB of JavaScript in, 0.7 MB out, doing the same.

The published ``lean.js`` binds each of the 201,109 exports of ``lean.wasm`` to a variable, of which it uses
50, and finds the address of a symbol by a linear search through all of them. Booting takes 15.6 s as
published and 4.2 s here; the first ``import Init`` 125 s and 2.9 s.
"""

from __future__ import annotations

import re

from lean_bridge.errors import ToolchainDownloadFailed

PATCH_VERSION = 1
"""Part of the embedded toolchain's identity: to be raised with every change to what this module produces."""

_ASSIGNMENTS = "function assignWasmExports(wasmExports){"

_REPLACEMENTS = (
    (  # the index of an export is looked up for every initialiser of every imported module
        "newSymIndex=Object.keys(lib.exports).indexOf(symbol);",
        "lib.index??=new Map(Object.keys(lib.exports).map((name,i)=>[name,i]));"
        "newSymIndex=lib.index.get(symbol)??-1;",
    ),
    (  # main would mount /home and /tmp over the mounts of worker.js, and change directory
        'if(isNode){var lean_path=process.env["LEAN_PATH"]',
        'if(isNode){return}if(isNode){var lean_path=process.env["LEAN_PATH"]',
    ),
    # the runtime outlives the main that initialises it
    ("var noExitRuntime=false", "var noExitRuntime=true"),
    ("var pthreadPoolSize=4", "var pthreadPoolSize=2"),
)


def slim_loader(text: str) -> str:
    """Return the loader without its unused export bindings, and with the changes ``worker.js`` relies on.

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
