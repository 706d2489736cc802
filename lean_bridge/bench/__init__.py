"""Times a graph's program beside its bare matrix products and other frameworks (graph in, report out)."""
