"""Runs submissions over a pool of processes. Trusted side."""
