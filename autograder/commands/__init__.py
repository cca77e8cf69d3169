"""What a command does: the rooms put together, from arguments to files and a screen."""
