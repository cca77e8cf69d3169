"""Grades by hand on pages of this machine: `manual.csv` by equal answers, and the server of its pages. Trusted side."""
