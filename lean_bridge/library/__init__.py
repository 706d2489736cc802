"""One Lean library: found, chosen from, compiled, read from, and remembered from run to run."""
