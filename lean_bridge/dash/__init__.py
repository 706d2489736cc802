"""A library as it is worked on: what an edit makes stale is judged again, and every step of that is shown."""
