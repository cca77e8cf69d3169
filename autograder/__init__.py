"""Grades deep-learning notebooks: student code runs in a sandbox (untrusted), cases run outside of it (trusted)."""

__version__ = "0.1.0"
