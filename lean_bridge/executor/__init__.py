"""Runs certified graphs in NumPy (a graph and arrays in, primals, tangents and cotangents out)."""
