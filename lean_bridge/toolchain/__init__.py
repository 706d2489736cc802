"""Finds or installs a Lean and runs it (a source file in, diagnostics and compiled files out)."""
