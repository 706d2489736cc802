from pathlib import Path

from lean_bridge.answers import answers_key
from lean_bridge.project import open_project
from lean_bridge.toolchain.location import cache_directory

project = open_project(".")
build = project.build(workers=1)
(answers,) = (cache_directory() / "answers").iterdir()
Path(answers).with_name(answers_key(build, project.compiled())).write_bytes(answers.read_bytes())
