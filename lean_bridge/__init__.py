"""Check Lean 4 theorems about neural-network autograd, and run exactly the graphs that they certify."""

__all__: list[str] = []
