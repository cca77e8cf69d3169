"""Runs student code apart from everything else.

    wire     frames, values and messages        both sides of the trust boundary
    guest    worker, shell, serialisers         inside the sandbox, beside student code
    host     start, limit, read, rebuild, end   trusted side

The host takes nothing from the guest but frames; `wire.messages` and `wire.values` say what these may hold.
"""
