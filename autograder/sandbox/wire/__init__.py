"""What guest and host say to each other: frames, messages, values. Both sides of the trust boundary."""
