"""Certifies what people write (a captured function in, a package with its theorem and a verdict out)."""
