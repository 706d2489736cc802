"""Evaluates graph declarations (compiled modules in, symbolic graphs out)."""
