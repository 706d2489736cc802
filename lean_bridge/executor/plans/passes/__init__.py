"""Rewrites of instructions that change nothing but speed (a trace in, an equal trace out), one per file."""
