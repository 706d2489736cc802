"""Passes that need fewer bytes at once: parts, order, copies."""
