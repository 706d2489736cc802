"""Mutated compiled files are read or refused: nothing else may happen, and it may not take long."""

from __future__ import annotations

import random
import shutil
import struct
import time
from pathlib import Path

import pytest

from lean_bridge.errors import OleanError
from lean_bridge.olean.module import read_module

DATA = Path(__file__).parents[1] / "data" / "olean"
MUTANTS = 700
SECONDS = 2.0
"""Of processor time, for one mutant; the largest fixture takes some hundredths."""


def mutate(data: bytearray, rng: random.Random) -> None:
    """Change one to four places: bits, bytes, words, copied or dropped stretches."""
    for _ in range(rng.randint(1, 4)):
        # the header holds few of the bytes and most of the decisions
        at = rng.randrange(0x60) if rng.random() < 0.1 else rng.randrange(len(data) - 8)
        match rng.randrange(6):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xF6, 0xF9, 0xFA, 0xFF))
            case 2:
                struct.pack_into(
                    "<I", data, at & ~3, rng.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFE, rng.getrandbits(32)))
                )
            case 3:
                source = rng.randrange(len(data) - 8) & ~3
                data[at & ~3 : (at & ~3) + 4] = data[source : source + 4]
            case 4:
                source, size = rng.randrange(len(data) - 64) & ~7, 8 * rng.randint(1, 6)
                data[at & ~7 : (at & ~7) + size] = data[source : source + size]
            case 5:
                del data[at : at + rng.randint(1, 16)]


def outcome(path: Path) -> str:
    try:
        module = read_module(path, parts="present")
        for name in module.constant_names:
            module.constant(name)
            module.original_kind(name)
        for extension in module.extensions:
            module.entries(extension)
        return f"{len(module.declaration_ranges)} ranges, {len(module.imports)} imports"
    except OleanError as error:
        return "refused" if Path(error.path).parent == path.parent and error.offset >= 0 else str(error)


@pytest.mark.parametrize("name", ["Zoo", "Native", "Cell"])
def test_a_mutant_is_read_or_refused(name: str, tmp_path: Path) -> None:
    files = sorted(DATA.glob(f"{name}.olean*"))
    for file in files:
        shutil.copy(file, tmp_path)
    rng = random.Random(20261122)
    refused = 0
    for number in range(MUTANTS):
        original = rng.choice(files)
        data = bytearray(original.read_bytes())
        mutate(data, rng)
        (tmp_path / original.name).write_bytes(data)
        start = time.process_time()
        found = outcome(tmp_path / f"{name}.olean")
        assert found == "refused" or found.endswith("imports")
        refused += found == "refused"
        assert time.process_time() - start < SECONDS, f"mutant {number} of {original.name}"
        shutil.copy(original, tmp_path)
    # most changes break something, some fall into data that nothing checks
    assert MUTANTS * 0.4 < refused < MUTANTS
