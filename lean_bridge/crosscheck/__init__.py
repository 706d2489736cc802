"""Compares a graph's numbers with independent sources (a graph in, check results out)."""
