"""Has the native Lean of the second kernel compile small sources, for a reader of 64-bit files to read.

It brings no library, so a source begins with ``prelude`` and declares what it speaks of.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_COMPILE = """\
import ctypes, os, sys
lean = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
words = [word.encode() for word in ("lean", *sys.argv[2:])]
status = lean.lean_main(len(words), (ctypes.c_char_p * (len(words) + 1))(*words, None))
sys.stdout.flush()
os._exit(status)
"""


def compile_natively(library: Path, source: Path) -> Path:
    """Compile a source with the Lean in ``library``, and return the compiled file, which lies beside it."""
    olean = source.with_suffix(".olean")
    words: list[str | Path] = [sys.executable, "-c", _COMPILE, library, "-o", olean, source]
    done = subprocess.run(words, cwd=source.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return olean
