"""One module a command: from arguments to files and a terminal. Trusted side; no logic."""
