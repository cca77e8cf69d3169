"""This repository's own course: its data and the Keras 1 spelling. Student's side."""
