from __future__ import annotations

import pytest

from lean_bridge.errors import ToolchainDownloadFailed
from lean_bridge.toolchain.loader import slim_loader, used_exports

LOADER = (
    "var Module={};var noExitRuntime=false;var pthreadPoolSize=4;"
    "var addFunction=(func,sig)=>{var rtn=getFunctionAddress(func);if(rtn){return rtn}"
    "var ret=_kept();functionsInTableMap.set(func,ret);return ret};"
    "var updateGOT=(exports,replace)=>{for(var name in exports)addFunction(name)};"
    "if(ENVIRONMENT_IS_NODE){NODEFS.staticInit()}"
    "function start(){return _also_kept}"
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


def test_no_thread_goes_through_the_table() -> None:
    slimmed = slim_loader(LOADER)
    assert "var addFunction=(func,sig)=>{var ret=_kept();return ret};" in slimmed
    assert "var updateGOT=(exports,replace)=>{return;" in slimmed


def test_the_host_s_file_system_is_not_prepared() -> None:
    assert "NODEFS" not in slim_loader(LOADER)


def test_the_exports_that_stay_are_those_it_names() -> None:
    assert used_exports(slim_loader(LOADER)) == {"kept", "also_kept", "__main_argc_argv"}


def test_the_runtime_outlives_main_on_two_threads() -> None:
    assert "var noExitRuntime=true;var pthreadPoolSize=2;" in slim_loader(LOADER)


@pytest.mark.parametrize(
    "missing", ["function assignWasmExports(wasmExports){", "var pthreadPoolSize=4", "NODEFS"]
)
def test_a_loader_it_was_not_written_for_is_refused(missing: str) -> None:
    with pytest.raises(ToolchainDownloadFailed, match=r"lean\.js: expected"):
        slim_loader(LOADER.replace(missing, ""))
