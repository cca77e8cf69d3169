"""Images → the features of a pretrained network → one `.npz`. Instructor's side, apart from grading: no student code runs here."""
