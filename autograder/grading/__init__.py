"""Grades submissions. Trusted side: it reads what sandboxes send, and never runs student code."""
