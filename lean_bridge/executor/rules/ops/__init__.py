"""The primitives, one family per file (operand arrays in, value, tangent and cotangents out)."""
