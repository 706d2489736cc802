"""Prints the attack table; with ``pin``, pins the good twins of the attacks on statements again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from lean_bridge.audit.manifest import MANIFEST, write_manifest
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from tests.adversarial.corpus import (
    TwinProject,
    copy_library,
    lay_out,
    read_attacks,
    render_table,
    try_twins,
)
from tests.running_lean import WORKERS


def main(arguments: list[str]) -> int:
    with keep_warm(find_embedded(install=True), WORKERS, time_limit=120.0) as lean:
        if arguments == ["pin"]:
            pin_good_twins(lean)
            return 0
        trials = [try_twins(attack, lean) for attack in read_attacks()]
    sys.stdout.write(render_table(trials))
    return 0 if all(trial.holds for trial in trials) else 1


def pin_good_twins(lean: Provider) -> None:
    for attack in read_attacks():
        shared = attack.directory / "shared"
        if (shared / MANIFEST).is_file():
            with tempfile.TemporaryDirectory() as scratch:
                root = Path(scratch) / "library"
                lay_out(attack, "good", root)
                copy_library(attack.builds_on, lean, root)
                write_manifest(shared, TwinProject(root, lean).pin())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
