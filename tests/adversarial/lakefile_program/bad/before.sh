touch lakefile.lean
