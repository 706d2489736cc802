"""The rewritten module does what the published one did, and every symbol is found: asked of Node itself."""

from __future__ import annotations

import json
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from lean_bridge.toolchain.node import node_binary
from lean_bridge.toolchain.wasm import WasmError, decode, encode, encode_signed, pack_symbols, rewrite
from tests.unit.toolchain.wasm_module import ADDRESS, MAIN, small_module

ASK = """
const fs = require('fs')
const [policy, wasm, symbols, ...names] = process.argv.slice(1)
const bytes = fs.readFileSync(symbols)
const shared = new SharedArrayBuffer(bytes.length)
new Uint8Array(shared).set(bytes)
const address = require(policy).symbolTable(shared)
const e = {
  m: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
  g: new WebAssembly.Global({ value: 'i32', mutable: true }, 0),
}
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(wasm)), { e })
const places = Object.fromEntries(names.map((name) => [name, address(name)]))
const calls = names.map((name) => places[name] < 100 && exports.table.get(places[name])?.())
console.log(JSON.stringify({ exports: Object.keys(exports).sort(), places, calls }))
"""


def ask(folder: Path, module: bytes, symbols: bytes, *names: str) -> dict[str, object]:
    (folder / "m.wasm").write_bytes(module)
    (folder / "symbols.bin").write_bytes(symbols)
    policy = str(resources.files("lean_bridge.toolchain") / "policy.js")
    command = [str(node_binary()), "-e", ASK, policy, str(folder / "m.wasm"), str(folder / "symbols.bin")]
    answered = subprocess.run([*command, *names], capture_output=True, check=True, timeout=60)
    found: dict[str, object] = json.loads(answered.stdout)
    return found


def test_functions_are_in_the_table_once_and_keep_the_places_they_had(tmp_path: Path) -> None:
    module, symbols = rewrite(small_module(), {MAIN, "table"})
    names = ["zero", "one", "two", MAIN]
    found = ask(tmp_path, module, symbols, *names)
    assert found["exports"] == [MAIN, "table"]
    assert found["places"] == {"zero": 3, "one": 2, "two": 1, MAIN: 4}
    assert found["calls"] == [10, 11, 12, 13]


def test_data_have_addresses_and_variables_none(tmp_path: Path) -> None:
    module, symbols = rewrite(small_module(), {"table"})
    found = ask(tmp_path, module, symbols, "data", "state", "absent", "", "dat", "data_", "zz")
    unknown = dict.fromkeys(["state", "absent", "", "dat", "data_", "zz"], 0)
    assert found["places"] == {"data": ADDRESS, **unknown}


def test_every_symbol_of_a_long_list_is_found(tmp_path: Path) -> None:
    module, _ = rewrite(small_module(), {"table"})
    symbols = {f"l_{'a' * (n % 5)}{n}".encode(): 1000 + n for n in range(500)}
    found = ask(tmp_path, module, pack_symbols(symbols), *(name.decode() for name in symbols))
    assert found["places"] == {name.decode(): place for name, place in symbols.items()}


@pytest.mark.parametrize("number", [0, 1, 63, 64, 127, 128, 8191, 8192, ADDRESS, 2**31 - 1])
def test_numbers_are_read_as_they_are_written(number: int) -> None:
    assert decode(encode(number) + b"\0", 0) == (number, len(encode(number)))
    assert decode(encode_signed(number) + b"\0", 0, signed=True) == (number, len(encode_signed(number)))


def test_a_negative_number_is_read() -> None:
    assert decode(b"\x7f", 0, signed=True) == (-1, 1)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (b"", "not a WebAssembly module"),
        (small_module()[:-1], "cut off"),
        (small_module()[:40], "ends early or is missing|cut off"),
        (small_module(table=b"\x01\x70\x01\x03\x03"), "one table of functions that may grow"),
        (small_module(table=b"\x01\x70\x00\x09"), "a table of 9 entries, filled up to 3"),
    ],
)
def test_a_module_it_was_not_written_for_is_refused(module: bytes, reason: str) -> None:
    with pytest.raises(WasmError, match=reason):
        rewrite(module, ())


def test_an_export_that_is_not_there_is_named() -> None:
    with pytest.raises(WasmError, match="no export four"):
        rewrite(small_module(), {"four"})
