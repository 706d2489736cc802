"""Damaged compiled files through the reader: nothing but OleanError may come out, and soon."""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lean_bridge.errors import OleanError
from lean_bridge.olean.module import read_module
from tests.fuzz.mutations import mutate, run_for

DATA = Path(__file__).parents[1] / "data" / "olean"


def read_all(path: Path) -> str:
    """Decode everything in a module, and return ``read`` or ``refused``; what else it raises is a fault."""
    refusal: OleanError | None = None
    try:
        module = read_module(path, parts="present")
        for name in module.constant_names:
            module.constant(name)
            module.original_kind(name)
        for extension in module.extensions:
            module.entries(extension)
        assert module.imports is module.imports
        assert module.declaration_ranges is module.declaration_ranges
    except OleanError as error:
        refusal = error
    if refusal is None:
        return "read"
    assert Path(refusal.path).parent == path.parent, refusal
    assert refusal.offset >= 0
    return "refused"


class Case:
    """One damaged module after another, in a directory of its own."""

    def __init__(self, modules: Sequence[Path], directory: Path, seed: int) -> None:
        self._modules = modules
        self._directory = directory
        self._rng = random.Random(seed)

    def __call__(self) -> str:
        """Damage one part of a module, sometimes with a stretch out of another one, and read it."""
        rng = self._rng
        for old in self._directory.iterdir():
            old.unlink()
        module = rng.choice(self._modules)
        parts = sorted(module.parent.glob(f"{module.name}*"))
        for part in parts:
            shutil.copy(part, self._directory)
        victim = rng.choice(parts)
        data = bytearray(victim.read_bytes())
        if rng.random() < 0.1:
            other = rng.choice(self._modules).read_bytes()
            source, size = rng.randrange(len(other)) & ~7, 8 * rng.randint(1, 512)
            at = rng.randrange(len(data)) & ~7
            data[at : at + size] = other[source : source + size]
        else:
            mutate(data, rng)
        (self._directory / victim.name).write_bytes(data)
        return read_all(self._directory / module.name)

    def keep(self, faults: Path) -> None:
        """Copy the present case to the faults."""
        shutil.copytree(self._directory, Path(tempfile.mkdtemp(dir=faults)), dirs_exist_ok=True)


def main() -> None:
    """Run, print the counts, and fail if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--below", type=Path, action="append", default=[], help="more modules, with subfolders"
    )
    parser.add_argument("--largest", type=int, default=1 << 19, help="bytes of a module that is still taken")
    parser.add_argument("--faults", type=Path, default=Path("fuzz-faults"))
    options = parser.parse_args()
    found = [path for root in (DATA, *options.below) for path in sorted(root.rglob("*.olean"))]
    modules = [path for path in found if path.stat().st_size <= options.largest]
    with tempfile.TemporaryDirectory() as directory:
        case = Case(modules, Path(directory), options.seed)
        tally = run_for(options.minutes, case, case.keep, options.faults)
    print(f"{len(modules)} modules; {tally}")  # noqa: T201 - this is a command
    raise SystemExit(any(outcome.startswith("FAULT") for outcome in tally.outcomes))


if __name__ == "__main__":
    main()
