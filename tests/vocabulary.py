"""Writes the hashes of the tool's words from the shipped library: ``python -m tests.vocabulary [keep]``.

With ``keep`` the meanings that were known before stay known beside the new ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lean_bridge.audit.vocabulary import PATH, collect_vocabulary, read_vocabulary
from lean_bridge.project import open_project


def main(arguments: list[str]) -> int:
    project = open_project(Path(__file__).parents[1])
    earlier = read_vocabulary() if arguments == ["keep"] else {}
    words = {
        name: [found, *sorted(set(earlier.get(name, ())) - {found})]
        for name, found in collect_vocabulary(project.environment()).items()
    }
    lines = (f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(found)}" for name, found in words.items())
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
