"""Auto-grading of deep-learning notebooks that never shares a process with student code."""

__version__ = "0.1.0"
