"""Images → the features of a pretrained network → one `.npz`. Trusted side; no student code runs here."""
