"""From a submission to a grade, on the trusted side of the wall."""
