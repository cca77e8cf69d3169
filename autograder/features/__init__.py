"""Images → the features of a pretrained network → one `.npz`; no student code runs here. Trusted side."""
