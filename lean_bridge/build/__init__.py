"""Builds the Lean library (a source tree in, compiled modules and diagnostics out)."""
