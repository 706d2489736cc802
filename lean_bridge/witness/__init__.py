"""Whether a theorem is about anything: all its binders met at once, by a term that Lean's kernel checks."""
