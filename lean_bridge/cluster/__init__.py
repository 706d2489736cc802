"""Has files elaborated on the machines of a Ray cluster (a file and its imports out, what is compiled in)."""
