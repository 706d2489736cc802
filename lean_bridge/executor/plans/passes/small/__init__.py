"""Passes that make fewer calls, where a call costs more than what it computes."""
