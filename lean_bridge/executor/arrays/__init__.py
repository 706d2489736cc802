"""What arrays are, over any field and in any library, and what fits an entry."""
