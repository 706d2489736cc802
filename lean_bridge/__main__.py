"""Runs the command line as ``python -m lean_bridge``."""

from lean_bridge.cli import main

main()
