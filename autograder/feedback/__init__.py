"""Renders grades for students and instructors; what a student wrote is hostile. Trusted side."""
