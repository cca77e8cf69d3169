"""Grades submissions. Trusted side: reads what sandboxes send, and never runs a line of a student's."""
