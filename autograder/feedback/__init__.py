"""Renders grades for students and instructors. Trusted side; everything that a student wrote is hostile."""
