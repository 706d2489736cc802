from lean_bridge.answers import Memory, ModuleAnswers
from lean_bridge.build.modules import read_library
from lean_bridge.build.store import module_keys
from lean_bridge.project import open_project
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain.location import cache_directory

project = open_project(".")
lean = project.toolchain()
library = read_library(project.root, lean.library)
memory = Memory(user_seal(), module_keys(library, lean.info), reads=False)
(answers,) = (cache_directory() / "answers").iterdir()
(module,) = library.modules
memory.look_up(ModuleAnswers, module.name, [module.name])
memory.path(ModuleAnswers, module.name).write_bytes(answers.read_bytes())
