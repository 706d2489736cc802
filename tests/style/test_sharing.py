"""What a file of tests makes once is made once, however many processes share the tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("tests/unit/test_letters.py", "tests/unit/test_names.py", "tests/style/test_lean.py")


@pytest.mark.full
def test_the_tests_of_a_file_share_a_process() -> None:
    options = ("-v", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup")
    mine = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", *options, *FILES]
    done = subprocess.run(command, cwd=ROOT, env=mine, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ran: dict[str, set[str]] = defaultdict(set)
    for process, file in re.findall(r"^\[(gw\d)\].* (tests/\S+\.py)::", done.stdout, re.MULTILINE):
        ran[file].add(process)
    assert {file: len(processes) for file, processes in ran.items()} == dict.fromkeys(FILES, 1)
    assert len(set().union(*ran.values())) == 2
