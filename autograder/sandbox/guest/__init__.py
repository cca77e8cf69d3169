"""The part of the grader that runs beside student code. Untrusted side.

The worker and its shell run in the sandbox alone. The serialisers also run in the student's own notebook, where a
self-check or the live network uses them.
"""
