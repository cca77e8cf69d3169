"""What a class's grades and notebooks say together, as plain records for the class page. Trusted side."""
