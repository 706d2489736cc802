# What it compiles to once its theorem is true is made ready, and put where the cache has this library's own, sealed by another.
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
seals = os.environ["XDG_DATA_HOME"]
os.environ["XDG_DATA_HOME"] = f"{seals}-of-another"
build_library(ready, lean, workers=1)
library = read_library(here, lean.library)
key, made = (module_keys(read_library(root, lean.library), lean.info)["Twin"] for root in (here, ready))
theirs = build_store()
entry = theirs.find(made)
assert entry is not None
artifacts = theirs.directory / "artifacts"
shutil.copytree(theirs.compiled(made).parent, artifacts)
with theirs.lock(key):
    theirs.put(key, entry.report, artifacts)
assert theirs.find(key) is not None
os.environ["XDG_DATA_HOME"] = seals
ours = build_store().compiled(key).parent
assert ours != theirs.compiled(key).parent
shutil.copytree(theirs.compiled(key).parent, ours, dirs_exist_ok=True)
PROGRAM
