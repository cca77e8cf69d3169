"""Runs student code in a separate, restricted process tree. Both sides of the trust boundary, a package each.

    wire     frames, values and messages        both sides of the trust boundary
    guest    worker, shell, serialisers         inside the sandbox, beside student code
    host     start, limit, read, end            trusted side

The host takes nothing from the guest but frames; `wire.messages` and `wire.values` say what these may hold.
"""
