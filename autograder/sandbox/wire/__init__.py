"""The protocol between guest and host: frames, messages, values. Both sides."""
