"""One module a command, without logic: from arguments to files and a terminal. Trusted side."""
