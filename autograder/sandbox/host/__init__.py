"""Starts, limits, reads and ends sandboxes. Trusted side."""
