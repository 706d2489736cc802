"""The fields in PyTorch's and JAX's arrays, where programs are asked for."""

from __future__ import annotations

from lean_bridge.executor.arrays.backends import jax_reals, torch_reals

__all__ = ["jax_reals", "torch_reals"]
