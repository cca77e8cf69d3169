"""The output folder: grades, runs, and the points that a person gives. Trusted side."""
