"""What ops mean: one table of rules, and the plain interpreter of a graph."""
