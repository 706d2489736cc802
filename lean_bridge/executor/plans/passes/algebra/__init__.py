"""Passes that are exact over any field, for arrays of any size."""
