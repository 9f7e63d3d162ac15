"""Numbers and slices as people read them, the same in every message and output."""
