"""What a student's notebook and the test cases import. Knows no answers and no scores."""
