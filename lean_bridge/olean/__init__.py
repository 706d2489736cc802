"""Reads compiled Lean modules (.olean bytes in, constants out)."""
