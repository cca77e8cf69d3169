"""Grades deep-learning notebooks: student code runs in a sandbox, cases run outside of it. Both sides."""

__version__ = "0.1.0"
