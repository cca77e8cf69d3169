"""Bundles, the values that cases see, and the outcome of each case. Trusted side."""
