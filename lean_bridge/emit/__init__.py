"""Writes graphs as Lean that people read (a symbolic graph in, a module with its theorems out)."""
