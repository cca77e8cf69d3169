"""Runs student code in a separate, restricted process tree; a package for each side. Both sides.

    wire     frames, values and messages        both sides
    guest    worker, shell, serialisers         untrusted side
    host     start, limit, read, end            trusted side

The host takes nothing from the guest but frames; `wire.messages` and `wire.values` say what these may hold.
"""
