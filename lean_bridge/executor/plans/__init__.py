"""How plans are made of the rules, and run."""
