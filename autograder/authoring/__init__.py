"""From a master to what students get and what the grader needs. Trusted side."""
