"""The layers that a network may be made of. Used on both sides of the trust boundary."""
