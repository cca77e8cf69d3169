"""Reads what was handed in: downloads, notebooks, class lists. Trusted side; everything that it reads is hostile."""
