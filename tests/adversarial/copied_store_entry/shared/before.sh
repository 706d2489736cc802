# What it compiles to once its theorem is true is made ready, and put where the cache has this library's own.
"$PYTHON" - <<'PROGRAM'
import os
import shutil
from pathlib import Path

from lean_bridge.build.build import build_library, build_store
from lean_bridge.build.modules import read_library
from lean_bridge.build.store import module_keys
from lean_bridge.toolchain.find import find_embedded

lean, here, ready = find_embedded(install=False), Path.cwd(), Path.cwd().parent / "ready"
shutil.copytree(here, ready)
source = ready / "Twin.lean"
source.write_text(source.read_text().replace("= 5", "= 4"))
build_library(ready, lean, workers=1)


def folder(root: Path) -> Path:
    key = module_keys(read_library(root, lean.library), lean.info)["Twin"]
    return build_store().compiled(key).parent


if folder(here) != folder(ready):
    shutil.copytree(folder(ready), folder(here))
PROGRAM
