"""What a student's notebook imports for its self-check. Student's side."""
