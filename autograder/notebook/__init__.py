"""What a student's notebook imports for its self-check. Runs in the student's own process."""
