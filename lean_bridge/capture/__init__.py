"""Captures graphs of what people write (a Python function in, a symbolic graph of certified ops out)."""
