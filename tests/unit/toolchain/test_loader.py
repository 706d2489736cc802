from __future__ import annotations

import pytest

from lean_bridge.errors import ToolchainDownloadFailed
from lean_bridge.toolchain.loader import slim_loader

LOADER = (
    "var Module={};var noExitRuntime=false;var pthreadPoolSize=4;"
    "function find(){newSymIndex=Object.keys(lib.exports).indexOf(symbol);return _kept(newSymIndex)}"
    'function start(){if(isNode){var lean_path=process.env["LEAN_PATH"]}return _also_kept}'
    "var _kept,_dropped,_also_kept;"
    "function assignWasmExports(wasmExports){"
    '_kept=Module["_kept"]=wasmExports["kept"];_dropped=Module["_dropped"]=wasmExports["dropped"];'
    '_also_kept=wasmExports["also_kept"]}'
    "run(assignWasmExports)"
)


def test_only_used_exports_stay_bound() -> None:
    slimmed = slim_loader(LOADER)
    assert (
        "var _kept,_also_kept;function assignWasmExports(wasmExports){"
        '_kept=Module["_kept"]=wasmExports["kept"];_also_kept=wasmExports["also_kept"]}run('
    ) in slimmed
    assert "_dropped" not in slimmed


def test_the_symbol_search_is_indexed() -> None:
    slimmed = slim_loader(LOADER)
    assert "indexOf(symbol)" not in slimmed
    assert "newSymIndex=lib.index.get(symbol)??-1;return _kept(newSymIndex)" in slimmed


def test_the_runtime_outlives_main_on_two_threads_without_mounts_of_its_own() -> None:
    slimmed = slim_loader(LOADER)
    assert "var noExitRuntime=true;var pthreadPoolSize=2;" in slimmed
    assert "if(isNode){return}if(isNode){var lean_path" in slimmed


@pytest.mark.parametrize(
    "missing", ["function assignWasmExports(wasmExports){", "var pthreadPoolSize=4", "if(isNode)"]
)
def test_a_loader_it_was_not_written_for_is_refused(missing: str) -> None:
    with pytest.raises(ToolchainDownloadFailed, match=r"lean\.js: expected"):
        slim_loader(LOADER.replace(missing, ""))
