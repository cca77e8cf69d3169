"""Images → the features of a pretrained network → one `.npz`. Stands beside grading: it meets no student code."""
