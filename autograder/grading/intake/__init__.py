"""Reads what was handed in: downloads, notebooks, class lists; all of it is hostile. Trusted side."""
