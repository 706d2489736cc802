"""From arguments to calls of the rooms, and from what they return to what is printed and an exit status."""
