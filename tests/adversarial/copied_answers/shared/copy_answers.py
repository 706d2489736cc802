from lean_bridge.build.modules import read_library
from lean_bridge.build.store import module_keys
from lean_bridge.project import open_project
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.verdict.remembered import Memory, ModuleAnswers, WitnessAnswers

project = open_project(".")
lean = project.toolchain()
library = read_library(project.root, lean.library)
memory = Memory(user_seal(), module_keys(library, lean.info), reads=False)
(module,) = library.modules
records = [path.read_bytes() for path in (cache_directory() / "answers").iterdir()]
for record in records:
    kind, name = (WitnessAnswers, "Twin.claim") if b'"witness"' in record else (ModuleAnswers, module.name)
    memory.look_up(kind, name, [module.name])
    memory.path(kind, name).write_bytes(record)
assert len(records) == 2
