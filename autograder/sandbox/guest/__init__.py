"""The part of the grader that runs beside student code. Untrusted side: inside the sandbox."""
