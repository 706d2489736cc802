"""Judges catalogued declarations (compiled modules in, proof status and axioms out)."""
