"""Starts, limits, reads and ends sandboxes. Trusted side: runs in the grader."""
