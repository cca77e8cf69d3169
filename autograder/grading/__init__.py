"""Grades submissions: reads what sandboxes send, and never runs student code. Trusted side."""
