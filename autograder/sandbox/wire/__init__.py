"""The protocol between guest and host: frames, messages, values. Runs on both sides of the trust boundary."""
